// Own is a function with a handler of its own, which does what the delivery id
// says.
package main

import (
	"context"
	"log/slog"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/core"
)

func main() {
	aws.Start(core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		slog.InfoContext(ctx, "handling")
		switch d.ID {
		case "panic":
			panic("the handler is broken")
		case "hang":
			select {}
		}
		return nil
	}))
}
