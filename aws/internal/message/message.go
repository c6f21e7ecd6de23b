// Package message reads what the destinations on AWS have sent, without AWS's SDK:
// Lambda hands it over as it is, to functions that need no client for it.
package message

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Prefix marks an attribute of an SQS message as CloudEvents', as in the HTTP
// binding.
const Prefix = "ce-"

// Encoding is the attribute that says base64 where the body is in that.
const Encoding = "labelboxencoding"

// FromSQS makes the delivery again of a message: of the text values of its
// attributes and its body. fetch reads a body that is in the overflow bucket.
func FromSQS(attributes map[string]string, body string, fetch destination.Fetch) (*core.Delivery, error) {
	content := []byte(body)
	if attributes[Prefix+Encoding] == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(body); err != nil {
			return nil, fmt.Errorf("%w: its body is not in base64: %w", core.ErrForeign, err)
		}
	}
	return destination.FromMessage(attributes, Prefix, content, fetch)
}

// FromEventBridge makes the delivery again of an event's detail-type, resources and
// detail. A bus may have printed a body anew. One that Labelbox sent without white
// space is found again by the key; of any other the key is another then, and the
// signature does not hold.
func FromEventBridge(detailType string, resources []string, detail []byte, fetch destination.Fetch) (*core.Delivery, error) {
	var event struct{ SpecVersion string }
	if json.Unmarshal(detail, &event) == nil && event.SpecVersion != "" {
		return destination.FromEvent(detail, fetch)
	}
	attributes := map[string]string{"type": detailType}
	for _, r := range resources {
		name, value, _ := strings.Cut(r, "=")
		attributes[name] = value
	}
	d, err := destination.FromMessage(attributes, "", detail, fetch)
	if errors.Is(err, core.ErrForeign) {
		if compact := jsontext.Value(bytes.Clone(detail)); compact.Compact() == nil {
			if d, err := destination.FromMessage(attributes, "", compact, fetch); err == nil {
				return d, nil
			}
		}
		delete(attributes, "labelboxkey")
		d, err = destination.FromMessage(attributes, "", detail, fetch)
	}
	return d, err
}
