package labelbox

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cenkalti/backoff/v5"

	"github.com/labelhook/labelhook/core"
)

// NewWebhook is what [Client.CreateWebhook] registers. It prints without its
// secret, and encoding it leaves the secret out.
type NewWebhook struct {
	// URL is where Labelbox delivers: https, with a host. It may hold a key in
	// its query.
	URL string

	// Secret is what Labelbox signs with, by the rules of [core.NewSecret]: one
	// trailing line break is dropped, and other white space around it, an empty
	// one and an unresolved reference are refused. It cannot be read back or
	// changed later.
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
// or a failing server, it reads the list again: a new webhook that matches is
// the result, with AnswerLost set; with none, or several, the error is an
// [*OutcomeUnknownError]. It is one, too, when ctx ends while the creation is
// under way.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook) (CreatedWebhook, error) {
	return CreatedWebhook{}, errors.New("under construction")
}

var _ = slices.Contains[[]int]
var _ = utf8.ValidString
var _ = strings.ToLower
var _ = backoff.Permanent
var _ core.Secret
