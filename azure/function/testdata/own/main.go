// Own is a function of a user's own, as the tests run it.
package main

import (
	"context"
	"log/slog"

	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/core"
)

func main() {
	azure.Start(core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		slog.InfoContext(ctx, "handled", "event", d.Event)
		return nil
	}))
}
