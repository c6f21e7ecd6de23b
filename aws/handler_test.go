package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

const label = `{"data_row":{"id":"row"},"projects":{"project":{"labels":[{"id":"label"}]}}}`

// genuine is a signed delivery as a trigger puts it.
func genuine(t testing.TB, trigger lambdahost.Trigger) []byte {
	return trigger.Event(lambdahost.Request{Method: "POST", Body: []byte(label), Header: [][2]string{
		{"Content-Type", "application/json"},
		{"X-Labelbox-Id", "delivery"},
		{"X-Labelbox-Event", "LABEL_CREATED"},
		{"X-Hub-Signature", core.Sign([]byte(label), mustSecret(t))},
	}})
}

// receiving has the handler h and logs to the buffer.
func receiving(t testing.TB, h core.Handler, log *bytes.Buffer) *core.Receiver {
	secrets, err := secret.Static(mustSecret(t))
	required.NoError(t, err)
	return &core.Receiver{Secrets: secrets, Handler: h, Observe: core.LogTo(NewLogger(log, slog.LevelInfo))}
}

// invoke returns the answer as the trigger understands it.
func invoke(t testing.TB, ctx context.Context, r *core.Receiver, trigger lambdahost.Trigger) lambdahost.Answer {
	t.Helper()
	payload, err := NewHandler(r).Invoke(ctx, genuine(t, trigger))
	required.NoError(t, err)
	a, err := trigger.Answer(payload)
	required.NoError(t, err)
	return a
}

// Lambda's runtime reads the next event into the memory of one that is answered,
// while a handler may still have the delivery.
func TestADeliveryOutlivesItsEvent(t *testing.T) {
	for _, trigger := range lambdahost.Triggers() {
		t.Run(trigger.Name, func(t *testing.T) {
			var kept *core.Delivery
			h := core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
				kept = d
				return nil
			})
			event := trigger.Event(lambdahost.Request{Method: "POST", Body: []byte(label), Header: [][2]string{
				{"Content-Type", "application/json"},
				{"X-Labelbox-New", "new"},
				{"X-Hub-Signature", core.Sign([]byte(label), mustSecret(t))},
				{"Traceparent", "trace"},
			}})
			if _, err := NewHandler(receiving(t, h, new(bytes.Buffer))).Invoke(t.Context(), event); err != nil {
				t.Fatal(err)
			}
			for i := range event {
				event[i] = 'x'
			}
			sent := map[string]string{}
			for _, f := range kept.Header() {
				sent[strings.ToLower(f.Name)] = f.Value
			}
			if sent["traceparent"] != "trace" || sent["x-labelbox-new"] != "new" || sent["content-type"] != "application/json" {
				t.Errorf("sends on %v", sent)
			}
			if !bytes.Equal(kept.Body, []byte(label)) {
				t.Errorf("has the body %s", kept.Body)
			}
		})
	}
}

func TestAnswersAreInTheFormOfTheFront(t *testing.T) {
	for _, trigger := range lambdahost.Triggers() {
		for name, test := range map[string]struct {
			err    error
			status int
		}{
			"taken":   {nil, 200},
			"not now": {errors.New("busy"), 503},
			"never":   {core.Permanent(errors.New("no")), 500},
		} {
			h := core.HandlerFunc(func(context.Context, *core.Delivery) error { return test.err })
			a := invoke(t, t.Context(), receiving(t, h, new(bytes.Buffer)), trigger)
			if a.Status != test.status || !json.Valid(a.Body) || a.Header.Get("Content-Type") == "" || (a.Header.Get("Retry-After") != "") != (a.Status == 503) {
				t.Errorf("%s, %s: got %d %v %s", trigger.Name, name, a.Status, a.Header, a.Body)
			}
		}
	}
}

// A panic in a handler, in one that runs beside a deadline, in the source of
// secrets and in the logger: each is answered, in the trigger's form.
func TestPanicsAreAnswered(t *testing.T) {
	fine := core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })
	panics := core.HandlerFunc(func(context.Context, *core.Delivery) error { panic("broken") })
	withDeadline, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, test := range map[string]struct {
		ctx    context.Context
		change func(r *core.Receiver)
	}{
		"in the handler":                  {t.Context(), func(r *core.Receiver) { r.Handler = panics }},
		"in the handler, with a deadline": {withDeadline, func(r *core.Receiver) { r.Handler = panics }},
		"in the dead letter": {withDeadline, func(r *core.Receiver) {
			r.Handler = core.HandlerFunc(func(context.Context, *core.Delivery) error { return core.Permanent(errors.New("no")) })
			r.DeadLetter = panics
		}},
		"in the secrets": {withDeadline, func(r *core.Receiver) { r.Secrets = panicking{} }},
		"in the logger":  {withDeadline, func(r *core.Receiver) { r.Observe = core.LogTo(slog.New(panicking{})) }},
	} {
		for _, trigger := range lambdahost.Triggers() {
			var log bytes.Buffer
			r := receiving(t, fine, &log)
			test.change(r)
			a := invoke(t, test.ctx, r, trigger)
			if a.Status != 500 || !strings.Contains(string(a.Body), `"code":"delivery_rejected"`) || strings.Contains(string(a.Body), "broken") {
				t.Errorf("%s, %s: got %d %s", name, trigger.Name, a.Status, a.Body)
			}
			if name != "in the logger" && !strings.Contains(log.String(), "broken") {
				t.Errorf("%s: the log does not tell: %s", name, &log)
			}
		}
	}
}

type panicking struct{}

func (panicking) Secrets(context.Context) ([]secret.Secret, error) { panic("broken") }
func (panicking) Enabled(context.Context, slog.Level) bool         { panic("broken") }
func (panicking) Handle(context.Context, slog.Record) error        { panic("broken") }
func (panicking) WithAttrs([]slog.Attr) slog.Handler               { panic("broken") }
func (panicking) WithGroup(string) slog.Handler                    { panic("broken") }

func TestSlowHandlersAreAnsweredBeforeTheDeadline(t *testing.T) {
	for name, test := range map[string]struct {
		timeout time.Duration
		handler core.HandlerFunc
		status  int
		after   time.Duration
		logged  string
	}{
		"one that is done in time": {10 * time.Second, func(context.Context, *core.Delivery) error {
			time.Sleep(9 * time.Second)
			return nil
		}, 200, 9 * time.Second, "accepted"},
		"one that stops when told": {10 * time.Second, func(ctx context.Context, _ *core.Delivery) error {
			<-ctx.Done()
			return errors.New("queue: gave up")
		}, 503, 9500 * time.Millisecond, "queue: gave up"},
		"one that does not": {10 * time.Second, func(context.Context, *core.Delivery) error {
			time.Sleep(time.Hour)
			return nil
		}, 503, 9600 * time.Millisecond, "is near"},
		"one with little time": {time.Second, func(context.Context, *core.Delivery) error {
			time.Sleep(time.Hour)
			return nil
		}, 503, 850 * time.Millisecond, "is near"},
		"one with none": {0, func(ctx context.Context, _ *core.Delivery) error {
			<-ctx.Done()
			return ctx.Err()
		}, 503, 0, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				var log bytes.Buffer
				began := time.Now()
				a := invoke(t, ctx, receiving(t, test.handler, &log), lambdahost.FunctionURL)
				if took := time.Since(began); a.Status != test.status || took != test.after {
					t.Errorf("answered %d after %v, want %d after %v", a.Status, took, test.status, test.after)
				}
				if !strings.Contains(log.String(), test.logged) {
					t.Errorf("logged %s", &log)
				}
				time.Sleep(2 * time.Hour) // until the handler that was left behind has ended
			})
		})
	}
}
