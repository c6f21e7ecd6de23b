package gcp

import (
	"net/http"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/deadline"
)

// margin is what the answer needs to reach the sender in time.
const margin = time.Second

// NewHandler returns a handler for functions.HTTP that answers every request
// by what the receiver says, at every path. Only what browsers ask for by
// themselves, /favicon.ico and /robots.txt, is not found and not logged.
//
// The context of the receiver's handlers ends a second before the request's
// time is over, which the framework takes from CLOUD_RUN_TIMEOUT_SECONDS, or when
// three quarters of it are. A handler that has not returned soon after is left
// behind, and the sender is answered 503, not the platform's 504: the delivery
// may then have been taken, and come a second time, with the same key.
//
// Log records of the request's context carry its trace and execution id if the
// logger was made by [NewLogger]. Unlike a function made by [Register], the
// handler knows nothing of SIGTERM.
func NewHandler(receiver *core.Receiver) http.Handler {
	deliveries := nethttp.Handler(deadline.Receiver(receiver)) // makes the core.Request: nothing is between it and the sender's
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && (r.URL.Path == "/favicon.ico" || r.URL.Path == "/robots.txt") {
			http.NotFound(w, r)
			return
		}
		ctx, cancel := deadline.WithMargin(withOrigin(r.Context(), originOf(r)), margin)
		defer cancel()
		deliveries.ServeHTTP(w, r.WithContext(ctx))
	})
}
