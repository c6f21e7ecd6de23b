package labelbox

import (
	"context"
	"iter"
)

// PageSize is how many webhooks are asked for at a time.
const PageSize = 100

// Webhook reads the webhook of that id, whatever its status. The error is an
// [ErrNotFound] if there is none.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	panic("under construction")
}

// WebhookProject reads which project the webhook belongs to; nil means that it
// is one of the whole organisation.
func (c *Client) WebhookProject(ctx context.Context, id string) (*Project, error) {
	panic("under construction")
}

// ProjectWebhooks iterates over the webhooks of a project, deactivated ones
// included, in Labelbox's order. Pages are read as they are needed, each with
// the retries of a read. After an error, which is an [ErrNotFound] if there is
// no such project, the iteration ends. It can be begun again.
//
// Each webhook comes once, even where one registered meanwhile moves the
// others to a later page.
func (c *Client) ProjectWebhooks(ctx context.Context, projectID string) iter.Seq2[Webhook, error] {
	panic("under construction")
}

// OrganizationWebhooks iterates, like [Client.ProjectWebhooks], over the
// webhooks of the organisation that the API key belongs to.
func (c *Client) OrganizationWebhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	panic("under construction")
}
