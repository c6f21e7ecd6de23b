package azure

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/deadline"
)

// NewHandler answers what the Functions host passes on, in any of its three
// ways (see the package's comment), by what the receiver says. [Start] makes one
// from the environment; this is for those who make their own receiver and
// serve it themselves. Whatever the path, it must be that of a function whose
// folder has the name of the route.
//
// The context of the receiver's handlers ends when three quarters of the host's
// functionTimeout are over, as it is in the environment or in host.json, for a
// host whose invocation takes longer kills the process and all that it is doing.
// A handler that has not returned soon after is left behind, and the sender is
// asked to try again: the delivery may then have been taken, and come a second
// time, with the same key. A body that has not come by then is given up.
//
// Log records made with the requests' contexts by a logger of [NewLogger] carry
// the invocation's id.
func NewHandler(receiver *core.Receiver) http.Handler {
	limit := timeLimit(os.Getenv)
	receiver = deadline.Receiver(receiver)
	passedOn := nethttp.Handler(receiver)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(limit)
		http.NewResponseController(w).SetReadDeadline(end.Add(bodyGrace))
		ctx, cancel := deadline.Before(withInvocation(r.Context(), r.Header), end)
		defer cancel()
		r = r.WithContext(ctx)
		w = drainFirst{w, r.Body, end.Add(bodyGrace)}
		if !mayBeEnvelope(r) {
			passedOn.ServeHTTP(w, r)
			return
		}
		body := bufio.NewReader(r.Body)
		if beginning, _ := body.Peek(peeked); !isEnvelope(beginning) {
			r.Body = readCloser{body, r.Body}
			passedOn.ServeHTTP(w, r)
			return
		}
		read := readEnvelope
		if r.ContentLength < 0 || r.ContentLength > smallEnvelope {
			read = readInTurn(ctx)
		}
		writeEnvelope(w, receiver.Receive(ctx, read(body, receiver.Limit())))
	})
}

// bodyGrace lets handlers end by their own deadline: net/http cancels the
// context of a request whose reading is cut off, and says nothing of why.
const bodyGrace = time.Second

// mayBeEnvelope is about what is outside of the body: the host posts envelopes
// to a path of one segment, and the sender's headers are inside. What was passed on
// comes with the sender's signature, or else is refused anyway.
func mayBeEnvelope(r *http.Request) bool {
	return r.Method == http.MethodPost &&
		strings.Count(strings.TrimSuffix(r.URL.Path, "/"), "/") == 1 &&
		r.Header.Values(core.SignatureHeader) == nil
}

// isEnvelope reports whether a body begins as the host's envelopes do, with
// one of their two members: no payload of Labelbox's has either.
func isEnvelope(beginning []byte) bool {
	name, found := bytes.CutPrefix(trim(beginning), []byte("{"))
	if !found {
		return false
	}
	for _, member := range []string{`"Data"`, `"Metadata"`} {
		if rest, found := bytes.CutPrefix(trim(name), []byte(member)); found {
			return bytes.HasPrefix(trim(rest), []byte(":"))
		}
	}
	return false
}

func trim(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

const peeked = 64 // bytes; the host writes no white space

// drainFirst reads what is left of the request's body before it answers. The
// host has most bodies whole already, and takes a connection that closes before
// it could write everything for a failure: the sender of a body over the limit
// would get 500 and not 413.
type drainFirst struct {
	http.ResponseWriter
	body io.Reader
	end  time.Time
}

// Unwrap is for [http.ResponseController].
func (d drainFirst) Unwrap() http.ResponseWriter { return d.ResponseWriter }

func (d drainFirst) WriteHeader(status int) {
	http.NewResponseController(d.ResponseWriter).SetReadDeadline(d.end) // whoever was slow may have been cut off
	io.Copy(io.Discard, d.body)                                         // an error means the host is gone
	d.Header().Del("Connection")
	d.ResponseWriter.WriteHeader(status)
}

type readCloser struct {
	io.Reader
	io.Closer
}
