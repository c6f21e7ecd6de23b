package inbox

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/labelhook/labelhook/core"
)

// Noting returns a handler that passes deliveries on to next, of which this
// inbox and others are parts, and keeps in the inbox what is known of them: a
// delivery is [Pending] from the moment it is stored, [Accepted] once next has
// taken it everywhere, and [Failed] if it has not. So it is with a redelivery.
//
// A process that dies in between leaves the delivery pending.
func (in *Inbox) Noting(next core.Handler) core.Handler {
	return core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		if !in.begin() {
			return in.errClosed()
		}
		defer in.attempts.Done()
		a := &attempt{inbox: in}
		err := next.Handle(context.WithValue(ctx, attemptKey{}, a), d)
		if !a.stored.Load() {
			return err
		}
		status := Accepted
		if err != nil && !errors.Is(err, core.ErrIgnored) {
			status = Failed
		}
		// The note must be made even where the sender has gone: that is one of
		// the reasons why next may have failed.
		ctx = context.WithoutCancel(ctx)
		noted := in.SetStatus(ctx, d, status)
		if errors.Is(noted, ErrNotFound) { // another file has taken the place of the one that had it
			noted = in.do(ctx, toStore(d, status))
		}
		if noted != nil {
			return errors.Join(err, noted)
		}
		return err
	})
}

// attempt is one pass of a delivery through the handlers of [Inbox.Noting].
type attempt struct {
	inbox  *Inbox // others may be among the handlers, and nobody settles theirs
	stored atomic.Bool
}

type attemptKey struct{}

// attemptOf returns the attempt that ctx belongs to, nil if there is none.
func (in *Inbox) attemptOf(ctx context.Context) *attempt {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok && a.inbox == in {
		return a
	}
	return nil
}

// begin reports whether an attempt may begin; [Inbox.Close] waits for its end.
func (in *Inbox) begin() bool {
	in.closing.RLock()
	defer in.closing.RUnlock()
	if in.ending {
		return false
	}
	in.attempts.Add(1)
	return true
}
