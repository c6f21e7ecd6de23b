package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/required"
)

// line is what a logger writes for one record, without its time.
func line(t *testing.T, ctx context.Context, write func(context.Context, *slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	write(ctx, NewLogger(&out, slog.LevelDebug))
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil || strings.Count(out.String(), "\n") != 1 {
		t.Fatalf("%v: %q", err, &out)
	}
	if fields["time"] == nil {
		t.Errorf("no time in %s", &out)
	}
	delete(fields, "time")
	return fields
}

func TestSeverities(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelDebug: "DEBUG", slog.LevelInfo: "INFO", slog.LevelInfo + 1: "INFO", slog.LevelWarn: "WARNING",
		slog.LevelError: "ERROR", levelCritical: "CRITICAL", levelCritical + 4: "CRITICAL",
	} {
		got := line(t, t.Context(), func(ctx context.Context, l *slog.Logger) { l.Log(ctx, level, "words") })
		if !maps.Equal(got, map[string]any{"severity": want, "message": "words"}) {
			t.Errorf("%s: %v", level, got)
		}
	}
}

// The request's fields stand at the top, whatever groups the logger is in, and
// nothing of the user's own groups is renamed.
func TestFieldsOfTheRequest(t *testing.T) {
	ctx := withOrigin(t.Context(), origin{trace: "12ab", span: "00000000000000ff", sampled: true, execution: "exec-1"})
	request := map[string]any{
		"logging.googleapis.com/trace": "12ab", "logging.googleapis.com/trace_sampled": true,
		"logging.googleapis.com/spanId": "00000000000000ff", "logging.googleapis.com/labels": map[string]any{"execution_id": "exec-1"},
		"severity": "INFO", "message": "words",
	}
	for name, test := range map[string]struct {
		write func(context.Context, *slog.Logger)
		more  map[string]any
	}{
		"plain": {func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "words", "code", 1) }, map[string]any{"code": 1.0}},
		"stack": {func(ctx context.Context, l *slog.Logger) { l.InfoContext(ctx, "words", "stack", "goroutine 1") }, map[string]any{"stack_trace": "goroutine 1"}},
		"groups": {func(ctx context.Context, l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("msg", 2).InfoContext(ctx, "words", "stack", 3)
		}, map[string]any{"a": 1.0, "g": map[string]any{"msg": 2.0, "stack": 3.0}}},
	} {
		want := maps.Clone(request)
		maps.Copy(want, test.more)
		if got := line(t, ctx, test.write); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}

func TestLoggersThatPartKeepTheirOwn(t *testing.T) {
	var out bytes.Buffer
	l := NewLogger(&out, slog.LevelInfo).With("a", 1)
	first, second := l.With("b", 2), l.With("c", 3)
	second.Info("")
	first.Info("")
	if got := out.String(); strings.Count(got, `"a":1,"b":2`) != 1 || strings.Count(got, `"a":1,"c":3`) != 1 || strings.Count(got, "\n") != 2 {
		t.Error(got)
	}
}

func TestPayloadLog(t *testing.T) {
	var out bytes.Buffer
	log := destination.NewLog(payloadLog{&out})
	required.NoError(t, log.Handle(t.Context(), core.Identify(http.Header{core.IDHeader: {"one"}}, []byte(`{"a":1}`))))
	if got := out.String(); !strings.HasPrefix(got, `{"severity":"INFO","message":"delivery",`) || !strings.HasSuffix(got, `,"data":{"a":1}}`+"\n") {
		t.Error(got)
	}
	if n, err := (payloadLog{&out}).Write([]byte("other\n")); n != 6 || err != nil || !strings.HasSuffix(out.String(), "}\nother\n") {
		t.Errorf("%d, %v: %q", n, err, &out)
	}
}

const (
	traceID = "105445aa7843bc8bf206b12000100000"
	spanID  = "00f067aa0ba902b7"
)

func TestOriginOfARequest(t *testing.T) {
	complete := origin{trace: traceID, span: spanID, sampled: true}
	quiet := origin{trace: traceID, span: spanID}
	for _, test := range []struct {
		traceparent, cloud string
		want               origin
	}{
		{"", "", origin{}},
		{"00-" + traceID + "-" + spanID + "-01", "", complete},
		{"00-" + traceID + "-" + spanID + "-00", "", quiet},
		{"00-" + traceID + "-" + spanID + "-02", "", quiet},
		{"01-" + traceID + "-" + spanID + "-01-more", "", complete},
		{"00-" + traceID + "-" + spanID + "-01", "abc/1;o=1", complete},
		{"00-" + traceID + "-" + spanID + "-01-more", "", origin{}},
		{"ff-" + traceID + "-" + spanID + "-01", "", origin{}},
		{"00-" + strings.ToUpper(traceID) + "-" + spanID + "-01", "", origin{}},
		{"00-" + strings.Repeat("0", 32) + "-" + spanID + "-01", "", origin{}},
		{"00-" + traceID + "-" + strings.Repeat("0", 16) + "-01", "", origin{}},
		{"00-" + traceID[1:] + "-" + spanID + "-01", "", origin{}},
		{"nonsense", traceID, origin{trace: traceID}},
		{"", traceID + "/67667974448284343;o=1", complete},
		{"", traceID + "/67667974448284343;o=0", quiet},
		{"", traceID + "/67667974448284343", quiet},
		{"", traceID + "/0;o=1", origin{trace: traceID, sampled: true}},
		{"", traceID + ";o=1", origin{trace: traceID, sampled: true}},
		{"", "105445aa7843bc8bf206b120001000/1;o=1", origin{trace: "105445aa7843bc8bf206b120001000", span: "0000000000000001", sampled: true}},
		{"", traceID + "/99999999999999999999999", origin{trace: traceID}},
		{"", traceID + "0/1", origin{}},
		{"", "../1", origin{}},
		{"", "/1;o=1", origin{}},
		{"", strings.Repeat("0", 32) + "/1", origin{}},
	} {
		r := httptest.NewRequest("POST", "/", nil)
		r.Header.Set("traceparent", test.traceparent)
		r.Header.Set("X-Cloud-Trace-Context", test.cloud)
		if got := originOf(r); got != test.want {
			t.Errorf("%q, %q: %+v, want %+v", test.traceparent, test.cloud, got, test.want)
		}
	}
}

// Whatever the headers hold, what is logged has the form that Cloud Logging
// wants.
func FuzzOrigin(f *testing.F) {
	f.Add("00-"+traceID+"-"+spanID+"-01", "")
	f.Add("", traceID+"/67667974448284343;o=1")
	f.Add("01-"+traceID+"-"+spanID+"-01-more", "/;")
	f.Fuzz(func(t *testing.T, traceparent, cloud string) {
		r := &http.Request{Header: http.Header{"Traceparent": {traceparent}, "X-Cloud-Trace-Context": {cloud}}}
		o := originOf(r)
		hexadecimal := func(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
		if len(o.trace) > 32 || !hexadecimal(o.trace) || !hexadecimal(o.span) || len(o.span) != 0 && len(o.span) != 16 || o.trace == "" && (o.span != "" || o.sampled) {
			t.Errorf("%+v", o)
		}
	})
}

func ExampleNewLogger() {
	var out bytes.Buffer
	NewLogger(&out, slog.LevelInfo).Warn("storage is slow", "bucket", "labels")
	_, rest, _ := strings.Cut(out.String(), ",") // the time differs
	fmt.Print("{", rest)
	// Output: {"severity":"WARNING","message":"storage is slow","bucket":"labels"}
}
