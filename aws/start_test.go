package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

// started is what Start would run with these variables.
func started(t *testing.T, out *bytes.Buffer, variables map[string]string, h core.Handler, options ...core.Option) func() lambdahost.Answer {
	t.Helper()
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	running := function(func(name string) string { return variables[name] }, nil, out, h, options)
	return func() lambdahost.Answer {
		t.Helper()
		payload, err := running.Invoke(t.Context(), genuine(t, lambdahost.ALB))
		required.NoError(t, err)
		a, err := lambdahost.ALB.Answer(payload)
		required.NoError(t, err)
		return a
	}
}

// destinationsIn are the destinations of the last line.
func destinationsIn(t *testing.T, log string) string {
	t.Helper()
	all := strings.Split(strings.TrimSpace(log), "\n")
	var line struct{ Destinations []string }
	required.NoError(t, json.Unmarshal([]byte(all[len(all)-1]), &line))
	return strings.Join(line.Destinations, " ")
}

type spy struct {
	taken int
	err   error
}

func (s *spy) Handle(context.Context, *core.Delivery) error { s.taken++; return s.err }

func TestStartGivesDeliveriesToTheHandlerAndTheEnvironmentsDestinations(t *testing.T) {
	variables := map[string]string{"LABELBOX_WEBHOOK_SECRET": benchSecret}
	var out bytes.Buffer
	own, other, letters := new(spy), new(spy), new(spy)
	open := func(s *spy) core.Option {
		return core.WithDestination("spy", func(url string) (core.Handler, error) {
			if url == "spy:letters" {
				return letters, nil
			}
			return s, nil
		})
	}

	if a := started(t, &out, variables, own)(); a.Status != 200 || own.taken != 1 || destinationsIn(t, out.String()) != "handler" {
		t.Errorf("own handler: %d, taken %d, %s", a.Status, own.taken, &out)
	}
	variables["LABELHOOK_DESTINATIONS"] = "spy:other"
	if a := started(t, &out, variables, own, open(other))(); a.Status != 200 || own.taken != 2 || other.taken != 1 || destinationsIn(t, out.String()) != "handler spy:" {
		t.Errorf("both: %d, taken %d and %d, %s", a.Status, own.taken, other.taken, &out)
	}
	if a := started(t, &out, variables, nil, open(other))(); a.Status != 200 || own.taken != 2 || other.taken != 2 || destinationsIn(t, out.String()) != "spy:" {
		t.Errorf("destination: %d, taken %d and %d, %s", a.Status, own.taken, other.taken, &out)
	}
	variables["LABELHOOK_DEAD_LETTER"] = "spy:letters"
	own.err = core.Permanent(errors.New("no"))
	if a := started(t, &out, variables, own, open(other))(); a.Status != 200 || letters.taken != 1 {
		t.Errorf("dead letter: %d, taken %d", a.Status, letters.taken)
	}
}

func TestStartWithSecretsAndLoggerOfTheCallers(t *testing.T) {
	secrets, err := secret.Static(mustSecret(t))
	required.NoError(t, err)
	var stdout, log bytes.Buffer
	send := started(t, &stdout, nil, new(spy), core.WithSecrets(secrets), core.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if a := send(); a.Status != 200 {
		t.Errorf("status %d", a.Status)
	}
	if stdout.Len() > 0 || !strings.Contains(log.String(), "outcome=accepted") {
		t.Errorf("stdout %q, log %q", &stdout, &log)
	}
}

// A secret that cannot be had at the start is no reason to end.
func TestSecretThatComesLater(t *testing.T) {
	source := &secret.Cached{RetryEvery: 1}
	there := false
	source.Fetch = func(context.Context) ([]secret.Secret, error) {
		if !there {
			return nil, errors.New("the manager is down")
		}
		return []secret.Secret{mustSecret(t)}, nil
	}
	var out bytes.Buffer
	send := started(t, &out, nil, new(spy), core.WithSecrets(source))
	if !strings.Contains(out.String(), "the manager is down") || strings.Count(out.String(), "\n") != 1 {
		t.Errorf("logged %s", &out)
	}
	if a := send(); a.Status != 503 || a.Header.Get("Retry-After") == "" {
		t.Errorf("status %d", a.Status)
	}
	there = true
	if a := send(); a.Status != 200 {
		t.Errorf("status %d", a.Status)
	}
}

// A destination is known by its bare ARN too, if its service is linked.
func TestStartTakesBareARNs(t *testing.T) {
	for arn, want := range map[string]string{ // what the opener is given, "" if refused
		"arn:aws:sqs:eu-west-1:123456789012:labels":          "sqs://arn:aws:sqs:eu-west-1:123456789012:labels",
		"arn:aws:events:eu-west-1:123456789012:event-bus/my": "eventbridge://arn:aws:events:eu-west-1:123456789012:event-bus/my",
		"arn:aws:s3:::labels/raw":                            "",
		"arn:aws:sns:eu-west-1:123456789012:labels":          "",
		"arn:aws:arn:eu-west-1:123456789012:labels":          "",
		"arn:": "",
	} {
		var given string
		open := func(url string) (core.Handler, error) { given = url; return new(spy), nil }
		var out bytes.Buffer
		variables := map[string]string{"LABELBOX_WEBHOOK_SECRET": benchSecret, "LABELHOOK_DESTINATIONS": arn}
		a := started(t, &out, variables, nil, core.WithDestination("sqs", open), core.WithDestination("eventbridge", open))()
		if (a.Status == 200) != (want != "") || given != want {
			t.Errorf("%s: status %d, opened %q, want %q; it logged %s", arn, a.Status, given, want, &out)
		}
	}
}
