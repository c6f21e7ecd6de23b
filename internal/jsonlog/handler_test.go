package jsonlog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/labelhook/labelhook/internal/jsonlog"
)

func TestHandlerKeepsSlogsRules(t *testing.T) {
	var out bytes.Buffer
	err := slogtest.TestHandler(jsonlog.New(&out, nil, jsonlog.Fields{}), func() (all []map[string]any) {
		for line := range bytes.Lines(out.Bytes()) {
			all = append(all, read(t, line))
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
}

type (
	resolved struct{ to any }
	marshals struct{ text string }
	panics   struct{}
)

func (r resolved) LogValue() slog.Value         { return slog.AnyValue(r.to) }
func (m marshals) MarshalJSON() ([]byte, error) { return []byte(m.text), nil }
func (panics) MarshalJSON() ([]byte, error)     { panic("broken") }
func (panics) Error() string                    { panic("broken") }

func read(t *testing.T, line []byte) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal(line, &m); err != nil {
		t.Fatalf("%v: %q", err, line)
	}
	return m
}

// What the lines say is what slog's own say.
func TestLinesMeanWhatSlogsDo(t *testing.T) {
	when := time.Date(2026, 11, 23, 17, 48, 1, 123456789, time.FixedZone("", 3600))
	values := map[string]any{
		"text": "words", "quotes": `"\`, "empty": "", "controls": "\x00\n\t\x7f", "script": "標注 🙂 <&>", "separators": "\u2028\u2029",
		"invalid": "a\xffb\xed\xa0\x80", "int": -1, "largest": int64(math.MaxInt64), "unsigned": uint64(math.MaxUint64), "true": true,
		"duration": 3 * time.Second, "time": when, "zero": 0.0, "milliseconds": 0.012, "round": 2.0, "tiny": 1e-9, "huge": 1e300, "negative": -12.5,
		"list": []string{"a", `"`}, "no list": []string(nil), "empty list": []string{}, "numbers": []int{1, 2}, "map": map[string]any{"a": nil},
		"error": errors.New("broken \x1b"), "nil": nil, "level": slog.LevelWarn, "struct": struct{ A string }{"<"}, "resolved": resolved{2},
		"marshals": marshals{`{"a":1}`}, "group": slog.GroupValue(slog.Int("a", 1), slog.Group("b", "c", resolved{"d"})),
		"empty group": slog.GroupValue(),
	}
	for name, value := range values {
		for form, with := range map[string]func(*slog.Logger) *slog.Logger{
			"plain": func(l *slog.Logger) *slog.Logger { return l },
			"with":  func(l *slog.Logger) *slog.Logger { return l.With("w", value) },
			"group": func(l *slog.Logger) *slog.Logger { return l.WithGroup("g").WithGroup("h") },
			"between": func(l *slog.Logger) *slog.Logger {
				return l.With("a", 1).WithGroup("g").With("w", value).WithGroup("h")
			},
			"message": func(l *slog.Logger) *slog.Logger { l.Info(name, "value", value); return l },
		} {
			var ours, slogs bytes.Buffer
			for _, h := range []slog.Handler{jsonlog.New(&ours, nil, jsonlog.Fields{}), slog.NewJSONHandler(&slogs, nil)} {
				with(slog.New(fixedTime{h, when})).Warn("message", name, value, slog.Group("", "in", "line"))
			}
			got, want := strings.Split(ours.String(), "\n"), strings.Split(slogs.String(), "\n")
			if len(got) != len(want) {
				t.Fatalf("%s, %s: got\n%s, want\n%s", name, form, &ours, &slogs)
			}
			for i := range len(got) - 1 {
				if !reflect.DeepEqual(read(t, []byte(got[i])), read(t, []byte(want[i]))) {
					t.Errorf("%s, %s: got\n%s, want\n%s", name, form, got[i], want[i])
				}
			}
		}
	}
}

// fixedTime gives every record one time.
type fixedTime struct {
	slog.Handler
	when time.Time
}

func (f fixedTime) Handle(ctx context.Context, r slog.Record) error {
	r.Time = f.when
	return f.Handler.Handle(ctx, r)
}
func (f fixedTime) WithAttrs(a []slog.Attr) slog.Handler {
	return fixedTime{f.Handler.WithAttrs(a), f.when}
}
func (f fixedTime) WithGroup(g string) slog.Handler { return fixedTime{f.Handler.WithGroup(g), f.when} }

// A value that cannot be written costs itself and nothing else.
func TestBrokenValuesLeaveALine(t *testing.T) {
	var no *marshals
	for name, value := range map[string]any{
		"panic": panics{}, "channel": make(chan int), "not JSON": marshals{"{"}, "nil pointer": no,
		"NaN": math.NaN(), "infinite": math.Inf(-1), "bad year": time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC), "function": func() {},
	} {
		var out bytes.Buffer
		slog.New(jsonlog.New(&out, nil, jsonlog.Fields{})).Info("message", "value", value, "after", 1)
		if got := read(t, out.Bytes()); got["after"] != 1.0 || got["msg"] != "message" {
			t.Errorf("%s: %s", name, &out)
		}
	}
}

func TestFieldsOfAPlatform(t *testing.T) {
	var out bytes.Buffer
	fields := jsonlog.Fields{Time: "when", Level: "severity", Message: "message", Rename: map[string]string{"stack": "stack_trace"},
		Severity: func(slog.Level) string { return "NOTICE" },
		Context:  func(context.Context) []slog.Attr { return []slog.Attr{slog.Int("request", 7)} }}
	l := slog.New(jsonlog.New(&out, nil, fields))
	l.Info("plain", "stack", 1)
	l.With("stack", 1).WithGroup("g").Info("grouped", "stack", 2)
	want := []map[string]any{
		{"severity": "NOTICE", "message": "plain", "stack_trace": 1.0, "request": 7.0},
		{"severity": "NOTICE", "message": "grouped", "stack_trace": 1.0, "g": map[string]any{"stack": 2.0}, "request": 7.0},
	}
	i := 0
	for line := range bytes.Lines(out.Bytes()) {
		got := read(t, line)
		if got["when"] == nil {
			t.Errorf("no time in %s", line)
		}
		if delete(got, "when"); !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got %v, want %v", got, want[i])
		}
		i++
	}
}

func TestLevels(t *testing.T) {
	for _, level := range []slog.Leveler{nil, slog.LevelInfo} {
		h := jsonlog.New(io.Discard, level, jsonlog.Fields{})
		if h.Enabled(t.Context(), slog.LevelDebug) || !h.Enabled(t.Context(), slog.LevelInfo) {
			t.Errorf("level %v", level)
		}
	}
}

func TestLinesAreWrittenWhole(t *testing.T) {
	var out wholeLines
	l := slog.New(jsonlog.New(&out, nil, jsonlog.Fields{}))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			own := l.With("goroutine", i)
			for range 100 {
				own.Info("message", "text", strings.Repeat("x", 3000*i))
			}
		})
	}
	all.Wait()
	if out.written != 800 || out.torn > 0 {
		t.Errorf("%d lines, %d torn", out.written, out.torn)
	}
}

// wholeLines counts; the handler's lock is its own.
type wholeLines struct{ written, torn int }

func (w *wholeLines) Write(p []byte) (int, error) {
	w.written++
	if !json.Valid(p) || bytes.IndexByte(p, '\n') != len(p)-1 {
		w.torn++
	}
	return len(p), nil
}

func FuzzHandler(f *testing.F) {
	f.Add("key", "value", 0.5)
	f.Add("", "\x00\xff\u2028\"\\", math.Inf(1))
	f.Fuzz(func(t *testing.T, key, text string, number float64) {
		var out bytes.Buffer
		l := slog.New(jsonlog.New(&out, nil, jsonlog.Fields{}))
		l.With(key, text).WithGroup(key).Info(text, key, number, "list", []string{text}, "error", errors.New(text))
		if !json.Valid(out.Bytes()) || bytes.IndexByte(out.Bytes(), '\n') != out.Len()-1 {
			t.Errorf("%q", &out)
		}
	})
}

func TestLinesCommandNoTerminal(t *testing.T) {
	const hostile = "\u009b2J\u202e\x7f\x1b"
	var out bytes.Buffer
	log := slog.New(jsonlog.New(&out, nil, jsonlog.Fields{}))
	log.With("a", hostile).Info(hostile, hostile, hostile, "list", []string{hostile}, "error", errors.New(hostile), "any", map[string]string{hostile: hostile})
	for _, r := range out.String() {
		if r < ' ' && r != '\n' || r > '~' {
			t.Fatalf("wrote %q", &out)
		}
	}
	if got := read(t, out.Bytes()); got["a"] != hostile || got[hostile] != hostile || got["error"] != hostile {
		t.Errorf("wrote %s", &out)
	}
}
