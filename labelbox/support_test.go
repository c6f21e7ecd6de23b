package labelbox_test

import (
	"io"
	"log"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

const (
	apiKey = "eyJhbGciOi.key"
	secret = "correct horse"
	hook   = "https://receiver.acme.dev/hook?code=functionkey"
)

// silent is where a test server complains about what the test does on purpose.
var silent = log.New(io.Discard, "", 0)

// connect returns a client of the fake that no network is between, so that
// pauses can be tested in the time of synctest.
func connect(t *testing.T, api *labelboxfake.API, options ...labelbox.Option) *labelbox.Client {
	return carriedBy(t, api.Transport(), options...)
}

func carriedBy(t *testing.T, carrier http.RoundTripper, options ...labelbox.Option) *labelbox.Client {
	t.Helper()
	options = append([]labelbox.Option{labelbox.WithHTTPClient(&http.Client{Transport: carrier})}, options...)
	client, err := labelbox.NewClient(apiKey, options...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// roundTrip is a server, and the network before it, in one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newWebhook is one that there is nothing wrong with.
func newWebhook(project string) labelbox.NewWebhook {
	return labelbox.NewWebhook{
		URL:       hook,
		Secret:    secret,
		Topics:    []labelbox.Topic{labelbox.TopicLabelUpdated, labelbox.TopicLabelCreated},
		ProjectID: project,
	}
}

// sent returns how often each field was asked for.
func sent(api *labelboxfake.API) map[string]int {
	counts := map[string]int{}
	for _, r := range api.Requests() {
		counts[r.Field]++
	}
	return counts
}
