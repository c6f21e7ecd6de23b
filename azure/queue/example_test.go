package queue_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/core/destination"
)

// A queue for all deliveries, and a container for the bodies that no message
// has room for: what LABELHOOK_DESTINATIONS and LABELHOOK_OVERFLOW do.
func Example() {
	q, err := queue.Open("azqueue://mydata/labels")
	if err != nil {
		log.Fatal(err)
	}
	large, err := blob.Open("azblob://mydata/labelbox/large")
	if err != nil {
		log.Fatal(err)
	}
	q.(destination.Overflower).OverflowTo(large.(destination.Bucket))
	fmt.Println(q, large)
	// Output: azqueue://mydata/labels azblob://mydata/labelbox
}
