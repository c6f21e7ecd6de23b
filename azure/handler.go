package azure

import (
	"bufio"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
)

// NewHandler answers what the Functions host passes on, in any of its three
// ways (see the package's comment), by what the receiver says. [Start] makes one
// from the environment; this is for those who make their own receiver and
// serve it themselves. Whatever the path, it must be that of a function whose
// folder has the name of the route.
//
// Log records made with the requests' contexts by a logger of [NewLogger] carry
// the invocation's id.
func NewHandler(receiver *core.Receiver) http.Handler {
	passedOn := nethttp.Handler(receiver)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(withInvocation(r.Context(), r.Header))
		if !mayBeEnvelope(r) {
			passedOn.ServeHTTP(w, r)
			return
		}
		body := bufio.NewReader(r.Body)
		if beginning, _ := body.Peek(peeked); !envelopeBeginning.Match(beginning) {
			r.Body = readCloser{body, r.Body}
			passedOn.ServeHTTP(w, r)
			return
		}
		request := readEnvelope(body, receiver.Limit())
		writeEnvelope(w, receiver.Receive(r.Context(), request))
	})
}

// mayBeEnvelope is about what is outside of the body: the host posts envelopes
// to a path of one segment, and the sender's headers are inside. What was passed on
// comes with the sender's signature, or else is refused anyway.
func mayBeEnvelope(r *http.Request) bool {
	return r.Method == http.MethodPost &&
		strings.Count(strings.TrimSuffix(r.URL.Path, "/"), "/") == 1 &&
		r.Header.Values(core.SignatureHeader) == nil
}

// envelopeBeginning is how the host begins every envelope, and Labelbox no
// payload.
var envelopeBeginning = regexp.MustCompile(`^\s*\{\s*"Data"\s*:`)

const peeked = 64 // bytes; the host writes no white space

type readCloser struct {
	io.Reader
	io.Closer
}
