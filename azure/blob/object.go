package blob

import (
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// maxMetadata is how many bytes of names and values a blob takes.
const maxMetadata = 8 << 10

// prefix marks metadata as CloudEvents'. Azure allows no hyphen in a name.
const prefix = "ce_"

// Delivery makes the delivery again of a blob's metadata and content.
func Delivery(metadata map[string]*string, content []byte) (*core.Delivery, error) {
	return destination.FromObject(values(metadata), prefix, content)
}

func values(metadata map[string]*string) map[string]string {
	values := map[string]string{}
	for name, value := range metadata {
		if value != nil {
			values[strings.ToLower(name)] = *value // a header's name comes in any case
		}
	}
	return values
}
