package blob_test

import (
	"fmt"
	"log"
	"net/http"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Where a delivery will be kept is known before it is: a message that refers to
// it can be written first.
func Example() {
	container, err := blob.Open("azblob://mydata/labelbox/raw")
	if err != nil {
		log.Fatal(err)
	}
	body := []byte(`{"event": "something new"}`)
	d := core.Identify(http.Header{core.EventHeader: {"SOMETHING_NEW"}}, body)
	fmt.Println(container)
	fmt.Println(container.(destination.Bucket).Locate(d))
	// Output:
	// azblob://mydata/labelbox
	// https://mydata.blob.core.windows.net/labelbox/raw/event=unknown/dt=__HIVE_DEFAULT_PARTITION__/2bb0e963e73b96f60f7c127199344e79.json
}
