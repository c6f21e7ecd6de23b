package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/labelhook/labelhook/internal/test/required"
)

func TestLogHandlerWritesLambdasFormat(t *testing.T) {
	var out bytes.Buffer
	logger := NewLogger(&out, slog.LevelInfo)
	invocation := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request"})
	logger.With("a", 1).InfoContext(invocation, "hello", "time", "own", "msg", "own")
	logger.WithGroup("g").WarnContext(context.Background(), "bye", "msg", "own")
	logger.DebugContext(invocation, "not written")

	var first, second map[string]any
	decoder := json.NewDecoder(&out)
	required.NoError(t, decoder.Decode(&first))
	if err := decoder.Decode(&second); err != nil || decoder.More() {
		t.Fatal(err, out.String())
	}
	if first["level"] != "INFO" || first["message"] == nil || first["timestamp"] == nil || first["requestId"] != "request" || first["a"] != 1.0 {
		t.Errorf("got %v", first)
	}
	if _, found := second["requestId"]; found || second["message"] != "bye" || second["g"] == nil {
		t.Errorf("got %v", second)
	}
}

func TestLogLevel(t *testing.T) {
	for _, test := range []struct {
		ours, theirs string
		want         slog.Level
		wrong        bool
	}{
		{"", "", slog.LevelInfo, false},
		{"debug", "", slog.LevelDebug, false},
		{"error", "", slog.LevelError, false},
		{"", "TRACE", slog.LevelDebug - 4, false},
		{"", "DEBUG", slog.LevelDebug, false},
		{"", "INFO", slog.LevelInfo, false},
		{"", "WARN", slog.LevelWarn, false},
		{"", "ERROR", slog.LevelError, false},
		{"", "FATAL", slog.LevelError + 4, false},
		{"debug", "WARN", slog.LevelWarn, false},
		{"error", "INFO", slog.LevelError, false},
		{"info", "DEBUG", slog.LevelInfo, false},
		{"debug", "whatever", slog.LevelDebug, false},
		{"loud", "", slog.LevelInfo, true},
		{"loud", "WARN", slog.LevelWarn, true},
	} {
		variables := map[string]string{"LABELHOOK_LOG_LEVEL": test.ours, "AWS_LAMBDA_LOG_LEVEL": test.theirs}
		got, err := logLevel(func(name string) string { return variables[name] })
		if got != test.want || (err != nil) != test.wrong {
			t.Errorf("%q and %q: got %v, %v, want %v", test.ours, test.theirs, got, err, test.want)
		}
	}
}

// A wrong level is told, and costs nothing but the level.
func TestWrongLogLevelStopsNothing(t *testing.T) {
	var out bytes.Buffer
	send := started(t, &out, map[string]string{"LABELHOOK_LOG_LEVEL": "loud", "LABELBOX_WEBHOOK_SECRET": benchSecret}, new(spy))
	if !strings.Contains(out.String(), "LABELHOOK_LOG_LEVEL") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("logged %s", &out)
	}
	if a := send(); a.Status != 200 {
		t.Errorf("status %d", a.Status)
	}
}
