// Package servicebus sends deliveries to a queue or topic of Azure Service Bus.
package servicebus

import (
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Open makes the destination of a URL, servicebus://NAMESPACE/ENTITY.
func Open(url string) (core.Handler, error) { return nil, errors.New("in the making") }
