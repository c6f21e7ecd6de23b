package nethttp

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// Verify passes on to next what was signed with one of the secrets, and refuses
// everything else as [Handler] does, with the same answers. It is for a server
// that has a handler for the body already: next reads the proven bytes from the
// request's Body as if nothing had been read, and its answer is the answer. For a
// router with middleware, such as chi, wrap it:
//
//	r.Use(func(next http.Handler) http.Handler { return nethttp.Verify(secrets, next) })
//
// A body has at most [core.DefaultMaxBody]; [http.MaxBytesHandler] around Verify
// sets a lower limit. Refusals are logged by [slog.Default].
func Verify(secrets secret.Source, next http.Handler) http.Handler {
	room := newRoom(core.DefaultMaxBody)
	log := core.LogTo(nil)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var proven *core.Delivery
		receiver := &core.Receiver{
			Secrets: secrets,
			Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { proven = d; return nil }),
			Observe: func(ctx context.Context, o core.Observation) {
				if o.Outcome == core.Refused {
					log(ctx, o)
				}
			},
		}
		b := newBody(w, r, receiver.Limit(), room)
		defer b.claim.release()
		response := b.receive(receiver)
		if proven == nil {
			Write(w, response)
			return
		}
		again := r.WithContext(r.Context()) // a copy, for the request is the server's
		again.Body, again.ContentLength = io.NopCloser(bytes.NewReader(proven.Body)), int64(len(proven.Body))
		next.ServeHTTP(w, again)
	})
}
