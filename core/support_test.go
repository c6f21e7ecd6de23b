package core_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

var sample = []byte(`{"data_row":{"id":"row"},"projects":{"project":{"labels":[{"id":"label","label_details":{"updated_at":"2024-05-06T17:18:48Z"}}]}}}`)

// identified is a delivery of which nothing was proven.
func identified(event string, body []byte) *core.Delivery {
	return core.Identify(http.Header{core.EventHeader: {event}}, body)
}

// signed is a request as Labelbox makes it.
func signed(tb testing.TB, body []byte, event, secret string) core.Request {
	tb.Helper()
	return core.Request{Method: "POST", Body: body, Header: http.Header{
		core.SignatureHeader: {core.Sign(body, mustSecret(tb, secret))},
		core.EventHeader:     {event},
		core.IDHeader:        {fmt.Sprintf("delivery-%d", len(body))},
		"Content-Type":       {"application/json"},
	}}
}

// receiver has the secret "secret", and a log that nobody reads.
func receiver(tb testing.TB, handler core.Handler) *core.Receiver {
	tb.Helper()
	return &core.Receiver{Secrets: staticSecrets(tb, "secret"), Handler: handler, Observe: core.LogTo(quiet())}
}

func quiet() *slog.Logger { return slog.New(slog.NewJSONHandler(io.Discard, nil)) }

func returns(err error) core.Handler {
	return core.HandlerFunc(func(context.Context, *core.Delivery) error { return err })
}

func panics() core.Handler {
	return core.HandlerFunc(func(context.Context, *core.Delivery) error { panic("over the top") })
}

func mustSecret(tb testing.TB, text string) secret.Secret {
	tb.Helper()
	s, err := secret.New(text)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func staticSecrets(tb testing.TB, texts ...string) secret.Source {
	tb.Helper()
	var secrets []secret.Secret
	for _, text := range texts {
		secrets = append(secrets, mustSecret(tb, text))
	}
	source, err := secret.Static(secrets...)
	if err != nil {
		tb.Fatal(err)
	}
	return source
}

// source is a secret.Source that fails, or panics, in some way.
type source func() ([]secret.Secret, error)

func (s source) Secrets(context.Context) ([]secret.Secret, error) { return s() }

// lookup is a core.Header.
type lookup func(name string) []string

func (l lookup) Values(name string) []string { return l(name) }
