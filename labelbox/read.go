package labelbox

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PageSize is how many webhooks are asked for at a time.
const PageSize = 100

// Webhook reads the webhook of that id, in any status. The error is an
// [ErrNotFound] if there is no such webhook.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	return c.webhook(ctx, "webhook", ErrNotFound, request{operation: "get webhook", wrong: checkID("webhook", id),
		document: webhookDocument, variables: map[string]string{"id": id}})
}

// webhook sends a request and returns the webhook that the answer has in the
// field, or an error of the kind if there is null.
func (c *Client) webhook(ctx context.Context, field string, otherwise error, r request) (Webhook, error) {
	data, err := run[map[string]*Webhook](ctx, c, r)
	if err != nil {
		return Webhook{}, err
	}
	return data[field].required(r.operation, otherwise)
}

// WebhookProject reads which project the webhook belongs to; nil means that it
// is one of the whole organisation. The error is an [ErrNotFound] if there is
// no such webhook.
func (c *Client) WebhookProject(ctx context.Context, id string) (*Project, error) {
	r := request{operation: "get the webhook's project", wrong: checkID("webhook", id),
		document: projectDocument, variables: map[string]string{"id": id}}
	data, err := run[struct{ Webhook *struct{ Project *Project } }](ctx, c, r)
	switch {
	case err != nil:
		return nil, err
	case data.Webhook == nil:
		return nil, missing(r.operation, ErrNotFound)
	}
	return data.Webhook.Project, nil
}

// ProjectWebhooks iterates over the webhooks of a project, deactivated ones
// included, in Labelbox's order. Pages are read as they are needed, each with
// the retries of a read. After an error, which is an [ErrNotFound] if there is
// no such project, the iteration ends. It can be begun again.
//
// Each webhook comes once, even where one registered meanwhile moves the
// others to a later page.
func (c *Client) ProjectWebhooks(ctx context.Context, projectID string) iter.Seq2[Webhook, error] {
	return c.webhooks(ctx, "project", projectWebhooksDocument, request{operation: "list the project's webhooks",
		wrong: checkID("project", projectID), variables: map[string]string{"projectId": projectID}})
}

// OrganizationWebhooks iterates, like [Client.ProjectWebhooks], over the
// webhooks of the organisation that the API key belongs to.
func (c *Client) OrganizationWebhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	return c.webhooks(ctx, "organization", organizationWebhooksDocument, request{operation: "list the organisation's webhooks"})
}

// webhooks iterates over the pages of the owner's webhooks. There is no total
// count: the last page is the one that is not full.
func (c *Client) webhooks(ctx context.Context, owner string, page func(skip int) string, r request) iter.Seq2[Webhook, error] {
	return func(yield func(Webhook, error) bool) {
		seen := map[string]bool{}
		for skip := 0; ; skip += PageSize {
			r.document = page(skip)
			rows, err := c.page(ctx, owner, r)
			if err != nil {
				yield(Webhook{}, err)
				return
			}
			before := len(seen)
			for _, row := range rows {
				w, err := row.required(r.operation, ErrUnexpected)
				if err != nil {
					yield(Webhook{}, err)
					return
				}
				if seen[w.ID] {
					continue
				}
				seen[w.ID] = true
				if !yield(w, nil) {
					return
				}
			}
			switch {
			case len(rows) < PageSize:
				return
			case len(seen) == before:
				yield(Webhook{}, &Error{Operation: r.operation, Kind: ErrUnexpected,
					Message: fmt.Sprintf("the page behind the first %d webhooks has only those again", skip)})
				return
			}
		}
	}
}

func (c *Client) page(ctx context.Context, owner string, r request) ([]*Webhook, error) {
	data, err := run[map[string]*struct{ Webhooks *[]*Webhook }](ctx, c, r)
	switch {
	case err != nil:
		return nil, err
	case data[owner] == nil:
		return nil, missing(r.operation, ErrNotFound)
	case data[owner].Webhooks == nil:
		return nil, missing(r.operation, ErrUnexpected)
	}
	return *data[owner].Webhooks, nil
}

// decoding takes the API's names, which differ from those of the fields by
// their case, and its dates.
var decoding = json.JoinOptions(
	json.MatchCaseInsensitiveNames(true),
	json.WithUnmarshalers(json.UnmarshalFunc(func(value []byte, t *time.Time) error {
		*t = moment(value)
		return nil
	})),
)

// required returns the webhook, or an error of the kind if the API wrote null.
func (w *Webhook) required(operation string, otherwise error) (Webhook, error) {
	switch {
	case w == nil:
		return Webhook{}, missing(operation, otherwise)
	case w.ID == "":
		return Webhook{}, missing(operation, ErrUnexpected)
	}
	return *w, nil
}

// moment reads a date with or without fractions of a second. One that UTC has
// outside the years 1 to 9999 cannot be written as JSON again, and counts as missing.
func moment(value jsontext.Value) time.Time {
	t, err := time.Parse(time.RFC3339, text(value)) // takes a fraction as well
	if t = t.UTC(); err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// missing is the error of an answer in which null, or nothing, stands where
// something should.
func missing(operation string, kind error) *Error {
	e := &Error{Operation: operation, Kind: kind, Message: "Labelbox knows of none", Status: 200}
	if kind == ErrUnexpected {
		e.Message, e.doubtful = "what was asked for is not in it", true
	}
	return e
}

// refuse is the error of a request that this package does not send.
func refuse(operation string, reason error) *Error {
	return &Error{Operation: operation, Kind: ErrInvalid, Message: tidy(reason.Error())}
}

// checkID refuses what cannot be the id of a thing.
func checkID(thing, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("the %s id is empty", thing)
	case strings.ContainsAny(id, "<>{}"):
		return fmt.Errorf("the %s id is a placeholder; write the id itself", thing)
	case strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }):
		return fmt.Errorf("the %s id has white space or control characters in it", thing)
	}
	return nil
}
