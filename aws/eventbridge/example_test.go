package eventbridge_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/aws/eventbridge"
)

// What a receiver puts on the bus, the target of a rule makes deliveries of again.
func Example() {
	bus, err := eventbridge.Open("eventbridge://labels")
	if err != nil {
		log.Fatal(err)
	}
	resources := []string{"id=delivery", "source=/labelbox"}
	delivery, err := eventbridge.Delivery("com.labelbox.label.created", resources, []byte(`{"data_row":{"id":"row"},"projects":{}}`), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(bus, delivery.ID, delivery.Event, delivery.DataRowID)
	// Output: eventbridge://labels delivery label.created row
}
