package inbox_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/samples"
)

func Example() {
	folder, err := os.MkdirTemp("", "labelhook")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	in, err := inbox.Open(filepath.Join(folder, "labelhook.db"))
	if err != nil {
		log.Fatal(err)
	}
	defer in.Close()

	ctx := context.Background()
	for i, sample := range samples.Documented()[:4] {
		header := http.Header{}
		header.Set(core.IDHeader, fmt.Sprintf("delivery-%d", i))
		header.Set(core.EventHeader, sample.Header)
		if err := in.Handle(ctx, core.Identify(header, sample.Body())); err != nil {
			log.Fatal(err)
		}
	}

	for record, err := range in.List(ctx, inbox.Query{Limit: 2}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.ID, record.Event, record.Size, record.Status)
	}
	// Output:
	// delivery-2 label.deleted 2359 accepted
	// delivery-3 workflow.action 462 accepted
}
