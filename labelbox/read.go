package labelbox

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"
)

// PageSize is how many webhooks are asked for at a time.
const PageSize = 100

// Webhook reads the webhook of that id, in any status. The error is an
// [ErrNotFound] if there is no such webhook.
func (c *Client) Webhook(ctx context.Context, id string) (Webhook, error) {
	const operation = "get webhook"
	if err := checkID("webhook", id); err != nil {
		return Webhook{}, refuse(operation, err)
	}
	data, err := run[struct {
		Webhook *webhookData `json:"webhook"`
	}](ctx, c, request{operation: operation, document: webhookDocument, variables: map[string]string{"id": id}})
	if err != nil {
		return Webhook{}, err
	}
	return data.Webhook.required(operation, ErrNotFound)
}

// WebhookProject reads which project the webhook belongs to; nil means that it
// is one of the whole organisation. The error is an [ErrNotFound] if there is
// no such webhook.
func (c *Client) WebhookProject(ctx context.Context, id string) (*Project, error) {
	const operation = "get the webhook's project"
	if err := checkID("webhook", id); err != nil {
		return nil, refuse(operation, err)
	}
	data, err := run[struct {
		Webhook *struct {
			Project *struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"project"`
		} `json:"webhook"`
	}](ctx, c, request{operation: operation, document: projectDocument, variables: map[string]string{"id": id}})
	switch {
	case err != nil:
		return nil, err
	case data.Webhook == nil:
		return nil, missing(operation, ErrNotFound)
	case data.Webhook.Project == nil:
		return nil, nil
	}
	return &Project{data.Webhook.Project.ID, data.Webhook.Project.Name}, nil
}

// ProjectWebhooks iterates over the webhooks of a project, deactivated ones
// included, in Labelbox's order. Pages are read as they are needed, each with
// the retries of a read. After an error, which is an [ErrNotFound] if there is
// no such project, the iteration ends. It can be begun again.
//
// Each webhook comes once, even where one registered meanwhile moves the
// others to a later page.
func (c *Client) ProjectWebhooks(ctx context.Context, projectID string) iter.Seq2[Webhook, error] {
	const operation = "list the project's webhooks"
	if err := checkID("project", projectID); err != nil {
		return func(yield func(Webhook, error) bool) { yield(Webhook{}, refuse(operation, err)) }
	}
	return c.webhooks(ctx, "project", func(skip int) request {
		return request{operation: operation, document: projectWebhooksDocument(skip), variables: map[string]string{"projectId": projectID}}
	})
}

// OrganizationWebhooks iterates, like [Client.ProjectWebhooks], over the
// webhooks of the organisation that the API key belongs to.
func (c *Client) OrganizationWebhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	return c.webhooks(ctx, "organization", func(skip int) request {
		return request{operation: "list the organisation's webhooks", document: organizationWebhooksDocument(skip)}
	})
}

// webhooks iterates over the pages of the owner's webhooks. There is no total
// count: the last page is the one that is not full.
func (c *Client) webhooks(ctx context.Context, owner string, page func(skip int) request) iter.Seq2[Webhook, error] {
	return func(yield func(Webhook, error) bool) {
		seen := map[string]bool{}
		for skip := 0; ; skip += PageSize {
			r := page(skip)
			rows, err := readPage(ctx, c, owner, r)
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

func readPage(ctx context.Context, c *Client, owner string, r request) ([]*webhookData, error) {
	data, err := run[map[string]*struct {
		Webhooks *[]*webhookData `json:"webhooks"`
	}](ctx, c, r)
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

// webhookData is a webhook as the API writes it.
type webhookData struct {
	ID        string         `json:"id"`
	URL       string         `json:"url"`
	Topics    []Topic        `json:"topics"`
	Status    Status         `json:"status"`
	CreatedAt jsontext.Value `json:"createdAt"`
	UpdatedAt jsontext.Value `json:"updatedAt"`
}

// required returns the webhook, or an error of the kind if the API wrote null.
func (d *webhookData) required(operation string, otherwise error) (Webhook, error) {
	switch {
	case d == nil:
		return Webhook{}, missing(operation, otherwise)
	case d.ID == "":
		return Webhook{}, missing(operation, ErrUnexpected)
	}
	return Webhook{ID: d.ID, URL: d.URL, Topics: d.Topics, Status: d.Status, CreatedAt: moment(d.CreatedAt), UpdatedAt: moment(d.UpdatedAt)}, nil
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
