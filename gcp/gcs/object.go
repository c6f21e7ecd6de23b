package gcs

import (
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// maxMetadata is the limit of names and values together, in bytes
// (https://cloud.google.com/storage/quotas#objects).
const maxMetadata = 8 << 10

// prefix marks metadata as CloudEvents', as in the HTTP binding.
const prefix = "ce-"

// Delivery makes the delivery again of an object's metadata and content.
func Delivery(metadata map[string]string, content []byte) (*core.Delivery, error) {
	return destination.FromObject(metadata, prefix, content)
}
