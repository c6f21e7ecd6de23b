// Package destinationtest makes deliveries for the tests of destinations.
package destinationtest

import (
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// Signature is the X-Hub-Signature of every delivery made here. It is of the
// right form and of no secret.
const Signature = "sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"

// New returns a delivery with that id and that X-Labelbox-Event.
func New(id, event string, body []byte) *core.Delivery {
	return core.Identify(http.Header{
		core.IDHeader:        {id},
		core.EventHeader:     {event},
		core.SignatureHeader: {Signature},
		"Content-Type":       {"application/json"},
	}, body)
}

// Label returns the sample of a created v2 label, with the id "delivery".
func Label(t testing.TB) *core.Delivery {
	t.Helper()
	s, found := samples.Find(payload.LabelCreated, payload.V2)
	if !found {
		t.Fatal("no sample")
	}
	return New("delivery", s.Header, s.Body())
}
