// Package message reads what the destination of Service Bus has sent, without its
// client: a worker is handed messages over.
package message

import (
	"maps"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Prefix marks an application property as CloudEvents'.
const Prefix = "cloudEvents_"

// FromServiceBus makes the delivery again of a message: of its content type, of those
// of its application properties that are text, and of its body. fetch reads a body that
// is in the overflow bucket.
func FromServiceBus(contentType string, properties map[string]string, body []byte, fetch destination.Fetch) (*core.Delivery, error) {
	attributes := maps.Clone(properties)
	if contentType != "" && attributes != nil {
		attributes[Prefix+"datacontenttype"] = contentType
	}
	return destination.FromMessage(attributes, Prefix, body, fetch)
}
