package core_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
)

// bodies are the two sizes that the budgets are stated for: the v2 sample as
// it is (2.4 KB), and with its object repeated until it is 1 MB.
func bodies() map[string][]byte {
	s, _ := samples.Find(payload.LabelCreated, payload.V2)
	return map[string][]byte{"2.4KB": s.Body(), "1MB": samples.Large(1 << 20)}
}

func benchmark(b *testing.B, f func(b *testing.B, body []byte)) {
	for _, size := range []string{"2.4KB", "1MB"} {
		body := bodies()[size]
		b.Run(size, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			f(b, body)
		})
	}
}

// BenchmarkHMAC is the baseline of the others: crypto/hmac with its state kept.
func BenchmarkHMAC(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		mac := hmac.New(sha1.New, []byte("secret"))
		var sum [sha1.Size]byte
		for b.Loop() {
			mac.Reset()
			mac.Write(body)
			mac.Sum(sum[:0])
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		secrets := []secret.Secret{mustSecret(b, "secret")}
		signature := core.Sign(body, secrets[0])
		for b.Loop() {
			if err := core.Verify(body, signature, secrets); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReceive(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		r := &core.Receiver{
			Secrets: staticSecrets(b, "secret"),
			Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }),
			Observe: core.LogTo(slog.New(slog.DiscardHandler)),
		}
		req := signed(b, body, "LABEL_CREATED", "secret")
		for b.Loop() {
			if got := r.Receive(b.Context(), req); got.Status != 200 {
				b.Fatal(got.Status)
			}
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		header := http.Header{}
		for b.Loop() {
			if d := core.Identify(header, body); d.Version != payload.V2 {
				b.Fatal(d.Version)
			}
		}
	})
}

// BenchmarkVerifyAndDecode is what a consumer pays that trusts nothing.
func BenchmarkVerifyAndDecode(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		secrets := []secret.Secret{mustSecret(b, "secret")}
		signature := core.Sign(body, secrets[0])
		header := http.Header{core.EventHeader: {"LABEL_CREATED"}}
		for b.Loop() {
			if err := core.Verify(body, signature, secrets); err != nil {
				b.Fatal(err)
			}
			if _, err := core.Identify(header, body).Label(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkEncodingJSON decodes into the same struct, without verifying.
func BenchmarkEncodingJSON(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			var e payload.LabelEvent
			if err := json.Unmarshal(body, &e); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkKey is what the log line or a destination adds.
func BenchmarkKey(b *testing.B) {
	benchmark(b, func(b *testing.B, body []byte) {
		for b.Loop() {
			core.Identify(http.Header{}, body).Key()
		}
	})
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
