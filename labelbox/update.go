package labelbox

import "context"

// WebhookUpdate says what of a webhook is to change. What is left at its zero
// value stays as it is; at least one must be set. A webhook's secret and
// project cannot be changed: register another webhook and deactivate this one.
type WebhookUpdate struct {
	URL    string  // by the same rules as [NewWebhook.URL]
	Topics []Topic // take the place of all topics there were
	Status Status
}

// UpdateWebhook changes a webhook and returns what it is then. The error is an
// [ErrNotFound] if there is none of that id. An update that was lost may be
// sent again: its effect is the same.
func (c *Client) UpdateWebhook(ctx context.Context, id string, u WebhookUpdate) (Webhook, error) {
	panic("under construction")
}

// DeactivateWebhook switches a webhook off. This is as near to a deletion as
// Labelbox's API comes: nothing is delivered any more, but the webhook stays
// in the lists as [Inactive], and [Client.UpdateWebhook] can set it [Active]
// again. Deactivating it twice does no harm.
func (c *Client) DeactivateWebhook(ctx context.Context, id string) (Webhook, error) {
	return c.UpdateWebhook(ctx, id, WebhookUpdate{Status: Inactive})
}
