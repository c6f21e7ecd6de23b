package destination_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"os"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func Example() {
	dir, err := os.MkdirTemp("", "labelhook")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	folder, err := destination.NewFolder(dir)
	if err != nil {
		log.Fatal(err)
	}

	sample, _ := samples.Find(payload.WorkflowAction, payload.V2)
	header := http.Header{core.EventHeader: {sample.Header}}
	for range 2 { // the second is a redelivery
		if err := folder.Handle(context.Background(), core.Identify(header, sample.Body())); err != nil {
			log.Fatal(err)
		}
	}
	names, err := fs.Glob(os.DirFS(dir), "*/*/*")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range names {
		fmt.Println(name)
	}
	// Output:
	// event=workflow.action/dt=2024-05-06/20240506T171848.797Z-00d98e2e07dae85742f0aeed77812f77.json
}
