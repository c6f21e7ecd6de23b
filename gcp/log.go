package gcp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
)

// levelCritical is logged as CRITICAL, for what ends the process.
const levelCritical = slog.LevelError + 4

// NewLogger returns a logger that writes lines of JSON in the fields that Cloud
// Logging reads (https://cloud.google.com/logging/docs/structured-logging):
// "severity" (DEBUG, INFO, WARNING, ERROR, CRITICAL), "message", "time", and,
// for a record whose context is that of a request, the request's trace, span
// and the label execution_id. A stack goes into "stack_trace", where Error
// Reporting looks for it.
func NewLogger(w io.Writer, level slog.Leveler) *slog.Logger {
	return slog.New(&logHandler{next: slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: inGoogleTerms})})
}

func inGoogleTerms(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok {
			return slog.String("severity", severity(level))
		}
	case slog.MessageKey:
		a.Key = "message"
	case "stack":
		a.Key = "stack_trace"
	}
	return a
}

func severity(level slog.Level) string {
	switch {
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	case level < levelCritical:
		return "ERROR"
	}
	return "CRITICAL"
}

// logHandler adds the fields of a request, which must stand at the top level
// whatever groups the logger has opened. So those are opened after them, anew
// for each record.
type logHandler struct {
	next slog.Handler
	with []func(slog.Handler) slog.Handler // the attributes and groups of the logger
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	next := h.next
	if o, ok := ctx.Value(originKey{}).(origin); ok {
		next = next.WithAttrs(o.attrs())
	}
	for _, with := range h.with {
		next = with(next)
	}
	return next.Handle(ctx, record)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return h.and(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *logHandler) and(with func(slog.Handler) slog.Handler) slog.Handler {
	return &logHandler{h.next, append(h.with[:len(h.with):len(h.with)], with)}
}

// payloadLog puts the lines of the log: destination into Google's terms.
type payloadLog struct{ w io.Writer }

func (p payloadLog) Write(line []byte) (int, error) {
	if rest, found := bytes.CutPrefix(line, []byte(`{"msg":`)); found {
		if _, err := p.w.Write(append([]byte(`{"severity":"INFO","message":`), rest...)); err != nil {
			return 0, err
		}
		return len(line), nil
	}
	return p.w.Write(line)
}
