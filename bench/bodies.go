// Package bench holds labelhook against other libraries. It is a module of its
// own, so that their weight never reaches who uses labelhook:
//
//	go test -bench .     every library side by side, on the same bodies
//	go run ./budgets     the budgets of labelhook, as ratios measured in one run
package bench

import (
	"log/slog"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
)

// Secret signs everything here.
const Secret = "benchmark-secret"

// Key is [Secret] as labelhook signs and verifies with it.
func Key() secret.Secret {
	key, err := secret.New(Secret)
	if err != nil {
		panic(err)
	}
	return key
}

// Receiver makes a receiver that has the secret and writes no log.
func Receiver(handler core.Handler) *core.Receiver {
	secrets, err := secret.Static(Key())
	if err != nil {
		panic(err)
	}
	return &core.Receiver{Secrets: secrets, Handler: handler, Observe: core.LogTo(slog.New(slog.DiscardHandler))}
}

// Body is a payload to measure with.
type Body struct {
	Name  string
	Bytes []byte
}

// Bodies returns the two that budgets are stated for: the documentation's v2
// label (2.4 KB), and the same with its object repeated until it has 1 MB.
func Bodies() []Body {
	sample, found := samples.Find(payload.LabelCreated, payload.V2)
	if !found {
		panic("the v2 sample is gone")
	}
	return []Body{{"2.4 KB", sample.Body()}, {"1 MB", samples.Large(1 << 20)}}
}

// Header returns what comes with such a body.
func Header(body []byte) http.Header {
	return http.Header{
		core.SignatureHeader: {core.Sign(body, Key())},
		core.EventHeader:     {"LABEL_CREATED"},
		core.IDHeader:        {"5d1f3a9a-3f0c-4d6e-9e39-4b0a3f6f2c11"},
		"Content-Type":       {"application/json"},
	}
}
