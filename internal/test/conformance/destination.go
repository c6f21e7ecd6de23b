package conformance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Taken is one delivery as the destination got it.
type Taken struct {
	Body       []byte
	Attributes map[string]string // CloudEvents, by their bare names; nil where the destination keeps none
	DeadLetter bool              // it came to the dead letter
}

// Destination is an HTTP endpoint on a loopback address, for artefacts to
// deliver to. It refuses the bodies of the cases that want it to.
type Destination struct {
	URL   string
	mu    sync.Mutex
	taken []Taken
}

const deadLetterPath = "/dead-letter"

// What a body holds that the destination refuses, and what happens to it.
const (
	busy     = "the destination is busy"     // fails for now
	refused  = "the destination refuses it"  // fails for good; the dead letter takes it
	rejected = "nothing at all will take it" // fails for good, and the dead letter fails too
)

// NewDestination starts a destination that ends with the test.
func NewDestination(t testing.TB) *Destination {
	d := new(Destination)
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	d.URL = server.URL
	return d
}

// Taken returns what was delivered since the last call.
func (d *Destination) Taken(testing.TB) []Taken {
	d.mu.Lock()
	defer d.mu.Unlock()
	taken := d.taken
	d.taken = nil
	return taken
}

// ServeHTTP takes one delivery.
func (d *Destination) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	deadLetter := r.URL.Path == deadLetterPath
	holds := func(marker string) bool { return bytes.Contains(body, []byte(marker)) }
	switch {
	case err != nil:
		return // the artefact broke off, and wants no answer
	case holds(busy):
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case holds(rejected), holds(refused) && !deadLetter:
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	attributes := map[string]string{}
	for name, values := range r.Header {
		if bare, found := strings.CutPrefix(name, "Ce-"); found {
			value, err := url.PathUnescape(values[0])
			if err != nil {
				value = values[0] // and so differs from what is wanted
			}
			attributes[strings.ToLower(bare)] = value
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = append(d.taken, Taken{body, attributes, deadLetter})
}
