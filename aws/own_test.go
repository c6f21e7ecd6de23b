package aws

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

// A user's main function, built and run: whatever its handler does, the sender
// is answered by the one process that was started.
func TestOwnMainLivesOn(t *testing.T) {
	bootstrap := filepath.Join(t.TempDir(), "bootstrap")
	required.NoError(t, lambdahost.Build(bootstrap, "./testdata/own"))
	f := lambdahost.Start(t, bootstrap, map[string]string{"LABELBOX_WEBHOOK_SECRET": benchSecret})
	send := func(id string, timeout time.Duration) int {
		t.Helper()
		result, err := f.InvokeWithin(lambdahost.FunctionURL.Event(lambdahost.Request{Method: "POST", Body: []byte(label), Header: [][2]string{
			{"X-Labelbox-Id", id}, {"X-Hub-Signature", core.Sign([]byte(label), mustSecret(t))},
		}}), timeout)
		required.NoError(t, err)
		a, err := lambdahost.FunctionURL.Answer(result.Payload)
		if err != nil || result.Failed {
			t.Fatal(err, string(result.Payload))
		}
		return a.Status
	}
	for _, step := range []struct {
		id      string
		timeout time.Duration
		status  int
	}{
		{"first", lambdahost.Timeout, 200},
		{"panic", lambdahost.Timeout, 500},
		{"after the panic", lambdahost.Timeout, 200},
		{"hang", 2 * time.Second, 503},
		{"after the hang", lambdahost.Timeout, 200},
	} {
		if status := send(step.id, step.timeout); status != step.status {
			t.Errorf("%s: status %d, want %d", step.id, status, step.status)
		}
	}
	var outcomes []string
	for text := range strings.Lines(f.Log()) {
		var line struct{ Level, Message, RequestID, Outcome, Stack string }
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.RequestID == "" {
			t.Fatalf("%v: %s", err, text)
		}
		if line.Message == "handling" {
			continue // the handler's own line, by slog's default logger
		}
		outcomes = append(outcomes, line.Outcome)
		if (line.Stack != "") != (line.Outcome == "rejected") {
			t.Errorf("stack in %s", text)
		}
	}
	if got := strings.Join(outcomes, " "); got != "accepted rejected accepted failed accepted" || strings.Count(f.Log(), `"handling"`) != 5 {
		t.Errorf("got %s in\n%s", got, f.Log())
	}
}
