package payload_test

import (
	"net/http"

	"github.com/labelhook/labelhook/core"
)

func identified(event string, body []byte) *core.Delivery {
	return core.Identify(http.Header{core.EventHeader: {event}}, body)
}

var sample = []byte(`{"data_row":{"id":"row"},"projects":{"project":{"labels":[{"id":"label","label_details":{"updated_at":"2024-05-06T17:18:48Z"}}]}}}`)

const workflow = `{"action":"MOVE","dataRowIds":["row"],"originTaskId":"a","timestamp":"2024-05-06T17:18:48Z"}`
