package azure

import (
	"net/http"
	"os"
	"time"

	"github.com/labelhook/labelhook/azure/internal/timeout"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/deadline"
)

// NewHandler answers what the Functions host passes on, in any of its three
// ways (see the package's comment), by what the receiver says. [Start] makes one
// from the environment; this is for those who make their own receiver and
// serve it themselves. The handler takes every path; the path must be that of a
// function whose folder has the name of the route.
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
	limit := timeout.Limit(os.Getenv)
	receiver = deadline.Receiver(receiver)
	asItCame := nethttp.Handler(receiver)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		end := time.Now().Add(limit)
		http.NewResponseController(w).SetReadDeadline(end.Add(bodyGrace))
		ctx, cancel := deadline.Before(withInvocation(r.Context(), r.Header), end)
		defer cancel()
		r = r.WithContext(ctx)
		w = drainFirst{w, r.Body, end.Add(bodyGrace)}
		receive(w, r, receiver, asItCame)
	})
}

// bodyGrace lets handlers end by their own deadline: net/http cancels the
// context of a request whose reading is cut off, and says nothing of why.
const bodyGrace = time.Second
