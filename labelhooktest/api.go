package labelhooktest

import (
	"net/http/httptest"
	"testing"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

// API is a stand-in of Labelbox's API for webhooks, on a loopback address. It
// refuses what the real one refuses, gives no secret back, and delivers events to
// the webhooks that are registered at it.
type API struct {
	URL string // for [labelbox.WithEndpoint] and LABELBOX_API_URL
	Key string // for [labelbox.NewClient] and LABELBOX_API_KEY

	fake *labelboxfake.API
}

// Receipt is what became of an event at one webhook.
type Receipt struct {
	WebhookID string
	Status    int   // what the receiver answered; 0 if it did not
	Err       error // why not
}

// NewAPI starts an API that ends with the test.
func NewAPI(t testing.TB) *API {
	t.Helper()
	const key = "labelhooktest-key"
	fake := labelboxfake.New(key)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	return &API{URL: server.URL, Key: key, fake: fake}
}

// Client returns a client of the API, which takes webhooks to loopback addresses
// too.
func (a *API) Client(t testing.TB) *labelbox.Client {
	t.Helper()
	c, err := labelbox.NewClient(a.Key, labelbox.WithEndpoint(a.URL), labelbox.WithLoopbackWebhooks())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// AddProject makes a project and returns its id.
func (a *API) AddProject(name string) string { return a.fake.AddProject(name) }

// Deliver signs an event with the secret of each active webhook that wants it,
// and sends it there.
func (a *API) Deliver(t testing.TB, event payload.Event, body []byte) []Receipt {
	t.Helper()
	sent, err := a.fake.Deliver(t.Context(), header(Secret, event, body).Get("X-Labelbox-Event"), body)
	if err != nil {
		t.Fatal(err)
	}
	var receipts []Receipt
	for _, r := range sent {
		receipts = append(receipts, Receipt{r.WebhookID, r.Status, r.Err})
	}
	return receipts
}
