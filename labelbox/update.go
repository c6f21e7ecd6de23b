package labelbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// WebhookUpdate says what of a webhook is to change. What is left at its zero
// value stays as it is; at least one must be set. A webhook's secret and
// project cannot be changed: register another webhook and deactivate this one.
type WebhookUpdate struct {
	URL    string  // by the same rules as that of a [NewWebhook]
	Topics []Topic // take the place of all topics there were
	Status Status
}

// UpdateWebhook changes a webhook and returns what it is then. The error is an
// [ErrNotFound] if there is no webhook of that id. An update whose answer was lost is
// sent again: its effect is the same.
func (c *Client) UpdateWebhook(ctx context.Context, id string, u WebhookUpdate) (Webhook, error) {
	return c.update(ctx, "update webhook", id, u)
}

// DeactivateWebhook switches a webhook off. This is as near to a deletion as
// Labelbox's API comes: nothing is delivered any more, but the webhook stays
// in the lists as [Inactive], and [Client.UpdateWebhook] can set it [Active]
// again. Deactivating it twice does no harm.
func (c *Client) DeactivateWebhook(ctx context.Context, id string) (Webhook, error) {
	return c.update(ctx, "deactivate webhook", id, WebhookUpdate{Status: Inactive})
}

func (c *Client) update(ctx context.Context, operation, id string, u WebhookUpdate) (Webhook, error) {
	variables := map[string]string{"id": id}
	if u.URL != "" {
		variables["url"] = u.URL
	}
	return c.webhook(ctx, "updateWebhook", ErrNotFound, request{operation: operation, wrong: cmp.Or(checkID("webhook", id), u.check(c.loopback)),
		document: updateDocument(u), variables: variables, secrets: private(u.URL)})
}

func (u WebhookUpdate) check(loopback bool) error {
	if u.URL == "" && u.Topics == nil && u.Status == "" {
		return errors.New("there is nothing to change; give a URL, topics or a status")
	}
	var url, topics, status error
	if u.URL != "" {
		url = checkURL(u.URL, loopback)
	}
	if u.Topics != nil {
		topics = checkTopics(u.Topics)
	}
	if u.Status != "" {
		status = u.Status.check()
	}
	return cmp.Or(url, topics, status)
}

// checkTopics refuses an empty list, which Labelbox would take: the webhook
// would be active and silent.
func checkTopics(topics []Topic) error {
	if len(topics) == 0 {
		return fmt.Errorf("there are no topics; give some of %s", join(Topics()))
	}
	for i, t := range topics {
		if err := t.check(); err != nil {
			return err
		}
		if slices.Contains(topics[:i], t) {
			return fmt.Errorf("the topic %s is there twice", t)
		}
	}
	return nil
}
