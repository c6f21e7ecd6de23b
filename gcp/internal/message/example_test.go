package message_test

import (
	"fmt"

	"github.com/labelhook/labelhook/gcp/internal/message"
)

func Example() {
	d, err := message.FromPubSub(map[string]string{"ce-type": "com.labelbox.unknown"}, []byte("{}"), nil)
	fmt.Println(d.Event, string(d.Body), err)
	// Output: unknown {} <nil>
}
