package servicebus_test

import (
	"context"
	"fmt"
	"log"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// Only what reviewers decide goes to the topic; labels are ignored.
func Example() {
	topic, err := servicebus.Open("servicebus://mynamespace/labelbox")
	if err != nil {
		log.Fatal(err)
	}
	decisions := core.Only([]payload.Event{payload.WorkflowAction}, topic)
	err = decisions.Handle(context.Background(), &core.Delivery{Event: payload.LabelCreated})
	fmt.Println(topic, err)
	// Output: servicebus://mynamespace/labelbox nothing handles this event
}
