package destination

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
)

// Fetch reads the object that a message refers to, by the URI that the bucket's
// Locate has returned. It reads its own bucket only: a message is not signed, and
// may refer to anything.
type Fetch func(uri string) ([]byte, error)

// FromMessage makes the delivery again of a message, for the consumer of a queue:
// of those attributes whose names have the prefix, and of the body.
// Where there is an attribute dataref, the body is what fetch reads. Each
// destination has a function Delivery that knows its own messages; see
// [core.FromAttributes] for what the result is worth.
func FromMessage(attributes map[string]string, prefix string, body []byte, fetch Fetch) (*core.Delivery, error) {
	var named []core.Attribute
	for name, value := range attributes {
		name, found := strings.CutPrefix(name, prefix)
		if !found {
			continue
		}
		named = append(named, core.Attribute{Name: name, Value: value})
		if name != "dataref" {
			continue
		}
		if fetch == nil {
			return nil, errors.New("the body is in a bucket; fetch it by the attribute dataref")
		}
		var err error
		if body, err = fetch(value); err != nil {
			return nil, fmt.Errorf("the body is in a bucket: %w", err)
		}
	}
	return core.FromAttributes(named, body)
}

// Event is the delivery in CloudEvents' JSON format
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
// for a transport without attributes: with the exact body in data_base64, or the
// decoded form in data, or without either and with dataref if that is not empty.
func Event(d *core.Delivery, dataref string) string {
	event := make([]byte, 0, base64.StdEncoding.EncodedLen(len(d.Body))+1<<10)
	for _, a := range d.Attributes() {
		event = member(event, a.Name, a.Value)
	}
	switch {
	case dataref != "":
		event = member(event, "dataref", dataref)
	case d.ContentType == decoded.ContentType:
		event = append(append(event, `,"data":`...), d.Body...)
	default:
		event = member(event, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
	}
	event[0] = '{' // instead of a comma
	return string(append(event, '}'))
}

// FromEvent makes the delivery again of what [Event] returned.
func FromEvent(event []byte, fetch Fetch) (*core.Delivery, error) {
	var attributes map[string]string
	if err := json.Unmarshal(event, &attributes); err != nil {
		return nil, fmt.Errorf("%w: it is no CloudEvent: %w", core.ErrForeign, err)
	}
	body, err := base64.StdEncoding.DecodeString(attributes["data_base64"])
	if err != nil {
		return nil, fmt.Errorf("%w: data_base64: %w", core.ErrForeign, err)
	}
	return FromMessage(attributes, "", body, fetch)
}

// member appends a comma and a member of a JSON object. What is not UTF-8 becomes
// U+FFFD.
func member(object []byte, name, value string) []byte {
	object = append(append(append(object, `,"`...), name...), `":`...)
	object, _ = jsontext.AppendQuote(object, value)
	return object
}
