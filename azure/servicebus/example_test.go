package servicebus_test

import (
	"context"
	"fmt"
	"log"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
)

// Only what reviewers decide goes to the topic; labels are ignored.
func Example() {
	topic, err := servicebus.Open("servicebus://mynamespace/labelbox")
	if err != nil {
		log.Fatal(err)
	}
	decisions := core.Only([]core.Event{core.WorkflowAction}, topic)
	err = decisions.Handle(context.Background(), &core.Delivery{Event: core.LabelCreated})
	fmt.Println(topic, err)
	// Output: servicebus://mynamespace/labelbox nothing handles this event
}
