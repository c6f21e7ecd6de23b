package labelbox_test

import (
	"cmp"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

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
	return carriedBy(t, carrierTo(api), options...)
}

// carrierTo carries requests to the API: what it does takes no time but that of
// a fault.
func carrierTo(api http.Handler) roundTrip {
	return func(r *http.Request) (response *http.Response, err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler: // the connection is lost, or given up
				err = cmp.Or(r.Context().Err(), io.ErrUnexpectedEOF)
			default:
				panic(p)
			}
		}()
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		return w.Result(), nil
	}
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

// withProject is a fake with the project p1.
func withProject() *labelboxfake.API {
	api := labelboxfake.New(apiKey)
	api.AddProjectWithID("p1", "Cats")
	return api
}

// served returns a client of a server on this machine.
func served(t *testing.T, server http.Handler, options ...labelbox.Option) *labelbox.Client {
	t.Helper()
	s := httptest.NewServer(server)
	t.Cleanup(s.Close)
	client, err := labelbox.NewClient(apiKey, append(options, labelbox.WithEndpoint(s.URL+"/graphql"))...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// inBubble runs a part of a test in the time of synctest.
func inBubble(t *testing.T, name string, test func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// newWebhook is one that there is nothing wrong with, of the organisation if no
// project is named.
func newWebhook(project string) labelbox.NewWebhook {
	return labelbox.NewWebhook{
		URL:               hook,
		Secret:            secret,
		Topics:            []labelbox.Topic{labelbox.TopicLabelUpdated, labelbox.TopicLabelCreated},
		ProjectID:         project,
		WholeOrganization: project == "",
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
