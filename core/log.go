package core

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/labelhook/labelhook/internal/floodlog"
)

func (r *Receiver) logger() *slog.Logger {
	if r.Logger != nil {
		return r.Logger
	}
	return slog.Default()
}

// refusals keeps whoever can send anything from filling the log. It is not the
// receiver's, because receivers may be copied.
var refusals = floodlog.New(5, time.Second)

// Flush writes what the log still owes of refusals that were only counted, of
// all receivers: for the end of a process.
func (r *Receiver) Flush() { refusals.Flush() }

func (r *Receiver) logRefusal(ctx context.Context, req Request, response Response, err error, began time.Time) {
	level := slog.LevelWarn
	if response.Status >= 500 && response.Code != CodeOverloaded {
		level = slog.LevelError
	}
	refusals.Write(ctx, r.logger(), level, string(response.Code), "delivery refused", []slog.Attr{
		slog.String("outcome", "refused"),
		slog.String("code", string(response.Code)),
		slog.Int("status", response.Status),
	},
		slog.String("error", err.Error()),
		slog.Int("bytes", len(req.Body)),
		slog.Float64("duration_ms", milliseconds(time.Since(began))))
}

// here is the place that records name who ask for their source.
var here = func() uintptr {
	var pc [1]uintptr
	runtime.Callers(1, pc[:])
	return pc[0]
}()

// logDelivery makes the record itself, for slog would look at the clock once more
// and each time at the stack.
func (r *Receiver) logDelivery(ctx context.Context, d *Delivery, response Response, outcome string, err error, began time.Time) {
	level := slog.LevelInfo
	switch outcome {
	case failed, rejected:
		level = slog.LevelError
	case deadLettered:
		level = slog.LevelWarn
	}
	handler := r.logger().Handler()
	if !handler.Enabled(ctx, level) {
		return
	}
	took := time.Since(began)
	record := slog.NewRecord(began.Add(took), level, message(outcome), here)
	record.AddAttrs(
		slog.String("delivery_id", d.ID),
		slog.String("event", string(d.Event)),
		slog.String("version", string(d.Version)),
		slog.String("project_id", d.ProjectID),
		slog.String("subject", d.Subject()),
		slog.String("key", d.Key()),
		slog.String("outcome", outcome),
		slog.Int("status", response.Status),
		slog.Int("bytes", len(d.Body)),
		slog.Float64("duration_ms", milliseconds(took)),
		slog.Any("destinations", r.Destinations),
	)
	if response.Code != "" {
		record.AddAttrs(slog.String("code", string(response.Code)))
	}
	if err != nil {
		record.AddAttrs(failure(err)...)
	}
	_ = handler.Handle(ctx, record) // nobody is left to tell that the log is broken
}

// failure is what the log says of a handler's error.
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

// message is "delivery " and the outcome, which for most is put together by
// the compiler.
func message(outcome string) string {
	switch outcome {
	case accepted:
		return "delivery " + accepted
	case ignored:
		return "delivery " + ignored
	}
	return "delivery " + outcome
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
