package bench_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	playground "github.com/go-playground/webhooks/v6/github"
	"github.com/google/go-github/v84/github"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	stripe "github.com/stripe/stripe-go/v84/webhook"

	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

// side runs one program on every body. It returns an error where it fails, so
// that nobody is fast by refusing.
type side struct {
	name string
	with func(tb testing.TB, body []byte) func() error
}

func compare(b *testing.B, sides []side) {
	for _, body := range bench.Bodies() {
		for _, s := range sides {
			b.Run(body.Name+"/"+s.name, func(b *testing.B) {
				work := s.with(b, body.Bytes)
				b.SetBytes(int64(len(body.Bytes)))
				b.ReportAllocs()
				for b.Loop() {
					if err := work(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

var verifiers = []side{
	{"labelhook", func(tb testing.TB, body []byte) func() error {
		secrets := []secret.Secret{bench.Key()}
		signature := core.Sign(body, secrets[0])
		return func() error { return core.Verify(body, signature, secrets) }
	}},
	{"go-github", func(tb testing.TB, body []byte) func() error {
		signature := core.Sign(body, bench.Key())
		return func() error { return github.ValidateSignature(signature, body, []byte(bench.Secret)) }
	}},
	{"stripe-go", func(tb testing.TB, body []byte) func() error {
		header := stripe.GenerateTestSignedPayload(&stripe.UnsignedPayload{Payload: body, Secret: bench.Secret}).Header
		return func() error { return stripe.ValidatePayloadIgnoringTolerance(body, header, bench.Secret) }
	}},
	{"standard-webhooks", func(tb testing.TB, body []byte) func() error {
		hook, err := standardwebhooks.NewWebhookRaw([]byte(bench.Secret))
		if err != nil {
			tb.Fatal(err)
		}
		now := time.Now()
		signature, err := hook.Sign("msg", now, body)
		if err != nil {
			tb.Fatal(err)
		}
		header := http.Header{}
		header.Set(standardwebhooks.HeaderWebhookID, "msg")
		header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
		header.Set(standardwebhooks.HeaderWebhookSignature, signature)
		return func() error { return hook.VerifyIgnoringTimestamp(body, header) }
	}},
}

// BenchmarkVerify holds the check of a signature against those of others. Each
// library has the scheme that it was made for: labelhook and go-github SHA-1,
// the others SHA-256.
func BenchmarkVerify(b *testing.B) { compare(b, verifiers) }

var receivers = []side{
	{"labelhook", func(tb testing.TB, body []byte) func() error {
		handler := nethttp.Handler(bench.Receiver(
			&core.Mux{LabelCreated: func(context.Context, *core.Delivery, *payload.LabelEvent) error { return nil }}))
		header := bench.Header(body)
		return func() error {
			w := httptest.NewRecorder()
			if handler.ServeHTTP(w, request(header, body)); w.Code != http.StatusOK {
				return fmt.Errorf("status %d: %s", w.Code, w.Body)
			}
			return nil
		}
	}},
	{"go-github", func(tb testing.TB, body []byte) func() error {
		header := http.Header{"X-Hub-Signature": {core.Sign(body, bench.Key())}, "X-Github-Event": {"push"}, "Content-Type": {"application/json"}}
		return func() error {
			r := request(header, body)
			payload, err := github.ValidatePayload(r, []byte(bench.Secret))
			if err != nil {
				return err
			}
			_, err = github.ParseWebHook(github.WebHookType(r), payload)
			return err
		}
	}},
	{"go-playground", func(tb testing.TB, body []byte) func() error {
		hook, err := playground.New(playground.Options.Secret(bench.Secret))
		if err != nil {
			tb.Fatal(err)
		}
		header := http.Header{"X-Hub-Signature-256": {sha256Signature(body)}, "X-Github-Event": {"push"}}
		return func() error {
			_, err := hook.Parse(request(header, body), playground.PushEvent)
			return err
		}
	}},
}

// BenchmarkReceive goes from an HTTP request to a typed event. To the libraries
// for GitHub the body is foreign: they read it all but keep hardly anything,
// which is less work than labelhook does.
func BenchmarkReceive(b *testing.B) { compare(b, receivers) }

var decoders = []side{
	{"labelhook, verified", func(tb testing.TB, body []byte) func() error {
		secrets := []secret.Secret{bench.Key()}
		header := bench.Header(body)
		return func() error {
			if err := core.Verify(body, header.Get(core.SignatureHeader), secrets); err != nil {
				return err
			}
			_, err := core.Identify(header, body).Label()
			return err
		}
	}},
	{"encoding_json", func(_ testing.TB, body []byte) func() error {
		return func() error { return json.Unmarshal(body, new(payload.LabelEvent)) }
	}},
	{"go-json-experiment", func(_ testing.TB, body []byte) func() error {
		return func() error { return jsonv2.Unmarshal(body, new(payload.LabelEvent)) }
	}},
}

// BenchmarkDecode reads a label into the same struct. Only labelhook verifies
// the body first.
func BenchmarkDecode(b *testing.B) { compare(b, decoders) }

// TestEverySideDoesItsWork keeps the comparison from rotting unnoticed.
func TestEverySideDoesItsWork(t *testing.T) {
	for _, sides := range [][]side{verifiers, receivers, decoders} {
		for _, s := range sides {
			for _, body := range bench.Bodies() {
				if err := s.with(t, body.Bytes)(); err != nil {
					t.Errorf("%s, %s: %v", s.name, body.Name, err)
				}
			}
		}
	}
}

func sha256Signature(body []byte) string {
	mac := hmac.New(sha256.New, []byte(bench.Secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func request(header http.Header, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook-endpoint", bytes.NewReader(body))
	r.Header = header
	return r
}
