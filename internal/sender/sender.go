// Package sender sends webhook deliveries over HTTP, one or very many, and
// measures how they are taken.
//
// [Sender.Send] is a load generator: a fixed number of workers keep their
// connections and take requests from an iterator that is read only as fast as
// they are sent, so memory does not grow with the number of requests. What is not taken for now can be sent again.
// [Set] edits a payload, [Template] makes payloads that differ from each other
// out of one, [Signed] makes a delivery of a payload.
package sender

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"io"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/labelhook/labelhook/internal/httpclient"
)

// Timeout is how long one request may take, answer included.
const Timeout = 30 * time.Second

const (
	// maxAnswer is how much of an answer is kept. Receivers answer in a line.
	maxAnswer = 64 << 10
	// patience is how long the rest of an answer is waited for once its status
	// is there.
	patience = 500 * time.Millisecond
	// grace is how long an interrupt lets requests under way be answered: the
	// receiver has them, and the sender wants to know.
	grace = 3 * time.Second
)

// Request is one HTTP request to send.
type Request struct {
	Method  string      // "" means POST
	Header  http.Header // sent as it is; not changed, so it may be shared
	Body    []byte
	Chunked bool // send the body in chunks, without a Content-Length

	Index int // in the caller's list; not sent
}

// Result is what became of one request.
type Result struct {
	Request Request
	Status  int           // 0 if no answer came
	Header  http.Header   // of the answer
	Answer  []byte        // the answer's body, or the beginning of one that is long or does not end
	Latency time.Duration // connecting included, to the last byte of the answer
	Err     error         // why no answer came; [httpclient.Reason] puts it in words
	Retries int           // how many times it had been sent before
}

// OK reports whether the status is 2xx.
func (r Result) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// Sender sends requests to one URL. It may be used again and concurrently.
type Sender struct {
	URL         string
	Concurrency int          // requests under way at the same time; less than 1 means 1
	Retries     int          // how many times one that was not taken for now is sent again, see [Result.Temporary]
	Client      *http.Client // nil means one with [Timeout] for each Send

	pause func(ctx context.Context, d time.Duration) // nil means by the clock
	grace time.Duration                              // 0 means [grace]
}

// NewClient returns a client that keeps up to concurrency connections open and
// gives up on a request after timeout. roots are the authorities whose
// certificates it trusts, nil for the system's.
func NewClient(concurrency int, timeout time.Duration, roots *x509.CertPool) *http.Client {
	return httpclient.New(httpclient.Options{Timeout: timeout, Connections: concurrency, RootCAs: roots, Idempotent: true})
}

// Send sends all requests and sums up what became of them. onResult, which may
// be nil, is called for each result, one at a time. requests is read in another
// goroutine, a little ahead of the sending; it has ended when Send returns.
//
// When ctx ends, nothing more is sent. What is under way is given a few seconds
// to be answered; what is not by then has failed with [context.Canceled]: it is
// not known whether the receiver took it.
func (s *Sender) Send(ctx context.Context, requests iter.Seq[Request], onResult func(Result)) Summary {
	workers := max(s.Concurrency, 1)
	client := s.Client
	if client == nil {
		client = NewClient(workers, Timeout, nil)
		defer client.CloseIdleConnections()
	}
	underWay, giveUp := graceful(ctx, cmp.Or(s.grace, grace))
	defer giveUp()
	queue := make(chan Request, workers)
	var running sync.WaitGroup
	running.Go(func() {
		defer close(queue)
		for r := range requests {
			select {
			case queue <- r:
			case <-ctx.Done():
				return
			}
		}
	})
	var mu sync.Mutex
	summary, latencies := newSummary(), new(histogram)
	began := time.Now()
	for range workers {
		running.Go(func() {
			for r := range queue {
				if ctx.Err() != nil {
					continue
				}
				result := s.deliver(ctx, underWay, client, r)
				mu.Lock()
				summary.add(result)
				if result.Err == nil {
					latencies.add(result.Latency)
				}
				if onResult != nil {
					onResult(result)
				}
				mu.Unlock()
			}
		})
	}
	running.Wait()
	summary.Elapsed = time.Since(began)
	summary.Interrupted = ctx.Err() != nil
	summary.Latency = latencies.percentiles()
	return summary
}

// graceful returns a context that outlives ctx by the grace.
func graceful(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	underWay, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	var late *time.Timer
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		late = time.AfterFunc(grace, giveUp)
		close(interrupted)
	})
	return underWay, func() {
		if !stop() {
			<-interrupted
			late.Stop()
		}
		giveUp()
	}
}

// Do sends one request and reads the answer. The status is the answer: of a
// body that does not come or does not end only the beginning is waited for.
func Do(ctx context.Context, client *http.Client, url string, r Request) Result {
	result := Result{Request: r}
	request, err := r.build(ctx, url)
	if err != nil {
		result.Err = err
		return result
	}
	began := time.Now()
	response, err := httpclient.Do(client, request)
	if err != nil {
		result.Err, result.Latency = err, time.Since(began)
		return result
	}
	result.Answer = httpclient.Read(response, maxAnswer, patience)
	result.Latency = time.Since(began)
	result.Status, result.Header = response.StatusCode, response.Header
	return result
}

func (r Request) build(ctx context.Context, url string) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	var body io.Reader
	if len(r.Body) > 0 || r.Chunked {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if r.Chunked {
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.Body)), nil }
		request.Body, _ = request.GetBody() // also where it is empty
		request.ContentLength = -1
	}
	if r.Header != nil {
		request.Header = r.Header
	}
	return request, nil
}
