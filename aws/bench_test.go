package aws

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

const benchSecret = "secret"

// benchEvents are Function URL events with the v2 sample as it is (2.4 KB), and
// with its object repeated until it is 1 MB.
func benchEvents(tb testing.TB) map[string][]byte {
	s, _ := samples.Find(payload.LabelCreated, payload.V2)
	small := s.Body()
	all := map[string][]byte{}
	for size, body := range map[string][]byte{"2.4KB": small, "1MB": samples.Large(1 << 20)} {
		for form, contentType := range map[string]string{"text": "application/json", "base64": "application/octet-stream"} {
			all[size+"/"+form] = lambdahost.FunctionURL.Event(lambdahost.Request{Method: "POST", Body: body, Header: [][2]string{
				{"Content-Type", contentType},
				{"X-Labelbox-Id", "delivery"},
				{"X-Labelbox-Event", "LABEL_CREATED"},
				{"X-Hub-Signature", core.Sign(body, mustSecret(tb))},
			}})
		}
	}
	return all
}

func benchmark(b *testing.B, f func(b *testing.B, payload []byte)) {
	all := benchEvents(b)
	for _, name := range []string{"2.4KB/text", "2.4KB/base64", "1MB/text", "1MB/base64"} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(all[name])))
			b.ReportAllocs()
			f(b, all[name])
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	benchmark(b, func(b *testing.B, payload []byte) {
		for b.Loop() {
			if e, err := decode(payload); err != nil || e.request.BodyError != nil {
				b.Fatal(err, e.request.BodyError)
			}
		}
	})
}

// BenchmarkInvoke is all between the runtime and a handler: envelope, verify,
// identify and the answer. The module bench holds it against the same done with
// the types of aws-lambda-go.
func BenchmarkInvoke(b *testing.B) {
	benchmark(b, func(b *testing.B, payload []byte) {
		secrets, err := secret.Static(mustSecret(b))
		required.NoError(b, err)
		h := NewHandler(&core.Receiver{
			Secrets: secrets,
			Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }),
			Observe: core.LogTo(slog.New(slog.DiscardHandler)),
		})
		for b.Loop() {
			answer, err := h.Invoke(b.Context(), payload)
			if err != nil || !bytes.HasPrefix(answer, []byte(`{"statusCode":200,`)) {
				b.Fatal(string(answer), err)
			}
		}
	})
}

func mustSecret(tb testing.TB) secret.Secret {
	secret, err := secret.New(benchSecret)
	if err != nil {
		tb.Fatal(err)
	}
	return secret
}
