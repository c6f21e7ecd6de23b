//go:build !race

package core_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/jsonlog"
)

// The race detector empties pools at random, so this test is not for it; "make
// test" runs it apart.
func TestVerifyAllocatesNothing(t *testing.T) {
	body := bodies()["2.4KB"]
	secrets := []secret.Secret{mustSecret(t, "a"), mustSecret(t, "b")}
	signature := core.Sign(body, secrets[1])
	if n := testing.AllocsPerRun(100, func() {
		if err := core.Verify(body, signature, secrets); err != nil {
			t.Fatal(err)
		}
	}); n >= 1 { // the pool may be emptied by a collection in between
		t.Errorf("%v allocations a call", n)
	}
}

// The whole path that a deployed receiver takes: what remains are the delivery,
// its ids, its key, the four of its attributes, the record, the list of
// destinations and the answer.
func TestADeliveryAllocatesTenTimes(t *testing.T) {
	r := receiver(t, core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { d.Attributes(); return nil }))
	r.Observe = core.LogTo(slog.New(jsonlog.New(io.Discard, nil, jsonlog.Fields{})), "sqs")
	req := signed(t, bodies()["2.4KB"], "LABEL_CREATED", "secret")
	if n := testing.AllocsPerRun(100, func() {
		if got := r.Receive(t.Context(), req); got.Status != 200 {
			t.Fatal(got.Status)
		}
	}); n >= 11 {
		t.Errorf("%v allocations a delivery", n)
	}
}
