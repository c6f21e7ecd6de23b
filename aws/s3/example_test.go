package s3_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core/destination"
)

// Where a delivery will be kept is known before it is, and what was kept is made a
// delivery of again.
func Example() {
	bucket, err := s3.Open("s3://my-bucket/labelbox")
	if err != nil {
		log.Fatal(err)
	}
	delivery, err := s3.Delivery(map[string]string{"ce-type": "com.labelbox.label.created"}, []byte(`{"data_row":{"id":"row"},"projects":{}}`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bucket.(destination.Bucket).Locate(delivery))
	// Output: s3://my-bucket/labelbox/event=label.created/dt=__HIVE_DEFAULT_PARTITION__/8d8fef138b075c15bdea301f5ba1c446.json
}
