package sender

import (
	"context"
	"crypto/tls"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
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
		return !errors.Is(r.Err, context.Canceled) && !IsHopeless(r.Err)
	}
	switch r.Status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return RetryAfter(r.Header) <= maxRetryAfter
	}
	return false
}

// IsHopeless reports whether no connection came about, for a reason that will
// not pass: the name does not exist, or the other end is not who it should be.
func IsHopeless(err error) bool {
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var address *net.AddrError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &untrusted) || errors.As(err, &notTLS) || errors.As(err, &address) ||
		errors.Is(err, http.ErrSchemeMismatch)
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
		s.wait(ctx, RetryAfter(result.Header)+pause/2+rand.N(pause/2))
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

// RetryAfter reads the header of that name: seconds, or a date, which is
// compared with the answer's own where it has one. It is 0 where there is none,
// and a day at most.
func RetryAfter(header http.Header) time.Duration {
	value := strings.TrimSpace(header.Get("Retry-After"))
	const most = 24 * 60 * 60 // seconds; keeps the product in range
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, most) * float64(time.Second))
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return min(max(until.Sub(now), 0), most*time.Second)
}
