package message_test

import (
	"fmt"

	"github.com/labelhook/labelhook/azure/internal/message"
)

func Example() {
	d, err := message.FromServiceBus("application/json", map[string]string{"cloudEvents_type": "com.labelbox.unknown"}, []byte("{}"), nil)
	fmt.Println(d.Event, d.ContentType, string(d.Body), err)
	// Output: unknown application/json {} <nil>
}
