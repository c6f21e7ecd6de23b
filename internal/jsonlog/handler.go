// Package jsonlog writes log records as lines of JSON, in the fields that a
// platform wants. A receiver writes one for each delivery, so it takes a
// third of the time that slog's own handler does, which uses encoding/json for
// numbers and lists and asks a function about every attribute.
package jsonlog

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// Fields say how a platform wants its lines. The zero value is what
// [slog.NewJSONHandler] writes.
type Fields struct {
	Time, Level, Message string                            // names; "" means slog's own
	Severity             func(slog.Level) string           // nil means slog's own words
	Rename               map[string]string                 // of other attributes, outside of groups
	Context              func(context.Context) []slog.Attr // outside of groups, at the end; may be nil
}

// handler is immutable. What the logger's attributes and groups come to is
// written when they are added.
type handler struct {
	fields Fields
	level  slog.Leveler
	out    *output

	with    []byte   // members, each behind a comma, in groups that are still open
	open    int      // how many of them there are
	pending []string // groups in which nothing stands yet
}

// output is what all handlers have in common that come from one.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

// New returns a handler that writes each record of at least that level, nil
// meaning Info, as one line in one Write.
func New(w io.Writer, level slog.Leveler, fields Fields) slog.Handler {
	fields.Time = cmp.Or(fields.Time, slog.TimeKey)
	fields.Level = cmp.Or(fields.Level, slog.LevelKey)
	fields.Message = cmp.Or(fields.Message, slog.MessageKey)
	if fields.Severity == nil {
		fields.Severity = slog.Level.String
	}
	if level == nil {
		level = slog.LevelInfo
	}
	return &handler{fields: fields, level: level, out: &output{w: w}}
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level.Level() }

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.pending = append(slices.Clip(h.pending), name)
	return &with
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	l := line(slices.Clone(h.with))
	began := h.openGroups(&l)
	for _, a := range attrs {
		h.attr(&l, a)
	}
	if len(l) == began {
		return h
	}
	with := *h
	with.with, with.open, with.pending = l, h.open+len(h.pending), nil
	return &with
}

// lines is memory for lines, to be used again.
var lines = sync.Pool{New: func() any { l := make(line, 0, 1024); return &l }}

// maxLine is the longest line whose memory is kept, in bytes.
const maxLine = 16 << 10

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	l := lines.Get().(*line)
	defer func() {
		if cap(*l) <= maxLine {
			*l = (*l)[:0]
			lines.Put(l)
		}
	}()
	*l = append(*l, '{')
	if !r.Time.IsZero() {
		l.name(h.fields.Time)
		l.time(r.Time)
	}
	l.name(h.fields.Level)
	l.text(h.fields.Severity(r.Level))
	l.name(h.fields.Message)
	l.text(r.Message)
	*l = append(*l, h.with...)
	open, before := h.open+len(h.pending), len(*l)
	began := h.openGroups(l)
	r.Attrs(func(a slog.Attr) bool { h.attr(l, a); return true })
	if len(*l) == began { // groups in which nothing stands are left out
		*l, open = (*l)[:before], h.open
	}
	l.close(open)
	if h.fields.Context != nil {
		for _, a := range h.fields.Context(ctx) {
			l.attr(a)
		}
	}
	*l = append(*l, '}', '\n')

	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(*l)
	return err
}

// openGroups opens the groups in which nothing stands yet, and returns where
// they begin.
func (h *handler) openGroups(l *line) (began int) {
	for _, group := range h.pending {
		l.name(group)
		*l = append(*l, '{')
	}
	return len(*l)
}

// attr writes an attribute of the record or the logger.
func (h *handler) attr(l *line, a slog.Attr) {
	if name, found := h.fields.Rename[a.Key]; found && h.open+len(h.pending) == 0 {
		a.Key = name
	}
	l.attr(a)
}
