package environment_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
)

func receiver(t testing.TB, p environment.Platform) *core.Receiver {
	t.Helper()
	r, _, err := environment.Receiver(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSecretsFromEverySource(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets")
	if err := os.WriteFile(file, []byte(key+"\nolder\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := secret.New("own")
	if err != nil {
		t.Fatal(err)
	}
	ofCaller, err := secret.Static(own)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		set  variables
		own  secret.Source
		live []string
	}{
		"variable":                    {withSecret, nil, []string{key}},
		"variable with a line break":  {variables{"LABELBOX_WEBHOOK_SECRET": key + "\r\n"}, nil, []string{key}},
		"variable and previous":       {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": "older\n"}), nil, []string{key, "older"}},
		"variable and empty previous": {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": ""}), nil, []string{key}},
		"file":                        {variables{"LABELBOX_WEBHOOK_SECRET_FILE": file}, nil, []string{key, "older"}},
		"secret manager":              {variables{"LABELBOX_WEBHOOK_SECRET_ID": "id"}, nil, []string{key}},
		"caller, not the variable":    {withSecret, ofCaller, []string{"own"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := platform(test.set, new(bytes.Buffer))
			p.Secrets = test.own
			r := receiver(t, p)
			for _, s := range []string{key, "older", "own", "forged"} {
				want := 401
				if slices.Contains(test.live, s) {
					want = 200
				}
				if got, _ := send(t, r, s, payload.LabelCreated); got != want {
					t.Errorf("signed with %s: status %d, want %d", s, got, want)
				}
			}
		})
	}
}

// A 200 for what exists nowhere but in a log is a loss that somebody must want.
func TestDeliveriesGoToTheLogUnlessToldOtherwiseAndAWarningSaysSo(t *testing.T) {
	taken := 0
	own := core.HandlerFunc(func(context.Context, *core.Delivery) error { taken++; return nil })
	for name, test := range map[string]struct {
		destinations string
		own          core.Handler
		lines        int
		names        []string
		warned       bool
	}{
		"default":            {"", nil, 1, []string{"log:"}, true},
		"only blanks":        {" \n", nil, 1, []string{"log:"}, true},
		"log: by name":       {"log:", nil, 1, []string{"log:"}, false},
		"two logs":           {"log: log:", nil, 2, []string{"log:", "log:"}, false},
		"upper case":         {"LOG:", nil, 1, []string{"log:"}, false},
		"a queue":            {"queue://name", nil, 0, []string{"queue:test"}, false},
		"a handler":          {"", own, 0, []string{"handler"}, false},
		"a handler and more": {"log:\tqueue://name", own, 1, []string{"handler", "log:", "queue:test"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			taken = 0
			var out, log bytes.Buffer
			p := platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": test.destinations}), &out)
			p.Logger, p.Handler = slog.New(slog.NewJSONHandler(&log, nil)), test.own
			r, names, err := environment.Receiver(p)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(log.String(), `"level":"WARN"`) && strings.Contains(log.String(), "only logged"); got != test.warned {
				t.Errorf("logged %s", &log)
			}
			if status, word := send(t, r, key, payload.ReviewCreated); status != 200 || word != "accepted" {
				t.Errorf("answered %d %s", status, word)
			}
			if got := strings.Count(out.String(), "\n"); got != test.lines {
				t.Errorf("%d lines, want %d: %s", got, test.lines, &out)
			}
			if (taken == 1) != (test.own != nil) || !slices.Equal(names, test.names) {
				t.Errorf("the handler took %d; destinations %q, want %q", taken, names, test.names)
			}
		})
	}
}

// What is wrong with any variable leaves nothing behind.
func TestNothingIsOpenedForAWrongConfiguration(t *testing.T) {
	for variable, value := range map[string]string{
		"LABELBOX_WEBHOOK_SECRET": "CHANGE-ME", "LABELHOOK_EVENTS": "label.renamed", "LABELHOOK_MAX_BODY": "10MB",
		"LABELHOOK_DEAD_LETTER": "nowhere:", "LABELHOOK_OVERFLOW": "log: log:", "LABELHOOK_DESTINATIONS": "file:made nowhere:",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Chdir(t.TempDir())
			p := platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:made"}).with(variables{variable: value}), nil)
			p.Inbox = func() (core.Handler, error) { t.Error("the inbox was opened"); return nil, nil }
			if _, _, err := environment.Receiver(p); err == nil {
				t.Error("no error")
			}
			if made, err := os.ReadDir("."); err != nil || len(made) > 0 {
				t.Errorf("left behind: %v, %v", made, err)
			}
		})
	}
}

func TestTheInboxTakesEveryDelivery(t *testing.T) {
	taken := 0
	p := platform(withSecret, nil)
	p.Inbox = func() (core.Handler, error) {
		return core.HandlerFunc(func(context.Context, *core.Delivery) error { taken++; return nil }), nil
	}
	if status, _ := send(t, receiver(t, p), key, payload.LabelCreated); status != 200 || taken != 1 {
		t.Errorf("answered %d, taken %d times", status, taken)
	}
	broken := errors.New("the file is locked")
	p.Inbox = func() (core.Handler, error) { return nil, broken }
	if _, _, err := environment.Receiver(p); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestTheReceiverItselfIsRefusedWhateverOpensURLs(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		p := platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": scheme + "://localhost:1"}), nil)
		p.Own = func(string) bool { return true }
		p.Destinations[scheme] = func(string) (core.Handler, error) { t.Error("it was opened"); return new(queue), nil }
		_, _, err := environment.Receiver(p)
		check(t, err, "LABELHOOK_DESTINATIONS", "names this receiver itself", "leave it out")
	}
}

func TestNamesOfDestinationsTellNoKeys(t *testing.T) {
	_, names, err := environment.Receiver(platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": "https://user:" + key + "@example.com/?code=" + key}), nil))
	if err != nil || !slices.Equal(names, []string{"https://example.com"}) {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestFolderURLs(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, where := range map[string]string{
		"file:" + filepath.Join(dir, "a"):     "a",
		"file://" + filepath.Join(dir, "b/c"): "b/c",
		"file:d":                              "d",
	} {
		r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": name}), nil))
		if status, _ := send(t, r, key, payload.LabelCreated); status != 200 {
			t.Errorf("%s: status %d", name, status)
		}
		if found, err := fs.Glob(os.DirFS(dir), where+"/event=label.created/dt=*/*.json"); err != nil || len(found) != 1 {
			t.Errorf("%s: files %q, %v", name, found, err)
		}
	}
}

func TestOnlyTheNamedEventsAreLetThrough(t *testing.T) {
	all := payload.Events()
	for names, through := range map[string][]payload.Event{
		"":                                     all,
		"label.created":                        {payload.LabelCreated},
		"LABEL_CREATED,workflow_action":        {payload.LabelCreated, payload.WorkflowAction},
		" label.created ,\n\tlabel.deleted,,":  {payload.LabelCreated, payload.LabelDeleted},
		"label.updated\u00a0model_run.started": {payload.LabelUpdated, payload.ModelRunStarted},
		"unknown":                              {payload.Unknown},
		environment.EventNames():               all,
	} {
		var out bytes.Buffer
		r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_EVENTS": names}), &out))
		for _, event := range all {
			out.Reset()
			want := "ignored"
			if slices.Contains(through, event) {
				want = "accepted"
			}
			status, word := send(t, r, key, event)
			if status != 200 || word != want || (out.Len() > 0) != (want == "accepted") {
				t.Errorf("%q: %s is answered %d %s, want %s", names, event, status, word, want)
			}
		}
	}
}

// The queue refuses for good what is larger than its messages.
func TestDeadLetterTakesWhatIsRefusedForGood(t *testing.T) {
	for deadLetter, want := range map[string]string{"": "delivery_rejected", "log:": "accepted", "queue:": "delivery_rejected"} {
		var out bytes.Buffer
		r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": "queue:", "LABELHOOK_DEAD_LETTER": deadLetter}), &out))
		if _, got := send(t, r, key, payload.LabelCreated); got != want || (out.Len() > 0) != (deadLetter == "log:") {
			t.Errorf("dead letter %q: %s, want %s", deadLetter, got, want)
		}
	}
}

func TestOverflowGoesToEveryDestinationWithALimit(t *testing.T) {
	dir := t.TempDir()
	var queues []*queue
	p := platform(withSecret.with(variables{
		"LABELHOOK_DESTINATIONS": "queue:a log: queue:b",
		"LABELHOOK_DEAD_LETTER":  "queue:c",
		"LABELHOOK_OVERFLOW":     "file:" + dir,
	}), new(bytes.Buffer))
	p.Destinations["queue"] = func(string) (core.Handler, error) {
		queues = append(queues, new(queue))
		return queues[len(queues)-1], nil
	}
	r := receiver(t, p)
	if status, word := send(t, r, key, payload.LabelCreated); status != 200 || word != "accepted" {
		t.Fatalf("answered %d %s", status, word)
	}
	if len(queues) != 3 || queues[2].bucket == nil {
		t.Fatalf("%d queues, %+v", len(queues), queues)
	}
	for _, q := range queues[:2] {
		if len(q.refs) != 1 {
			t.Fatalf("references %q", q.refs)
		}
		u, err := url.Parse(q.refs[0])
		if err != nil {
			t.Fatal(err)
		}
		if body, err := os.ReadFile(filepath.FromSlash(u.Path)); err != nil || !bytes.Equal(body, find(t, payload.LabelCreated).Body()) {
			t.Errorf("%s holds %q, %v", u, body, err)
		}
	}
}

func TestMaxBody(t *testing.T) {
	size := len(find(t, payload.LabelCreated).Body())
	for text, want := range map[string]int{"": 200, fmt.Sprint(size): 200, fmt.Sprint(size - 1): 413} {
		r := receiver(t, platform(withSecret.with(variables{"LABELHOOK_MAX_BODY": text}), new(bytes.Buffer)))
		if got, _ := send(t, r, key, payload.LabelCreated); got != want {
			t.Errorf("limit %q: status %d, want %d", text, got, want)
		}
		if text == "" && r.Limit() != 10<<20 {
			t.Errorf("the default is %d bytes", r.Limit())
		}
	}
}

func TestLogLevel(t *testing.T) {
	for text, want := range map[string]slog.Level{
		"": slog.LevelInfo, "debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError, "WARN": slog.LevelWarn,
	} {
		if got, err := environment.LogLevel(variables{"LABELHOOK_LOG_LEVEL": text}.get); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestTheProcessEnvironmentIsTheDefault(t *testing.T) {
	t.Setenv("LABELBOX_WEBHOOK_SECRET", key)
	t.Setenv("LABELHOOK_MAX_BODY", "77")
	if r := receiver(t, environment.Platform{}); r.Limit() != 77 {
		t.Errorf("the limit is %d", r.Limit())
	}
}

func TestOnlyWhatIsAboutTheSecretIsALackOfOne(t *testing.T) {
	for want, tests := range map[string][]variables{
		"secret_unavailable": {{}, {"LABELBOX_WEBHOOK_SECRET": " "}, {"LABELBOX_WEBHOOK_SECRET_FILE": "none"}, {"LABELBOX_WEBHOOK_SECRET_ID": "wrong"}},
		"misconfigured": {
			withSecret.with(variables{"LABELHOOK_DESTINATIONS": "nowhere:"}), withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "broken:"}),
			withSecret.with(variables{"LABELHOOK_OVERFLOW": "log:"}), withSecret.with(variables{"LABELHOOK_EVENTS": "no"}), withSecret.with(variables{"LABELHOOK_MAX_BODY": "much"}),
		},
	} {
		for _, test := range tests {
			_, _, err := environment.Receiver(platform(test, new(bytes.Buffer)))
			var log bytes.Buffer
			r := environment.Misconfigured(err, slog.New(slog.NewJSONHandler(&log, nil)))
			if status, code := send(t, r, key, payload.LabelCreated); status != 503 || code != want {
				t.Errorf("%v: %d %s, want %s", test, status, code, want)
			}
			if !strings.Contains(log.String(), err.(*environment.ConfigError).Variable) || strings.Contains(log.String(), "no usable webhook secret") != (want == "secret_unavailable") {
				t.Errorf("logged %s", &log)
			}
		}
	}
}

func TestACommaInsideAURLStaysOne(t *testing.T) {
	for _, url := range []string{"https://example.com/?ids=1,2", "https://example.com/a,b:c", "queue:a;b"} {
		_, names, err := environment.Receiver(platform(withSecret.with(variables{"LABELHOOK_DESTINATIONS": url + "\nlog:"}), new(bytes.Buffer)))
		if err != nil || len(names) != 2 {
			t.Errorf("%s: %q, %v", url, names, err)
		}
	}
}
