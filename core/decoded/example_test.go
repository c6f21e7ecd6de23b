package decoded_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
)

func Example() {
	body := []byte(`{"projectId":"p1","action":"MOVE","dataRowIds":["r1"],"destinationTaskName":"Done"}`)
	delivery := core.Identify(http.Header{core.EventHeader: {"WORKFLOW_ACTION"}}, body)

	var document struct {
		Event    string `json:"event"`
		Workflow struct {
			Destination struct{ Name string } `json:"destination_task"`
		} `json:"workflow"`
	}
	text, err := json.Marshal(decoded.Of(delivery))
	if err == nil {
		err = json.Unmarshal(text, &document)
	}
	fmt.Println(document.Event, document.Workflow.Destination.Name, err)
	// Output: workflow.action Done <nil>
}
