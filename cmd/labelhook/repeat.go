package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/labelhook/labelhook/core"
)

// repeats are the deliveries under way that the inbox has had before: it knows when
// it stores one, and the log tells when it is answered.
type repeats struct{ known sync.Map } // keys are *core.Delivery

func (r *repeats) add(d *core.Delivery) { r.known.Store(d, nil) }

// observer has the records of repeats marked by [repeatHandler].
func (r *repeats) observer(next core.Observer) core.Observer {
	return func(ctx context.Context, o core.Observation) {
		if _, repeat := r.known.LoadAndDelete(o.Delivery); repeat {
			ctx = context.WithValue(ctx, repeatKey{}, true)
		}
		next(ctx, o)
	}
}

type repeatKey struct{}

// repeatHandler adds to a record that the delivery is a repeat.
type repeatHandler struct{ slog.Handler }

func (h repeatHandler) Handle(ctx context.Context, r slog.Record) error {
	if ctx.Value(repeatKey{}) != nil {
		r = r.Clone()
		r.AddAttrs(slog.Bool("repeat", true))
	}
	return h.Handler.Handle(ctx, r)
}

func (h repeatHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return repeatHandler{h.Handler.WithAttrs(attrs)}
}

func (h repeatHandler) WithGroup(name string) slog.Handler {
	return repeatHandler{h.Handler.WithGroup(name)}
}
