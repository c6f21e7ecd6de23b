package core_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// The handler is told the count, so that who posts the delivery on can raise it.
func TestDeliveriesKnowTheirHops(t *testing.T) {
	for value, want := range map[string]int{"": 0, "0": 0, "1": 1, "4": 4} {
		got := -1
		r := &core.Receiver{Secrets: staticSecrets(t, "secret"), Observe: core.LogTo(quiet()), Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			got = d.Hops
			return nil
		})}
		request := signed(t, sample, "LABEL_CREATED", "secret")
		if value != "" {
			request.Header.(http.Header).Set(core.HopHeader, value)
		}
		if answer := r.Receive(t.Context(), request); answer.Status != 200 || got != want {
			t.Errorf("%q: %d with %d hops", value, answer.Status, got)
		}
	}
}
