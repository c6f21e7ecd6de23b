package httpclient

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
)

// transport sends idempotent requests again, see [Options].
type transport struct {
	*http.Transport
	idempotent bool
}

// maxStale bounds how many dead connections one request may find.
const maxStale = 16

// RoundTrip implements [http.RoundTripper].
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	for stale := 0; ; stale++ {
		response, again, err := t.try(r)
		if !again || !t.idempotent || stale == maxStale {
			return response, err
		}
		if response != nil {
			response.Body.Close()
		}
		if r, err = rewound(r); err != nil {
			return nil, err
		}
		if stale > 0 {
			t.CloseIdleConnections() // they are probably all of one age
		}
	}
}

// try sends the request once; again says that what went wrong is that of a kept
// connection and not of the target: it was closed before an answer came, or with
// a 408, by which some targets say that they had waited long enough for a request
// (RFC 9110, 15.5.9).
func (t *transport) try(r *http.Request) (response *http.Response, again bool, err error) {
	var reused, answered atomic.Bool
	ctx := httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GotConn:              func(c httptrace.GotConnInfo) { reused.Store(c.Reused) },
		GotFirstResponseByte: func() { answered.Store(true) },
	})
	response, err = t.Transport.RoundTrip(r.WithContext(ctx))
	stale := !answered.Load() && isClosed(err) || err == nil && response.StatusCode == http.StatusRequestTimeout && response.Close
	return response, stale && reused.Load() && r.Context().Err() == nil && canRewind(r), err
}

func canRewind(r *http.Request) bool {
	return r.Body == nil || r.Body == http.NoBody || r.GetBody != nil
}

// rewound is the request with its body from the start.
func rewound(r *http.Request) (*http.Request, error) {
	again := r.WithContext(r.Context())
	if r.GetBody == nil {
		return again, nil
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, err
	}
	again.Body = body
	return again, nil
}

// closings are what a read or write says of a connection that the other end has
// closed, besides one error of net/http that has no name.
var closings = []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, net.ErrClosed}

// isClosed reports whether err says that the other end closed the connection.
func isClosed(err error) bool {
	return slices.ContainsFunc(closings, func(closed error) bool { return errors.Is(err, closed) }) ||
		err != nil && strings.Contains(err.Error(), "server closed idle connection")
}
