package jsonlog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/printable"
)

// line is a JSON object that is being written.
type line []byte

// name begins a member.
func (l *line) name(name string) {
	if n := len(*l); n == 0 || (*l)[n-1] != '{' {
		*l = append(*l, ',')
	}
	l.text(name)
	*l = append(*l, ':')
}

// close ends as many objects.
func (l *line) close(objects int) {
	for range objects {
		*l = append(*l, '}')
	}
}

// text writes a string. Most are plain, and need no more than their quotes. What
// a sender wrote must not command the terminal on which a log is read.
func (l *line) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := jsontext.AppendQuote(nil, s) // an error would mean invalid UTF-8, replaced by U+FFFD
			*l = append(*l, printable.JSON(quoted)...)
			return
		}
	}
	*l = append(append(append(*l, '"'), s...), '"')
}

func (l *line) time(t time.Time) {
	*l = append(*l, '"')
	*l = t.AppendFormat(*l, time.RFC3339Nano)
	*l = append(*l, '"')
}

// attr writes an attribute by the rules of [slog.Handler]: none for an empty
// one or a group of none, and a group without a name is its members.
func (l *line) attr(a slog.Attr) {
	a.Value = a.Value.Resolve()
	if a.Key == "" && a.Value.Kind() == slog.KindAny && a.Value.Any() == nil {
		return
	}
	if a.Value.Kind() != slog.KindGroup {
		l.name(a.Key)
		l.value(a.Value)
		return
	}
	before := len(*l)
	if a.Key != "" {
		l.name(a.Key)
		*l = append(*l, '{')
	}
	began := len(*l)
	for _, member := range a.Value.Group() {
		l.attr(member)
	}
	switch {
	case len(*l) == began:
		*l = (*l)[:before]
	case a.Key != "":
		l.close(1)
	}
}

func (l *line) value(v slog.Value) {
	switch v.Kind() {
	case slog.KindString:
		l.text(v.String())
	case slog.KindInt64:
		*l = strconv.AppendInt(*l, v.Int64(), 10)
	case slog.KindUint64:
		*l = strconv.AppendUint(*l, v.Uint64(), 10)
	case slog.KindFloat64:
		l.number(v.Float64())
	case slog.KindBool:
		*l = strconv.AppendBool(*l, v.Bool())
	case slog.KindDuration:
		*l = strconv.AppendInt(*l, int64(v.Duration()), 10)
	case slog.KindTime:
		l.time(v.Time())
	default:
		l.any(v.Any())
	}
}

// number writes a float; one that is not finite, which JSON has no number for,
// is a string.
func (l *line) number(f float64) {
	switch size := math.Abs(f); {
	case math.IsNaN(f), math.IsInf(f, 0):
		l.text(strconv.FormatFloat(f, 'g', -1, 64))
	case size < 1e21 && (size == 0 || size >= 1e-6):
		*l = strconv.AppendFloat(*l, f, 'f', -1, 64)
	default:
		*l = strconv.AppendFloat(*l, f, 'e', -1, 64)
	}
}

// any writes what encoding/json makes of a value, and of an error what it says.
func (l *line) any(v any) {
	if list, ok := v.([]string); ok && list != nil {
		*l = append(*l, '[')
		for i, s := range list {
			if i > 0 {
				*l = append(*l, ',')
			}
			l.text(s)
		}
		*l = append(*l, ']')
		return
	}
	text, err := marshal(v)
	if err != nil {
		l.text("!ERROR:" + err.Error())
		return
	}
	*l = append(*l, printable.JSON(text)...)
}

// marshal never panics: a value that breaks its own methods must not cost the
// record.
func marshal(v any) (text []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if failure, ok := v.(error); ok {
		if _, own := v.(json.Marshaler); !own {
			text, _ = jsontext.AppendQuote(nil, failure.Error()) // as in text
			return text, nil
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err = encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}
