package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/printable"
)

// lineHandler writes log records for a person: of a receiver's record about a
// request the few things worth watching, of any other its message and all of
// its attributes.
type lineHandler struct {
	out   io.Writer
	level slog.Leveler
	paint bool // outcomes have colors
	attrs []slog.Attr
	mu    sync.Mutex
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &lineHandler{out: h.out, level: h.level, paint: h.paint, attrs: slices.Concat(h.attrs, attrs)}
}

// WithGroup leaves groups out: no record here has two attributes of one name.
func (h *lineHandler) WithGroup(string) slog.Handler { return h }

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	values := make(map[string]string)
	var order []string
	note := func(a slog.Attr) bool {
		order = append(order, a.Key)
		values[a.Key] = a.Value.String()
		return true
	}
	for _, a := range h.attrs {
		note(a)
	}
	r.Attrs(note)

	var line strings.Builder
	line.WriteString(r.Time.Format(time.TimeOnly))
	if _, more, summed := strings.Cut(r.Message, ": and "); summed && values["code"] != "" {
		fmt.Fprintf(&line, "  %s  %s  %s  and %s", values["status"], h.word("refused"), values["code"], more)
	} else if values["outcome"] != "" {
		h.writeRequest(&line, values)
	} else {
		line.WriteString("  " + printable.Text(r.Message))
		for _, name := range order {
			fmt.Fprintf(&line, "  %s=%s", name, printable.Text(values[name]))
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.out, line.String()+"\n")
	return err
}

// word is an outcome, in its color where there are some.
func (h *lineHandler) word(outcome string) string {
	if h.paint {
		return painted(outcome)
	}
	return outcome
}

// writeRequest writes what became of one request.
func (h *lineHandler) writeRequest(line *strings.Builder, v map[string]string) {
	fmt.Fprintf(line, "  %s", v["status"])
	if v["event"] == "" { // nothing a forger sends is worth printing
		fmt.Fprintf(line, "  %s  %s  %s B", h.word("refused"), v["code"], v["bytes"])
	} else {
		outcome := v["outcome"]
		if outcome == string(core.Accepted) && v["repeat"] == "true" {
			outcome = "repeat"
		}
		fmt.Fprintf(line, "  %s%*s  %s", h.word(outcome), max(8-len(outcome), 0), "", v["event"])
		for _, part := range []struct{ before, value string }{
			{" ", v["version"]}, {"  ", v["subject"]}, {"  project ", v["project_id"]},
		} {
			if part.value != "" {
				line.WriteString(part.before + printable.Text(part.value))
			}
		}
		fmt.Fprintf(line, "  %s B  id %s", v["bytes"], cmp.Or(printable.Text(v["delivery_id"]), "-"))
	}
	if v["error"] != "" {
		line.WriteString("  " + printable.Text(strings.ReplaceAll(v["error"], "\n", "; ")))
	}
}
