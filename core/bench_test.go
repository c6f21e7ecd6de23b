package core_test

import (
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// bodies are the two sizes that the budgets are stated for: the v2 sample as
// it is (2.4 KB), and with its object repeated until it is 1 MB.
func bodies() map[string][]byte {
	s, _ := samples.Find(payload.LabelCreated, payload.V2)
	return map[string][]byte{"2.4KB": s.Body(), "1MB": samples.Large(1 << 20)}
}

// Benchmark times the steps of a delivery. The module bench holds them, and
// verifying and decoding, against other libraries.
func Benchmark(b *testing.B) {
	for name, prepare := range map[string]func(b *testing.B, body []byte) (step func() (done bool)){
		"Receive": func(b *testing.B, body []byte) func() bool {
			r, req := receiver(b, returns(nil)), signed(b, body, "LABEL_CREATED", "secret")
			return func() bool { return r.Receive(b.Context(), req).Status == 200 }
		},
		"Identify": func(_ *testing.B, body []byte) func() bool {
			header := http.Header{}
			return func() bool { return core.Identify(header, body).Version == payload.V2 }
		},
		"Key": func(_ *testing.B, body []byte) func() bool {
			return func() bool { return core.Identify(http.Header{}, body).Key() != "" }
		},
	} {
		for size, body := range bodies() {
			b.Run(name+"/"+size, func(b *testing.B) {
				step := prepare(b, body)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					if !step() {
						b.Fatal("not done")
					}
				}
			})
		}
	}
}
