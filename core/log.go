package core

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/labelhook/labelhook/internal/floodlog"
)

// LogTo returns an [Observer] that writes one record for each request; a nil
// logger means what [slog.Default] is then. Accepted and ignored deliveries are
// logged at Info, refusals at Warn, failures of ours at Error. Of more than five
// refusals with the same code in a second the rest is one record, with their
// "count". The record's "destinations" are the given names.
func LogTo(logger *slog.Logger, destinations ...string) Observer {
	names := slog.AnyValue(slices.Clone(destinations))
	return func(ctx context.Context, o Observation) {
		to := logger
		if to == nil {
			to = slog.Default()
		}
		if o.Outcome == Refused {
			logRefusal(ctx, to, o)
		} else {
			logDelivery(ctx, to, o, names)
		}
	}
}

// FlushLog writes what [LogTo] still owes of refusals that were only counted: for
// the end of a process.
func FlushLog() { floodlog.Shared.Flush() }

func logRefusal(ctx context.Context, logger *slog.Logger, o Observation) {
	level := slog.LevelWarn
	if o.Response.Status >= 500 && o.Response.Code != CodeOverloaded {
		level = slog.LevelError
	}
	floodlog.Shared.Write(ctx, logger, level, string(o.Response.Code), "delivery refused", []slog.Attr{
		slog.String("outcome", string(o.Outcome)),
		slog.String("code", string(o.Response.Code)),
		slog.Int("status", o.Response.Status),
	}, append(failure(o.Err), slog.Int("bytes", o.Bytes), slog.Float64("duration_ms", milliseconds(o.Duration)))...)
}

// here is the place that records name when they are asked for their source.
var here = func() uintptr {
	var pc [1]uintptr
	runtime.Callers(1, pc[:])
	return pc[0]
}()

// logDelivery makes the record itself, for slog would look at the clock once more
// and each time at the stack.
func logDelivery(ctx context.Context, logger *slog.Logger, o Observation, destinations slog.Value) {
	level := slog.LevelInfo
	switch o.Outcome {
	case Failed, Rejected:
		level = slog.LevelError
	case DeadLettered:
		level = slog.LevelWarn
	}
	handler := logger.Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	d := o.Delivery
	record := slog.NewRecord(o.Began.Add(o.Duration), level, message(o.Outcome), here)
	record.AddAttrs(
		slog.String("delivery_id", d.ID),
		slog.String("event", string(d.Event)),
		slog.String("version", string(d.Version)),
		slog.String("project_id", d.ProjectID),
		slog.String("subject", d.Subject()),
		slog.String("key", d.Key()),
		slog.String("outcome", string(o.Outcome)),
		slog.Int("status", o.Response.Status),
		slog.Int("bytes", o.Bytes),
		slog.Float64("duration_ms", milliseconds(o.Duration)),
		slog.Attr{Key: "destinations", Value: destinations},
	)
	if o.Response.Code != "" {
		record.AddAttrs(slog.String("code", string(o.Response.Code)))
	}
	if o.Err != nil {
		record.AddAttrs(failure(o.Err)...)
	}
	_ = handler.Handle(ctx, record) // a log that is broken can be told to no one
}

// failure is what the log says of an error.
func failure(err error) (attrs []slog.Attr) {
	if err != ErrIgnored {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	return attrs
}

// message is "delivery " and the outcome, put together by the compiler for most.
func message(outcome Outcome) string {
	switch outcome {
	case Accepted:
		return "delivery " + string(Accepted)
	case Ignored:
		return "delivery " + string(Ignored)
	}
	return "delivery " + string(outcome)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
