package labelboxfake

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/sender"
)

// Receipt is what became of one delivery.
type Receipt struct {
	WebhookID string
	sender.Result
}

// Deliver sends an event, signed with each webhook's own secret, to the webhooks
// that are active, have its topic, and are of its project or of the whole
// organisation. event is in Labelbox's spelling, such as LABEL_CREATED. The
// project is the one that body names.
//
// It returns one receipt for each such webhook, in the order of their creation,
// and an error only for an event that is no topic or a secret that nothing can
// be signed with.
func (a *API) Deliver(ctx context.Context, event string, body []byte) ([]Receipt, error) {
	named, ok := payload.ParseEvent(event)
	if !ok {
		return nil, fmt.Errorf("%q is no event", event)
	}
	client := sender.NewClient(1, 10*time.Second, nil)
	defer client.CloseIdleConnections()
	var receipts []Receipt
	for _, w := range a.Webhooks() {
		if !w.wants(named, body) {
			continue
		}
		secret, err := secret.New(w.Secret)
		if err != nil {
			return receipts, fmt.Errorf("webhook %s: %w", w.ID, err)
		}
		request := sender.Signed(body, event, secret)
		receipts = append(receipts, Receipt{w.ID, sender.Do(ctx, client, w.URL, request)})
	}
	return receipts, nil
}

func (w Webhook) wants(event payload.Event, body []byte) bool {
	subscribed := slices.ContainsFunc(w.Topics, func(topic string) bool {
		e, ok := payload.ParseEvent(topic)
		return ok && e == event
	})
	isOwners := w.ProjectID == "" || w.ProjectID == core.Identify(http.Header{}, body).ProjectID
	return w.Status == "ACTIVE" && subscribed && isOwners
}
