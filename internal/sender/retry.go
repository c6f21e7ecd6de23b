package sender

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/labelhook/labelhook/internal/httpclient"
)

// How long to wait before a request is sent again: about a quarter of a second,
// each time twice as long, and what the receiver asks for in Retry-After on top.
// One that asks for more than maxRetryAfter is not waited for.
const (
	firstPause    = 250 * time.Millisecond
	longestPause  = 30 * time.Second
	maxRetryAfter = 2 * time.Minute
)

// Temporary reports whether the same request may be taken later: the receiver
// says so (408, 429, 502, 503, 504), or the connection failed in a way that passes.
func (r Result) Temporary() bool {
	if r.Err != nil {
		return !errors.Is(r.Err, context.Canceled) && !httpclient.IsHopeless(r.Err)
	}
	switch r.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return httpclient.RetryAfter(r.Header) <= maxRetryAfter
	}
	return false
}

// deliver sends a request, and again while that may help, none is left and ctx
// has not ended. What is under way ends with underWay.
func (s *Sender) deliver(ctx, underWay context.Context, client *http.Client, r Request) Result {
	pause := firstPause
	for retries := 0; ; retries++ {
		result := Do(underWay, client, s.URL, r)
		result.Retries = retries
		if retries >= s.Retries || ctx.Err() != nil || !result.Temporary() {
			return result
		}
		// Half of it is chance, so that those refused together do not come back together.
		s.wait(ctx, httpclient.RetryAfter(result.Header)+pause/2+rand.N(pause/2))
		if ctx.Err() != nil {
			return result
		}
		pause = min(2*pause, longestPause)
	}
}

func (s *Sender) wait(ctx context.Context, d time.Duration) {
	if s.pause != nil {
		s.pause(ctx, d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
