package queue

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// maxMessage is the limit of a message, 64 KiB
// (https://learn.microsoft.com/rest/api/storageservices/put-message).
const maxMessage = 64 << 10

// whole is the message with the body in it.
func whole(d *core.Delivery) string {
	return message(d, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
}

// reference is the message that says where the body is.
func reference(d *core.Delivery, uri string) string { return message(d, "dataref", uri) }

// message is a CloudEvent in the JSON format, with one more member at its end.
func message(d *core.Delivery, name, value string) string {
	m := []byte{'{'}
	for _, a := range append(d.Attributes(), core.Attribute{Name: name, Value: value}) {
		if len(m) > 1 {
			m = append(m, ',')
		}
		m = append(append(append(m, '"'), a.Name...), `":`...)
		m, _ = jsontext.AppendQuote(m, clean(a.Value)) // an error would mean invalid UTF-8, replaced by U+FFFD
	}
	return string(append(m, '}'))
}

// clean replaces what JSON leaves as it is and XML 1.0, in which messages
// travel, has no room for.
func clean(value string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFE' || r == '\uFFFF' {
			return '\uFFFD'
		}
		return r
	}, value)
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
