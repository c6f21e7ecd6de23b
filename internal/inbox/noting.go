package inbox

import (
	"context"
	"errors"

	"github.com/labelhook/labelhook/core"
)

// Noting returns a handler that passes deliveries on to next, of which this
// inbox is a part, and notes in the inbox which of them next could not take
// everywhere, as [Failed]. A redelivery that succeeds is [Accepted] again.
func (in *Inbox) Noting(next core.Handler) core.Handler {
	return core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		err := next.Handle(ctx, d)
		if err == nil || errors.Is(err, core.ErrIgnored) {
			return err
		}
		// The note must be made even where the sender has gone: that is one of
		// the reasons why next may have failed.
		noted := in.SetStatus(context.WithoutCancel(ctx), d.Key(), Failed)
		if noted != nil && !errors.Is(noted, ErrNotFound) {
			return errors.Join(err, noted)
		}
		return err
	})
}
