package gcp

import (
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
)

// NewHandler returns a handler for functions.HTTP that answers every request
// by what the receiver says, at every path. Only what browsers ask for by
// themselves, /favicon.ico and /robots.txt, is not found and not logged.
//
// Log records of the request's context carry its trace and execution id if the
// logger was made by [NewLogger]. Unlike a function made by [Register], the
// handler knows nothing of SIGTERM.
func NewHandler(receiver *core.Receiver) http.Handler {
	deliveries := nethttp.Handler(receiver)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost && (r.URL.Path == "/favicon.ico" || r.URL.Path == "/robots.txt") {
			http.NotFound(w, r)
			return
		}
		deliveries.ServeHTTP(w, r.WithContext(withOrigin(r.Context(), originOf(r))))
	})
}
