package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// TestReceiveAnswers is the table of statuses that senders rely on.
func TestReceiveAnswers(t *testing.T) {
	good := signed(t, sample, "LABEL_CREATED", "secret")
	with := func(change func(*core.Request)) core.Request {
		r := good
		r.Header = good.Header.(http.Header).Clone()
		change(&r)
		return r
	}
	header := func(values ...string) core.Request {
		return with(func(r *core.Request) { r.Header.(http.Header)[core.SignatureHeader] = values })
	}
	hops := func(values ...string) core.Request {
		return with(func(r *core.Request) { r.Header.(http.Header)[core.HopHeader] = values })
	}
	right := good.Header.Values(core.SignatureHeader)[0]
	forged := signed(t, sample, "LABEL_CREATED", "guess")

	for name, test := range map[string]struct {
		request    core.Request
		handler    core.Handler
		deadLetter core.Handler
		status     int
		code       string // of a refusal, else the status word
	}{
		"taken":                               {good, returns(nil), nil, 200, "accepted"},
		"no handler":                          {good, nil, nil, 200, "ignored"},
		"ignored":                             {good, returns(core.ErrIgnored), nil, 200, "ignored"},
		"GET":                                 {with(func(r *core.Request) { r.Method = "GET" }), returns(nil), nil, 405, "method_not_allowed"},
		"lower-case method":                   {with(func(r *core.Request) { r.Method = "post" }), returns(nil), nil, 405, "method_not_allowed"},
		"no headers at all":                   {with(func(r *core.Request) { r.Header = nil }), returns(nil), nil, 401, "signature_missing"},
		"no signature":                        {header(), returns(nil), nil, 401, "signature_missing"},
		"empty signature":                     {header(""), returns(nil), nil, 401, "signature_missing"},
		"malformed signature":                 {header("sha256=" + right[5:]), returns(nil), nil, 401, "signature_malformed"},
		"same signature twice":                {header(right, right), returns(nil), nil, 200, "accepted"},
		"two signatures, first right":         {header(right, "sha1="+strings.Repeat("0", 40)), returns(nil), nil, 401, "signature_malformed"},
		"forged":                              {forged, returns(nil), nil, 401, "signature_mismatch"},
		"altered body":                        {with(func(r *core.Request) { r.Body = append(slices.Clone(sample), ' ') }), returns(nil), nil, 401, "signature_mismatch"},
		"body over the limit":                 {signed(t, bytes.Repeat([]byte(" "), 1001), "X", "secret"), returns(nil), nil, 413, "body_too_large"},
		"body at the limit":                   {signed(t, bytes.Repeat([]byte(" "), 1000), "X", "secret"), returns(nil), nil, 200, "accepted"},
		"empty body":                          {signed(t, nil, "LABEL_CREATED", "secret"), returns(nil), nil, 400, "body_empty"},
		"body too large by the adapter":       {with(func(r *core.Request) { r.BodyError = core.ErrBodyTooLarge }), returns(nil), nil, 413, "body_too_large"},
		"body with bad base64":                {with(func(r *core.Request) { r.BodyError = errors.Join(core.ErrBodyEncoding, io.EOF) }), returns(nil), nil, 400, "body_encoding"},
		"body broken off":                     {with(func(r *core.Request) { r.BodyError = core.ErrBodyIncomplete }), returns(nil), nil, 400, "body_incomplete"},
		"no room for the body":                {with(func(r *core.Request) { r.BodyError = core.ErrOverloaded }), returns(nil), nil, 503, "overloaded"},
		"through a few receivers":             {hops("4"), returns(nil), nil, 200, "accepted"},
		"through too many receivers":          {hops("5"), returns(nil), nil, 508, "loop_detected"},
		"through a receiver without number":   {hops("99999999999999999999"), returns(nil), nil, 508, "loop_detected"},
		"through a receiver that miscounts":   {hops("-1"), returns(nil), nil, 508, "loop_detected"},
		"hops joined by a proxy":              {hops("1, 2"), returns(nil), nil, 508, "loop_detected"},
		"hops twice":                          {hops("1", "7"), returns(nil), nil, 508, "loop_detected"},
		"failed for now":                      {good, returns(errors.New("busy")), nil, 503, "delivery_failed"},
		"failed for now, with dead letter":    {good, returns(errors.New("busy")), returns(nil), 503, "delivery_failed"},
		"failed for good":                     {good, returns(core.Permanent(errors.New("no"))), nil, 500, "delivery_rejected"},
		"failed for good, dead letter takes":  {good, returns(core.Permanent(errors.New("no"))), returns(nil), 200, "accepted"},
		"failed for good, dead letter too":    {good, returns(core.Permanent(errors.New("no"))), returns(core.Permanent(errors.New("full"))), 500, "delivery_rejected"},
		"failed for good, dead letter busy":   {good, returns(core.Permanent(errors.New("no"))), returns(errors.New("full")), 503, "delivery_failed"},
		"failed for good, dead letter idle":   {good, returns(core.Permanent(errors.New("no"))), returns(core.ErrIgnored), 500, "delivery_rejected"},
		"failed for good, dead letter panics": {good, returns(core.Permanent(errors.New("no"))), panics(), 500, "delivery_rejected"},
		"panicked":                            {good, panics(), returns(nil), 500, "delivery_rejected"},
		"one of two panicked":                 {good, core.All(returns(nil), panics()), nil, 500, "delivery_rejected"},
		"not JSON":                            {signed(t, []byte("\xff\xfe{"), "LABEL_CREATED", "secret"), returns(nil), nil, 200, "accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			r := receiver(t, test.handler)
			r.Secrets, r.DeadLetter, r.MaxBody = staticSecrets(t, "other", "secret"), test.deadLetter, 1000
			got := r.Receive(t.Context(), test.request)
			var body struct{ Status, Code, Title, Detail, ID, Event any }
			if err := json.Unmarshal(got.Body, &body); err != nil {
				t.Fatalf("the answer %s is not JSON: %v", got.Body, err)
			}
			if got.Status != test.status {
				t.Errorf("status %d, want %d", got.Status, test.status)
			}
			fields := map[string]string{}
			for _, h := range got.Headers {
				fields[h.Name] = h.Value
			}
			if test.status == 200 {
				if body.Status != test.code || body.ID == nil || body.Event == nil || got.Code != "" || fields["Content-Type"] != "application/json" {
					t.Errorf("answer %s with %v, want status %s", got.Body, fields, test.code)
				}
				return
			}
			if body.Code != test.code || string(got.Code) != test.code || fields["Content-Type"] != "application/problem+json" ||
				body.Status != float64(test.status) || body.Title == nil || body.Detail == nil {
				t.Errorf("answer %s with %v, want code %s", got.Body, fields, test.code)
			}
			if (test.status == 405) != (fields["Allow"] == "POST") || (test.status == 503) != (fields["Retry-After"] != "") {
				t.Errorf("headers %v", fields)
			}
			for _, secret := range []string{"busy", "over the top", "full", "label", right[5:]} {
				if bytes.Contains(got.Body, []byte(secret)) {
					t.Errorf("the answer tells %q", secret)
				}
			}
		})
	}
}

func TestReceiveWithoutSecretsServesNobody(t *testing.T) {
	failing := func(err error) source { return func() ([]secret.Secret, error) { return nil, err } }
	for name, test := range map[string]struct {
		source secret.Source
		code   core.Code
		logged string
	}{
		"no source":           {nil, core.CodeSecretUnavailable, "no usable webhook secret"},
		"failing source":      {failing(errors.New("down")), core.CodeSecretUnavailable, "no usable webhook secret"},
		"empty source":        {failing(nil), core.CodeSecretUnavailable, "no usable webhook secret"},
		"wrong configuration": {failing(fmt.Errorf("%w: down with this", core.ErrMisconfigured)), core.CodeMisconfigured, "wrong configuration: down with this"},
	} {
		t.Run(name, func(t *testing.T) {
			handled := false
			r := receiver(t, core.HandlerFunc(func(context.Context, *core.Delivery) error { handled = true; return nil }))
			r.Secrets = test.source
			for _, req := range []core.Request{
				signed(t, sample, "LABEL_CREATED", "secret"),
				{Method: "POST", Body: sample, Header: http.Header{}},
			} {
				var log bytes.Buffer
				r.Observe = core.LogTo(slog.New(slog.NewJSONHandler(&log, nil)))
				got := r.Receive(t.Context(), req)
				if got.Status != 503 || got.Code != test.code || bytes.Contains(got.Body, []byte("down")) {
					t.Errorf("got %d %s %s", got.Status, got.Code, got.Body)
				}
				if !slices.Contains(got.Headers, core.HeaderField{Name: "Retry-After", Value: "10"}) {
					t.Errorf("headers %v", got.Headers)
				}
				var record struct{ Error string }
				if err := json.Unmarshal(log.Bytes(), &record); err != nil || !strings.HasPrefix(record.Error, test.logged) {
					t.Errorf("logged %s", &log)
				}
			}
			if handled {
				t.Error("handled all the same")
			}
		})
	}
}

// Nothing but the signature is looked up.
func TestNothingIsReadBeforeTheSignatureHolds(t *testing.T) {
	var asked []string
	req := signed(t, sample, "LABEL_CREATED", "guess")
	all := req.Header
	req.Header = lookup(func(name string) []string { asked = append(asked, name); return all.Values(name) })
	var log bytes.Buffer
	r := receiver(t, returns(nil))
	r.Observe = core.LogTo(slog.New(slog.NewJSONHandler(&log, nil)))
	if got := r.Receive(t.Context(), req); got.Status != 401 {
		t.Fatalf("status %d", got.Status)
	}
	if !slices.Equal(asked, []string{core.SignatureHeader}) {
		t.Errorf("looked up %v", asked)
	}
	if strings.Contains(log.String(), "delivery-") {
		t.Errorf("a forger's header is in the log: %s", &log)
	}
}

func TestReceiveLogsOneRecordWithoutSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		request core.Request
		handler core.Handler
		want    map[string]any
	}{
		"accepted": {signed(t, sample, "LABEL_CREATED", "secret"), returns(nil), map[string]any{
			"level": "INFO", "event": "label.created", "version": "v2", "project_id": "project", "subject": "label",
			"outcome": "accepted", "status": 200.0, "bytes": float64(len(sample)), "destinations": []any{"log:"},
			"delivery_id": "delivery-130", "key": core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, sample).Key(),
		}},
		"ignored":  {signed(t, sample, "LABEL_CREATED", "secret"), returns(core.ErrIgnored), map[string]any{"level": "INFO", "outcome": "ignored", "status": 200.0, "error": nil}},
		"failed":   {signed(t, sample, "LABEL_CREATED", "secret"), returns(errors.New("busy")), map[string]any{"level": "ERROR", "outcome": "failed", "status": 503.0, "code": "delivery_failed", "error": "busy"}},
		"panicked": {signed(t, sample, "LABEL_CREATED", "secret"), panics(), map[string]any{"level": "ERROR", "outcome": "rejected", "status": 500.0, "error": "panic in a handler: over the top"}},
		"forged":   {signed(t, sample, "LABEL_CREATED", "guess"), returns(nil), map[string]any{"level": "WARN", "outcome": "refused", "status": 401.0, "code": "signature_mismatch", "event": nil}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			r := receiver(t, test.handler)
			r.Observe = core.LogTo(slog.New(slog.NewJSONHandler(&log, nil)), "log:")
			r.Receive(t.Context(), test.request)
			var record map[string]any
			if err := json.Unmarshal(log.Bytes(), &record); err != nil {
				t.Fatalf("%v in %s", err, &log)
			}
			for name, want := range test.want {
				if got := record[name]; !reflect.DeepEqual(got, want) {
					t.Errorf("%s is %v, want %v", name, got, want)
				}
			}
			if _, ok := record["duration_ms"].(float64); !ok {
				t.Errorf("duration_ms is %v", record["duration_ms"])
			}
			if name == "panicked" && !strings.Contains(record["stack"].(string), "receiver_test.go") {
				t.Errorf("stack is %v", record["stack"])
			}
			for _, never := range []string{"sha1=", test.request.Header.Values(core.SignatureHeader)[0][5:], `"row"`, "data_row"} {
				if strings.Contains(log.String(), never) {
					t.Errorf("the log holds %q: %s", never, &log)
				}
			}
		})
	}
}

// A panic outside of the handlers is answered and observed too.
func TestPanicsOfSourcesAndObserversAreAnswered(t *testing.T) {
	var seen []core.Observation
	observe := func(_ context.Context, o core.Observation) { seen = append(seen, o) }
	for name, r := range map[string]*core.Receiver{
		"of the source":     {Secrets: source(func() ([]secret.Secret, error) { panic("broken") }), Observe: observe},
		"of the observer":   {Secrets: staticSecrets(t, "secret"), Observe: func(context.Context, core.Observation) { panic("broken") }},
		"of a nil receiver": {Secrets: staticSecrets(t, "secret"), Handler: (*core.Mux)(nil), Observe: observe},
	} {
		seen = nil
		got := r.Receive(t.Context(), signed(t, sample, "LABEL_CREATED", "secret"))
		if got.Status != 500 || got.Code != core.CodeDeliveryRejected || strings.Contains(string(got.Body), "broken") {
			t.Errorf("%s: answered %d %s", name, got.Status, got.Body)
		}
		var panicked *core.PanicError
		if name != "of the observer" && (len(seen) != 1 || !errors.As(seen[0].Err, &panicked) || len(panicked.Stack) == 0) {
			t.Errorf("%s: observed %v", name, seen)
		}
	}
}

func TestReceiveAnswersTheKeyWhereThereIsNoDeliveryID(t *testing.T) {
	r := receiver(t, returns(nil))
	req := signed(t, sample, "LABEL_CREATED", "secret")
	for id, want := range map[string]string{
		`a"b`: `a"b`, "\xff": "\ufffd", "": core.Identify(req.Header, sample).Key(),
		"\u009b2J\u202e\x7f\x1bé\U0001f642b": "\u009b2J\u202e\x7f\x1bé\U0001f642b", "\x9b2J": "\ufffd2J",
	} {
		req.Header.(http.Header).Set(core.IDHeader, id)
		var body struct{ ID string }
		answer := r.Receive(t.Context(), req).Body
		if err := json.Unmarshal(answer, &body); err != nil || body.ID != want {
			t.Errorf("X-Labelbox-Id %q is answered %q (%v), want %q", id, body.ID, err, want)
		}
		if bytes.ContainsFunc(answer, func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }) {
			t.Errorf("X-Labelbox-Id %q is answered %q, which a terminal may obey", id, answer)
		}
	}
}
