// Package queue sends deliveries to a queue of Azure Storage.
package queue

import (
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Open makes the destination of a URL, azqueue://ACCOUNT/QUEUE.
func Open(url string) (core.Handler, error) { return nil, errors.New("in the making") }
