package labelbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cenkalti/backoff/v5"

	"github.com/labelhook/labelhook/core/secret"
)

// NewWebhook is what [Client.CreateWebhook] registers. It prints without its
// secret, and encoding it leaves the secret out.
type NewWebhook struct {
	// URL is where Labelbox delivers: https, with a host. It may hold a key in
	// its query.
	URL string

	// Secret is what Labelbox signs with, by the rules of [secret.New]: one
	// trailing line break is dropped, and what is probably no secret is refused.
	// It cannot be read back or changed later.
	Secret string `json:"-"`

	Topics []Topic // at least one of [Topics], none twice; the order is kept

	// Exactly one of them says whose labels are meant: those of one project, or
	// of every project in the organisation that the API key belongs to.
	ProjectID         string
	WholeOrganization bool
}

// String hides the secret, and what the URL's query may hold.
func (w NewWebhook) String() string {
	where := "project " + w.ProjectID
	if w.WholeOrganization {
		where = "the organisation"
	}
	return fmt.Sprintf("a webhook of %s to %s for %s", where, hostOf(w.URL), join(w.Topics))
}

// GoString hides the secret from %#v.
func (w NewWebhook) GoString() string { return w.String() }

// CreatedWebhook is the result of a creation.
type CreatedWebhook struct {
	Webhook

	// AnswerLost is nil if Labelbox answered the creation. Otherwise it is the
	// [*Error] that came instead, and the webhook was found by looking: it is
	// the only one of that URL, those topics and that project, or organisation,
	// which was not there before.
	AnswerLost error
}

// CreateWebhook registers a webhook, which is active at once. Everything that
// can be checked is checked before anything is sent; what is wrong is an
// [ErrInvalid].
//
// Labelbox would register a repeated request a second time, so a creation is
// sent again only when the first one was certainly not carried out. To be able
// to tell, CreateWebhook reads the list of webhooks before (unless the API key
// may not). If the answer is then lost, through a timeout, a broken connection
// or a failing server, it reads the list again, several times with pauses: a
// new webhook that matches is the result, with AnswerLost set; with none, or
// several, the error is an [*OutcomeUnknownError]. It is one, too, when ctx
// ends while the creation is under way.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook) (CreatedWebhook, error) {
	const operation = "create webhook"
	// Without what [secret.New] drops, the text sent is the one that receivers verify with.
	w.Secret = strings.TrimSuffix(strings.TrimSuffix(w.Secret, "\n"), "\r")
	if err := w.check(c.loopback); err != nil {
		return CreatedWebhook{}, refuse(operation, err)
	}
	before, err := c.everyWebhook(ctx, w)
	blind := errors.Is(err, ErrAuthorization)
	if err != nil && !blind {
		return CreatedWebhook{}, fmt.Errorf("%s, reading what there is first: %w", operation, err)
	}
	created, sendErr := c.create(ctx, operation, w)
	var lost *Error
	if !errors.As(sendErr, &lost) || !lost.doubtful {
		return CreatedWebhook{Webhook: created}, sendErr
	}
	if blind {
		return CreatedWebhook{}, &OutcomeUnknownError{Lost: lost, Search: err}
	}
	found, err := c.awaitNew(ctx, w, before)
	if err != nil || len(found) != 1 {
		return CreatedWebhook{}, &OutcomeUnknownError{Lost: lost, Search: err, Found: found}
	}
	return CreatedWebhook{Webhook: found[0], AnswerLost: lost}, nil
}

func (c *Client) create(ctx context.Context, operation string, w NewWebhook) (Webhook, error) {
	variables := map[string]string{"url": w.URL, "secret": w.Secret}
	if !w.WholeOrganization {
		variables["projectId"] = w.ProjectID
	}
	return c.webhook(ctx, "createWebhook", ErrUnexpected, request{operation: operation, document: createDocument(w), variables: variables,
		secrets: append(private(w.URL), w.Secret), once: true})
}

// awaitNew looks, until it finds some or has looked often enough, for the
// webhooks that were not there before and look like w.
func (c *Client) awaitNew(ctx context.Context, w NewWebhook, before []Webhook) ([]Webhook, error) {
	notYet := errors.New("not yet")
	found, err := backoff.Retry(ctx, func() ([]Webhook, error) {
		found, err := c.newSince(ctx, w, before)
		switch {
		case err != nil:
			return nil, backoff.Permanent(err)
		case len(found) == 0:
			return nil, notYet
		}
		return found, nil
	}, backoff.WithBackOff(c.pauses()), backoff.WithMaxTries(c.attempts), backoff.WithMaxElapsedTime(maxElapsed))
	if errors.Is(err, notYet) {
		return nil, nil
	}
	return found, err
}

// newSince returns the active webhooks that were not there before and have the
// URL, topics and owner of w.
func (c *Client) newSince(ctx context.Context, w NewWebhook, before []Webhook) ([]Webhook, error) {
	now, err := c.everyWebhook(ctx, w)
	if err != nil {
		return nil, err
	}
	var found []Webhook
	for _, candidate := range now {
		isOld := slices.ContainsFunc(before, func(old Webhook) bool { return old.ID == candidate.ID })
		if isOld || candidate.Status != Active || candidate.URL != w.URL || !sameTopics(candidate.Topics, w.Topics) {
			continue
		}
		if w.WholeOrganization { // whose list may hold those of projects as well
			project, err := c.WebhookProject(ctx, candidate.ID)
			if err != nil {
				return nil, err
			}
			if project != nil {
				continue
			}
		}
		found = append(found, candidate)
	}
	return found, nil
}

// everyWebhook lists the webhooks among which w will be.
func (c *Client) everyWebhook(ctx context.Context, w NewWebhook) ([]Webhook, error) {
	list := c.OrganizationWebhooks(ctx)
	if !w.WholeOrganization {
		list = c.ProjectWebhooks(ctx, w.ProjectID)
	}
	var all []Webhook
	for webhook, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, webhook)
	}
	return all, nil
}

func sameTopics(a, b []Topic) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func (w NewWebhook) check(loopback bool) error {
	_, refused := secret.New(w.Secret)
	if err := cmp.Or(checkURL(w.URL, loopback), refused, checkTopics(w.Topics)); err != nil {
		return err
	}
	switch {
	case w.WholeOrganization && w.ProjectID != "":
		return errors.New("both a project and the whole organisation are given; choose one")
	case w.WholeOrganization:
		return nil
	case w.ProjectID == "":
		return errors.New("neither a project nor the whole organisation is given")
	}
	return checkID("project", w.ProjectID)
}
