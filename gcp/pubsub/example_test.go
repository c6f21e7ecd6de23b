package pubsub_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/gcp/pubsub"
)

// What a receiver publishes, a subscriber makes deliveries of again.
func Example() {
	topic, err := pubsub.Open("pubsub://acme-ml/labels")
	if err != nil {
		log.Fatal(err)
	}
	attributes := map[string]string{"ce-type": "com.labelbox.label.created", "ce-id": "delivery"}
	delivery, err := pubsub.Delivery(attributes, []byte(`{"data_row":{"id":"row"},"projects":{}}`), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(topic, delivery.ID, delivery.Event, delivery.DataRowID)
	// Output: pubsub://acme-ml/labels delivery label.created row
}
