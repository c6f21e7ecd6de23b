package eventbridge

import (
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Open makes the destination of a eventbridge:// URL.
func Open(url string) (core.Handler, error) { return nil, errors.New("eventbridge: in the making") }
