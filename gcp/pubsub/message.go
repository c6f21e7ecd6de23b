package pubsub

import (
	"strings"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/internal/message"
)

// Pub/Sub's limits, in bytes (https://cloud.google.com/pubsub/quotas).
const (
	maxRequest = 10_000_000 // with everything that is in it
	maxValue   = 1024       // of an attribute
)

// newMessage is the delivery with its body, or with the URI of that if dataref is
// not empty.
func newMessage(d *core.Delivery, dataref string) *pubsubpb.PubsubMessage {
	m := &pubsubpb.PubsubMessage{Attributes: attributes(d)}
	if dataref == "" {
		m.Data = d.Body
	} else {
		m.Attributes[message.Prefix+"dataref"] = dataref
	}
	return m
}

// Delivery makes the delivery again of a message's attributes and data. fetch
// reads a body that is in the overflow bucket.
func Delivery(attributes map[string]string, data []byte, fetch destination.Fetch) (*core.Delivery, error) {
	return message.FromPubSub(attributes, data, fetch)
}

// attributes are the delivery's as far as Pub/Sub has room for their values: an
// id that is too long gives way to the key, any other value is left out. The
// content type stands under both names that the binding gives it.
func attributes(d *core.Delivery) map[string]string {
	all := map[string]string{}
	for _, a := range d.Attributes() {
		value := strings.ToValidUTF8(a.Value, "\ufffd")
		if len(value) > maxValue {
			if a.Name != "id" {
				continue
			}
			value = d.Key()
		}
		all[message.Prefix+a.Name] = value
		if a.Name == "datacontenttype" {
			all["Content-Type"] = value
		}
	}
	return all
}
