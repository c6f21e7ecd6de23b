// Package function is a function of one's own.
package function

import (
	"context"
	"log/slog"

	_ "github.com/GoogleCloudPlatform/functions-framework-go/functions" // by this import the builder knows that the function registers itself

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/gcp"
)

func init() {
	gcp.Register("LabelboxWebhook", &core.Mux{
		ModelRunStarted: func(ctx context.Context, d *core.Delivery, e *payload.ModelRunEvent) error {
			slog.InfoContext(ctx, "model run", "id", e.ModelRunID)
			return nil
		},
	})
}
