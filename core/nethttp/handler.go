// Package nethttp puts a [core.Receiver] behind net/http. The Google and Azure
// adapters and the local receiver stand on it.
package nethttp

import (
	"bytes"
	"errors"
	"iter"
	"maps"
	"net/http"
	"strconv"

	"github.com/labelhook/labelhook/core"
)

// Handler answers every request by what the receiver says. It reads the body
// of POST requests only, into memory, and no further than the receiver's limit;
// a larger one is refused by its Content-Length before a byte is read. Routing,
// timeouts and the limit on headers are the server's.
func Handler(receiver *core.Receiver) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := core.Request{Method: r.Method, Header: header(r.Header)}
		if r.Method == http.MethodPost {
			request.Body, request.BodyError = readBody(w, r, receiver.Limit())
		}
		Write(w, receiver.Receive(r.Context(), request))
	})
}

// header is a request's header that can list its names.
type header http.Header

func (h header) Values(name string) []string { return http.Header(h).Values(name) }

// Names implements [core.Lister].
func (h header) Names() iter.Seq[string] { return maps.Keys(h) }

// Write sends a response of the receiver.
func Write(w http.ResponseWriter, response core.Response) {
	answer := w.Header()
	for _, h := range response.Headers {
		answer.Set(h.Name, h.Value)
	}
	answer.Set("Content-Length", strconv.Itoa(len(response.Body)))
	w.WriteHeader(response.Status)
	w.Write(response.Body) // an error means the sender is gone; there is nobody left to tell
}

// trusted is how much memory a Content-Length gets before a byte has come:
// whoever has not signed anything yet can claim any length.
const trusted = 1 << 20

// readBody reads the whole body, with one allocation where the Content-Length
// is modest. The limit closes the connection behind a body that breaks it,
// because reading on to the next request would mean reading the rest.
func readBody(w http.ResponseWriter, r *http.Request, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		w.Header().Set("Connection", "close")
		return nil, core.ErrBodyTooLarge
	}
	var body bytes.Buffer
	if r.ContentLength > 0 {
		body.Grow(int(min(r.ContentLength, trusted)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, int64(limit)))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return body.Bytes(), nil
	case errors.As(err, &tooLarge):
		return nil, core.ErrBodyTooLarge
	}
	return nil, errors.Join(core.ErrBodyIncomplete, err)
}
