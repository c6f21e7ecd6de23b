package gcp

import (
	"bytes"
	"context"
	"io"
	"log/slog"

	"github.com/labelhook/labelhook/internal/jsonlog"
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
	return slog.New(jsonlog.New(w, level, jsonlog.Fields{
		Level:    "severity",
		Message:  "message",
		Severity: severity,
		Rename:   map[string]string{"stack": "stack_trace"},
		Context:  originAttrs,
	}))
}

// originAttrs are Cloud Logging's fields for the request of a context
// (https://cloud.google.com/logging/docs/structured-logging).
func originAttrs(ctx context.Context) (attrs []slog.Attr) {
	o, _ := ctx.Value(originKey{}).(origin)
	if o.trace != "" {
		attrs = append(attrs, slog.String("logging.googleapis.com/trace", o.trace),
			slog.Bool("logging.googleapis.com/trace_sampled", o.sampled))
	}
	if o.span != "" {
		attrs = append(attrs, slog.String("logging.googleapis.com/spanId", o.span))
	}
	if o.execution != "" {
		attrs = append(attrs, slog.Group("logging.googleapis.com/labels", slog.String("execution_id", o.execution)))
	}
	return attrs
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
