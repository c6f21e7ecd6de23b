package azure

import (
	"io"
	"net/http"
	"time"

	"github.com/labelhook/labelhook/azure/internal/envelope"
	"github.com/labelhook/labelhook/core"
)

// receive answers the sender's request, which the host passes on as it came or in
// an envelope that describes it (see the package's comment).
func receive(w http.ResponseWriter, r *http.Request, receiver *core.Receiver, asItCame http.Handler) {
	if envelope.Open(r) {
		envelope.Write(w, receiver.Receive(r.Context(), envelope.Read(r, receiver.Limit())))
	} else {
		asItCame.ServeHTTP(w, r)
	}
}

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
	http.NewResponseController(d.ResponseWriter).SetReadDeadline(d.end) // a slow sender may have been cut off
	io.Copy(io.Discard, d.body)                                         // an error means the host is gone
	d.Header().Del("Connection")
	d.ResponseWriter.WriteHeader(status)
}
