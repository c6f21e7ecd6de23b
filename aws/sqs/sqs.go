package sqs

import (
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Open makes the destination of a sqs:// URL.
func Open(url string) (core.Handler, error) { return nil, errors.New("sqs: in the making") }
