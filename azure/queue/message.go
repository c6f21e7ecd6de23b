package queue

import (
	"bytes"
	"encoding/xml"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// maxMessage is the limit of a message, 64 KiB
// (https://learn.microsoft.com/rest/api/storageservices/put-message).
const maxMessage = 64 << 10

// message is the delivery as a CloudEvent in JSON, with its body, or with the URI
// of that if dataref is not empty. JSON leaves two characters as they are that XML
// 1.0, in which messages travel, has no room for.
func message(d *core.Delivery, dataref string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFE' || r == '\uFFFF' {
			return '\uFFFD'
		}
		return r
	}, destination.Event(d, dataref))
}

// Delivery makes the delivery again of a message. fetch reads a body that is in
// the overflow bucket.
func Delivery(message string, fetch destination.Fetch) (*core.Delivery, error) {
	return destination.FromEvent([]byte(message), fetch)
}

// fits reports whether a message is within the limit, counted with the escapes
// that XML puts in, to be on the safe side.
func fits(message string) bool {
	if len(message) > maxMessage {
		return false
	}
	var escaped bytes.Buffer
	return xml.EscapeText(&escaped, []byte(message)) == nil && escaped.Len() <= maxMessage
}
