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

// connect returns a client of the fake, or of another server, that no network
// is between, so that pauses can be tested in the time of synctest.
func connect(t *testing.T, server http.Handler, options ...labelbox.Option) *labelbox.Client {
	t.Helper()
	return newClient(t, append(options, labelbox.WithHTTPClient(&http.Client{Transport: carrier{server}}))...)
}

func newClient(t *testing.T, options ...labelbox.Option) *labelbox.Client {
	t.Helper()
	client, err := labelbox.NewClient(apiKey, options...)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// carrier carries requests to a server: what it does takes no time but that of a
// fault.
type carrier struct{ server http.Handler }

func (c carrier) RoundTrip(r *http.Request) (response *http.Response, err error) {
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
	c.server.ServeHTTP(w, r)
	return w.Result(), nil
}

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
	return newClient(t, append(options, labelbox.WithEndpoint(s.URL+"/graphql"))...)
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
