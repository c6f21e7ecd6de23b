package core

import (
	"context"

	"github.com/labelhook/labelhook/core/payload"
)

// Mux is a [Handler] that decodes each delivery and calls the function set for
// its event. One function serves v1 and v2 payloads alike: a [payload.LabelEvent] has
// the same form for both. Functions left nil ignore their event.
//
// The functions may be called concurrently.
type Mux struct {
	LabelCreated    func(context.Context, *Delivery, *payload.LabelEvent) error
	LabelUpdated    func(context.Context, *Delivery, *payload.LabelEvent) error
	LabelDeleted    func(context.Context, *Delivery, *payload.LabelEvent) error
	WorkflowAction  func(context.Context, *Delivery, *payload.WorkflowEvent) error
	ModelRunStarted func(context.Context, *Delivery, *payload.ModelRunEvent) error

	// Review gets the three retired review events, whose payload is
	// undocumented.
	Review func(context.Context, *Delivery) error

	// Unknown gets what has no other function here because its shape is not
	// known, or because its payload cannot be decoded.
	Unknown func(context.Context, *Delivery) error
}

// Handle implements [Handler]. It returns what the function returns, and
// [ErrIgnored] where there is none. A payload that cannot be decoded is
// genuine all the same, so it goes to Unknown.
func (m *Mux) Handle(ctx context.Context, d *Delivery) error {
	switch d.Event {
	case payload.LabelCreated:
		return dispatch(ctx, m, d, d.Label, m.LabelCreated)
	case payload.LabelUpdated:
		return dispatch(ctx, m, d, d.Label, m.LabelUpdated)
	case payload.LabelDeleted:
		return dispatch(ctx, m, d, d.Label, m.LabelDeleted)
	case payload.WorkflowAction:
		return dispatch(ctx, m, d, d.Workflow, m.WorkflowAction)
	case payload.ModelRunStarted:
		return dispatch(ctx, m, d, d.ModelRun, m.ModelRunStarted)
	case payload.ReviewCreated, payload.ReviewUpdated, payload.ReviewDeleted:
		if m.Review != nil {
			return m.Review(ctx, d)
		}
		return ErrIgnored
	}
	return m.unknown(ctx, d)
}

func (m *Mux) unknown(ctx context.Context, d *Delivery) error {
	if m.Unknown != nil {
		return m.Unknown(ctx, d)
	}
	return ErrIgnored
}

// dispatch decodes only where there is a function to hand the result to.
func dispatch[E any](ctx context.Context, m *Mux, d *Delivery, decode func() (*E, error), f func(context.Context, *Delivery, *E) error) error {
	if f == nil {
		return ErrIgnored
	}
	event, err := decode()
	if err != nil {
		return m.unknown(ctx, d)
	}
	return f(ctx, d, event)
}
