package pubsub

import (
	"strings"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/labelhook/labelhook/core"
)

// Pub/Sub's limits, in bytes (https://cloud.google.com/pubsub/quotas).
const (
	maxRequest = 10_000_000 // with everything that is in it
	maxValue   = 1024       // of an attribute
)

// message is the delivery with its body.
func message(d *core.Delivery) *pubsubpb.PubsubMessage {
	return &pubsubpb.PubsubMessage{Data: d.Body, Attributes: attributes(d)}
}

// reference is the delivery with the URI of its body.
func reference(d *core.Delivery, uri string) *pubsubpb.PubsubMessage {
	m := &pubsubpb.PubsubMessage{Attributes: attributes(d)}
	m.Attributes["ce-dataref"] = uri
	return m
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
		all["ce-"+a.Name] = value
		if a.Name == "datacontenttype" {
			all["Content-Type"] = value
		}
	}
	return all
}
