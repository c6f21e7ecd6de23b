package gcs_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/gcs"
)

// Where a delivery will be kept is known before it is, and what was kept is made a
// delivery of again.
func Example() {
	bucket, err := gcs.Open("gs://labels/raw")
	if err != nil {
		log.Fatal(err)
	}
	delivery, err := gcs.Delivery(map[string]string{"ce-type": "com.labelbox.label.created"}, []byte(`{"data_row":{"id":"row"},"projects":{}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bucket.(destination.Bucket).Locate(delivery))
	// Output: gs://labels/raw/event=label.created/dt=__HIVE_DEFAULT_PARTITION__/8d8fef138b075c15bdea301f5ba1c446.json
}
