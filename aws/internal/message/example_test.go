package message_test

import (
	"fmt"

	"github.com/labelhook/labelhook/aws/internal/message"
)

func Example() {
	d, err := message.FromSQS(map[string]string{"ce-type": "com.labelbox.unknown", "ce-labelboxencoding": "base64"}, "e30=", nil)
	fmt.Println(d.Event, string(d.Body), err)
	// Output: unknown {} <nil>
}
