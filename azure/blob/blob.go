// Package blob keeps deliveries as blobs of Azure Storage.
package blob

import (
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Open makes the destination of a URL, azblob://ACCOUNT/CONTAINER/PREFIX.
func Open(url string) (core.Handler, error) { return nil, errors.New("in the making") }
