package payload_test

import (
	"fmt"

	"github.com/labelhook/labelhook/core/payload"
)

// A body that was stored without its headers says by its shape what it is.
func Example() {
	body := []byte(`{"data_row":{"id":"d1","external_id":"left.jpg"},"projects":{"p1":{"labels":[{"id":"l1"}]}}}`)
	is := payload.Identify(body, "LABEL_CREATED")
	fmt.Println(is.Event, is.Version, is.LabelID)

	e, err := payload.DecodeLabel(is.Event, is.Version, body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for label := range e.Labels() {
		fmt.Println(label.ID, "on", e.DataRow.ExternalID)
	}
	// Output:
	// label.created v2 l1
	// l1 on left.jpg
}
