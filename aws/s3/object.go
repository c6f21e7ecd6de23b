package s3

import (
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// maxMetadata is the limit of names and values together
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
const maxMetadata = 2 << 10

// prefix marks metadata as CloudEvents', as in the HTTP binding.
const prefix = "ce-"

// Delivery makes the delivery again of an object's metadata and content.
func Delivery(metadata map[string]string, content []byte) (*core.Delivery, error) {
	return destination.FromObject(metadata, prefix, content)
}
