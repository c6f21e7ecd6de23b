package sqs_test

import (
	"fmt"
	"log"

	"github.com/labelhook/labelhook/aws/sqs"
)

// What a receiver sends to the queue, its consumer makes deliveries of again.
func Example() {
	queue, err := sqs.Open("sqs://labels.fifo")
	if err != nil {
		log.Fatal(err)
	}
	delivery, err := sqs.Delivery(map[string]string{"ce-type": "com.labelbox.label.created"}, `{"data_row":{"id":"row"},"projects":{}}`, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(queue, delivery.Event, delivery.DataRowID)
	// Output: sqs://labels.fifo label.created row
}
