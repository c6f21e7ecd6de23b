// Package message reads what the destination of Pub/Sub has sent, without its client:
// a worker is handed messages over.
package message

import (
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Prefix marks an attribute of a message as CloudEvents'.
const Prefix = "ce-"

// FromPubSub makes the delivery again of a message's attributes and data. fetch reads
// a body that is in the overflow bucket.
func FromPubSub(attributes map[string]string, data []byte, fetch destination.Fetch) (*core.Delivery, error) {
	return destination.FromMessage(attributes, Prefix, data, fetch)
}
