// Package nethttp puts a [core.Receiver] behind net/http. The Google and Azure
// adapters and the local receiver stand on it.
package nethttp

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Handler answers every request by what the receiver says. It reads the body
// of those only that could be genuine by all but their body, into memory, and no
// further than the receiver's limit. Routing, timeouts and the limit on headers
// are the server's.
//
// The bodies in hand take no more memory than [Room] says. One for which there
// is no room waits five seconds for it at most, and is then answered 503. While
// others wait, a body of which less than 64 KiB come in a second is given up.
func Handler(receiver *core.Receiver) http.Handler { return HandlerTelling(receiver, nil) }

// HandlerTelling is [Handler], and tells refused of each request that the receiver
// did not believe, before it is answered: for a developer who wants to see why. The
// body of one answered 401 is read even where its signature is missing or no
// signature, so this is not for receivers that strangers reach. The body is nil if
// it was not read, and may be kept. refused is called concurrently, and the sender
// waits for it.
func HandlerTelling(receiver *core.Receiver, refused func(r *http.Request, body []byte, answer core.Response)) http.Handler {
	room := newRoom(receiver.Limit())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b := newBody(w, r, receiver.Limit(), room)
		defer b.claim.release()
		response := b.receive(receiver)
		if refused != nil && isRefusal(response) {
			if !b.begun && response.Status == http.StatusUnauthorized {
				_, _ = b.read() // for want of it there is none to show
			}
			refused(r, b.text, response)
		}
		Write(w, response)
	})
}

// isRefusal reports whether the request was not believed. What fails later is no
// secret to anybody who can read the log.
func isRefusal(r core.Response) bool {
	return r.Code != "" && r.Code != core.CodeDeliveryFailed && r.Code != core.CodeDeliveryRejected
}

// header is a request's header that can list its names.
type header http.Header

// Values looks the name up as it is first: nearly every one that is asked for is
// in its canonical form, which takes longer to find than the values do.
func (h header) Values(name string) []string {
	if values, found := h[name]; found {
		return values
	}
	return http.Header(h).Values(name)
}

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
	w.Write(response.Body) // an error means that the sender is gone
}

// body reads the body of one request.
type body struct {
	request *http.Request
	writer  http.ResponseWriter
	limit   int
	claim   claim
	begun   bool
	text    []byte // once it has come
}

func newBody(w http.ResponseWriter, r *http.Request, limit int, room *room) *body {
	b := &body{request: r, writer: w, limit: limit}
	b.claim = claim{room: room, giveUp: b.interrupt}
	return b
}

// receive has the receiver answer the request, which may read the body.
func (b *body) receive(receiver *core.Receiver) core.Response {
	r := b.request
	response := receiver.Receive(r.Context(), core.Request{Method: r.Method, Header: header(r.Header), ReadBody: b.read, Length: r.ContentLength})
	if !b.begun && r.ContentLength != 0 && r.ProtoMajor == 1 {
		// Else net/http would read a body up to 256 KiB before it sends the answer.
		b.writer.Header().Set("Connection", "close")
	}
	return response
}

// interrupt makes a read that waits for the sender fail.
func (b *body) interrupt() {
	http.NewResponseController(b.writer).SetReadDeadline(time.Unix(1, 0)) // an error means that only the sender can end it
}

// read reads the whole body. The room of one that cannot be had is free at once:
// its answer may have to wait for the sender.
func (b *body) read() ([]byte, error) {
	text, err := b.fill()
	if err != nil {
		b.claim.release()
	}
	b.text = text
	return text, err
}

// fill reads the whole body, into one piece of memory where its length was
// declared and it is modest. More than a piece it gets only once that has come:
// a sender that has signed nothing yet can claim any length. The limit closes the
// connection behind a body that breaks it, because reading on to the next request
// would mean reading the rest.
func (b *body) fill() ([]byte, error) {
	b.begun = true
	source := http.MaxBytesReader(b.writer, b.request.Body, int64(b.limit))
	var text []byte
	for {
		size := b.next(len(text))
		if err := b.claim.take(size - b.claim.bytes); err != nil {
			return nil, err
		}
		text = append(make([]byte, 0, size+1), text...) // one more, to see the end
		for len(text) < cap(text) {
			n, err := source.Read(text[len(text):cap(text)])
			text = text[:len(text)+n]
			if err != nil {
				return b.end(text, err)
			}
			b.claim.came(len(text))
		}
	}
}

// next is how much memory a body gets of which so much has come.
func (b *body) next(come int) int {
	declared := int(b.request.ContentLength)
	switch {
	case declared >= 0 && come == 0:
		return min(declared, piece)
	case declared >= 0:
		return max(declared, come) // no more comes than was declared, but for wrappers of a body
	case come == 0:
		return min(first, b.limit)
	}
	return min(growth*come, b.limit)
}

// end says what became of a body of which no more will come.
func (b *body) end(text []byte, err error) ([]byte, error) {
	if err == io.EOF && len(text) < cap(text)/2 {
		text = bytes.Clone(text) // it may be kept
	}
	kept := len(text)
	if err != io.EOF {
		kept = 0
	}
	told := b.claim.complete(kept)
	var tooLarge *http.MaxBytesError
	switch {
	case told: // even if the rest has come meanwhile: its connection is spoilt
		return nil, errors.Join(core.ErrOverloaded, errors.New("and this one comes slowly"))
	case err == io.EOF:
		return text, nil
	case errors.As(err, &tooLarge):
		return nil, core.ErrBodyTooLarge
	}
	return nil, errors.Join(core.ErrBodyIncomplete, err)
}
