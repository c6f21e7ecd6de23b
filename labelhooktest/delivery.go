package labelhooktest

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
)

// Secret is the webhook secret that [Delivery] and [Receive] sign with.
const Secret = "labelhooktest-2f8d1c"

// DeliveryID is the X-Labelbox-Id of what is made here.
const DeliveryID = "labelhooktest-delivery"

// Sample returns a payload as Labelbox's documentation prints it
// (https://docs.labelbox.com/reference/webhook); of reviews, model runs and
// [payload.Unknown] one like it. [payload.NoVersion] is as good as [payload.V2].
// It panics where there is no such payload, which is so only for an event or a
// version that does not exist.
func Sample(event payload.Event, version payload.Version) []byte {
	if version == payload.NoVersion {
		version = payload.V2
	}
	s, found := samples.Find(event, version)
	if !found {
		panic(fmt.Sprintf("labelhooktest: no sample of event %q and version %q", event, version))
	}
	return s.Body()
}

// Delivery returns a delivery of the body as a receiver hands it to a handler:
// named by the event, signed with [Secret].
func Delivery(event payload.Event, body []byte) *core.Delivery {
	return core.Identify(header(Secret, event, body), body)
}

// Request returns a request as Labelbox makes it, signed with that secret, for
// [net/http/httptest] or a client. To make a forged one, sign with another secret
// or change its header or body. It panics on a text that is no secret, see
// [secret.New].
func Request(key, url string, event payload.Event, body []byte) *http.Request {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		panic(fmt.Sprintf("labelhooktest: %v", err))
	}
	r.Header = header(key, event, body)
	return r
}

func header(key string, event payload.Event, body []byte) http.Header {
	s, err := secret.New(key)
	if err != nil {
		panic(fmt.Sprintf("labelhooktest: %v", err))
	}
	return http.Header{
		core.SignatureHeader: {core.Sign(body, s)},
		core.IDHeader:        {DeliveryID},
		core.EventHeader:     {strings.ToUpper(strings.ReplaceAll(string(event), ".", "_"))},
		"Content-Type":       {"application/json"},
	}
}

// Receive sends a signed delivery through a receiver around the handler and
// returns what the sender is answered: 200 where the handler took or ignored it,
// 503 where it failed for now, 500 where it failed for good or panicked. The
// receiver's log goes to the test's.
func Receive(t testing.TB, handler core.Handler, event payload.Event, body []byte) core.Response {
	t.Helper()
	r := &core.Receiver{Secrets: Secrets(), Handler: handler, Observe: core.LogTo(slog.New(slog.NewTextHandler(t.Output(), nil)))}
	defer core.FlushLog()
	return r.Receive(t.Context(), core.Request{Method: http.MethodPost, Header: header(Secret, event, body), Body: body})
}

// Secrets is the source of [Secret], for a [core.Receiver] of one's own.
func Secrets() secret.Source {
	s, err := secret.New(Secret)
	if err != nil {
		panic(err) // a test calls it
	}
	source, err := secret.Static(s)
	if err != nil {
		panic(err)
	}
	return source
}
