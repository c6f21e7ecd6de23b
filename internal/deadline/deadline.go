// Package deadline lets a receiver answer before its host ends the request. A
// host that has to end one does it roughly: Lambda and the Functions host kill
// the process, with all that it is doing for others, and Cloud Run answers
// without a reason while the handler goes on.
package deadline

import (
	"context"
	"errors"
	"time"

	"github.com/labelhook/labelhook/core"
)

// grace is how much longer than its context a handler may take to come to an
// end. One that does not is left behind.
const grace = 100 * time.Millisecond

// errNear is what a handler that is left behind has failed with.
var errNear = errors.New("the deadline of the function is near; give it more time, or find out why its destination needs so much")

// Receiver returns a copy of r whose handlers return soon after their context
// ends, whether or not those of r do.
func Receiver(r *core.Receiver) *core.Receiver {
	limited := *r
	limited.Handler = inTime(r.Handler)
	limited.DeadLetter = inTime(r.DeadLetter)
	return &limited
}

// Before returns a context that ends at the time t, before that of the host.
func Before(ctx context.Context, t time.Time) (context.Context, context.CancelFunc) {
	return context.WithDeadlineCause(ctx, t, errNear)
}

// WithMargin ends a context with a deadline by the margin before it, or by a
// quarter of the time there is, if that is less.
func WithMargin(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	end, limited := ctx.Deadline()
	if !limited {
		return ctx, func() {}
	}
	return Before(ctx, end.Add(-min(margin, time.Until(end)/4)))
}

func inTime(h core.Handler) core.Handler {
	if h == nil {
		return nil
	}
	return core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		if _, limited := ctx.Deadline(); !limited {
			return h.Handle(ctx, d)
		}
		result := make(chan error, 1)
		go func() { result <- core.Try(ctx, h, d) }()
		select {
		case err := <-result:
			return err
		case <-ctx.Done():
		}
		select {
		case err := <-result:
			return err
		case <-time.After(grace):
			return context.Cause(ctx)
		}
	})
}
