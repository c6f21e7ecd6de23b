package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/labelhook/labelhook/core/payload"
)

// Handler takes deliveries. Handle returns nil only once the delivery is safe,
// because the sender is told so. Any other error means "not now" and makes the
// sender try again, except [ErrIgnored] (there is nothing to do for this
// event) and an error made by [Permanent] (trying again cannot help).
//
// Handle is called concurrently and must not change the delivery. It may keep
// it.
type Handler interface {
	Handle(ctx context.Context, d *Delivery) error
}

// HandlerFunc is a function as a [Handler].
type HandlerFunc func(ctx context.Context, d *Delivery) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, d *Delivery) error { return f(ctx, d) }

// ErrIgnored is returned by a [Handler] that has no use for an event. The
// sender is answered 200 with the status "ignored".
var ErrIgnored = errors.New("nothing handles this event")

// Permanent marks err as one that no retry can mend. The delivery goes to the
// receiver's dead letter handler; without one the sender is answered 500.
// Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

// IsPermanent reports whether err, or an error it wraps, was marked by
// [Permanent].
func IsPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p)
}

// PanicError is a panic of a handler, turned into an error so that the process
// lives on.
type PanicError struct {
	Value any    // what was passed to panic
	Stack []byte // as [debug.Stack] prints it
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in a handler: %v", e.Value) }

// Try calls h and turns a panic into a [*PanicError].
func Try(ctx context.Context, h Handler, d *Delivery) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{v, debug.Stack()}
		}
	}()
	return h.Handle(ctx, d)
}

// All returns a handler that gives each delivery to every one of handlers at
// the same time and waits for all of them. It succeeds if at least one took the
// delivery and the rest took or ignored it. When some fail, one that failed for
// now decides: the sender must try again, and those that succeeded see the
// delivery a second time, with the same key.
func All(handlers ...Handler) Handler {
	if len(handlers) == 1 {
		return handlers[0]
	}
	return fanOut(slices.Clone(handlers))
}

type fanOut []Handler

func (f fanOut) Handle(ctx context.Context, d *Delivery) error {
	results := make([]error, len(f))
	var wg sync.WaitGroup
	for i, h := range f {
		wg.Go(func() { results[i] = Try(ctx, h, d) })
	}
	wg.Wait()
	return sumUp(results)
}

// sumUp makes one result of many. A temporary failure outweighs a permanent
// one, which outweighs an ignored event; one success outweighs that.
func sumUp(results []error) error {
	var temporary, permanent []error
	taken := false
	for _, err := range results {
		var p *PanicError
		switch {
		case err == nil:
			taken = true
		case errors.Is(err, ErrIgnored):
		case IsPermanent(err), errors.As(err, &p):
			permanent = append(permanent, err)
		default:
			temporary = append(temporary, err)
		}
	}
	switch {
	case temporary != nil:
		return &temporaryError{errors.Join(append(temporary, permanent...)...)}
	case permanent != nil:
		return errors.Join(permanent...)
	case taken:
		return nil
	}
	return ErrIgnored
}

// temporaryError hides the permanent errors that are joined into it from
// [IsPermanent], but keeps their text.
type temporaryError struct{ joined error }

func (e *temporaryError) Error() string { return e.joined.Error() }

// Only returns a handler that passes the named events on to next and ignores
// the others. With no events named it is next itself.
func Only(events []payload.Event, next Handler) Handler {
	if len(events) == 0 {
		return next
	}
	events = slices.Clone(events)
	return HandlerFunc(func(ctx context.Context, d *Delivery) error {
		if !slices.Contains(events, d.Event) {
			return ErrIgnored
		}
		return next.Handle(ctx, d)
	})
}
