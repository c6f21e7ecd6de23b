// Package sender sends webhook deliveries over HTTP, one or very many, and
// measures how they are taken.
//
// [Sender.Send] is a load generator: a fixed number of workers keep their
// connections and take requests from an iterator that is read only as fast as
// they are sent, so memory does not grow with the number of requests.
// [Set] edits a payload, [Template] makes payloads that differ from each other
// out of one, [Signed] makes a delivery of a payload.
package sender

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"sync"
	"time"
)

// Timeout is how long one request may take, answer included.
const Timeout = 30 * time.Second

// maxAnswer is how much of an answer is kept. Receivers answer in a line.
const maxAnswer = 64 << 10

// Request is one HTTP request to send.
type Request struct {
	Method  string      // "" means POST
	Header  http.Header // sent as it is; not changed, so it may be shared
	Body    []byte
	Chunked bool // send the body in chunks, without a Content-Length
}

// Result is what became of one request.
type Result struct {
	Request Request
	Status  int           // 0 if no answer came
	Header  http.Header   // of the answer
	Answer  []byte        // the answer's body, or the beginning of a long one
	Latency time.Duration // connecting included, to the last byte of the answer
	Err     error         // why no answer came; [Reason] puts it in words
}

// OK reports whether the status is 2xx.
func (r Result) OK() bool { return r.Status >= 200 && r.Status <= 299 }

// Sender sends requests to one URL. It may be used again and concurrently.
type Sender struct {
	URL         string
	Concurrency int          // requests under way at the same time; less than 1 means 1
	Client      *http.Client // nil means a [NewClient] for each Send
}

// NewClient returns a client that keeps up to concurrency connections open,
// gives up after timeout, and never follows a redirect: a signed body is meant
// for one receiver.
func NewClient(concurrency int, timeout time.Duration) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 0 // no limit besides the one per host
	transport.MaxIdleConnsPerHost = max(concurrency, 1)
	transport.DisableCompression = true
	return &http.Client{
		Transport: transport,
		Timeout:   timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// Send sends all requests and sums up what became of them. onResult, which may
// be nil, is called for each result, one at a time. requests is read in another
// goroutine, a little ahead of the sending; it has ended when Send returns.
//
// When ctx ends, Send stops at once: what was under way is given up and counted
// nowhere.
func (s *Sender) Send(ctx context.Context, requests iter.Seq[Request], onResult func(Result)) Summary {
	workers := max(s.Concurrency, 1)
	client := s.Client
	if client == nil {
		client = NewClient(workers, Timeout)
		defer client.CloseIdleConnections()
	}
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
				result := Do(ctx, client, s.URL, r)
				if ctx.Err() != nil {
					return
				}
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

// Do sends one request and reads the answer.
func Do(ctx context.Context, client *http.Client, url string, r Request) Result {
	result := Result{Request: r}
	request, err := r.build(ctx, url)
	if err != nil {
		result.Err = err
		return result
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		result.Err, result.Latency = err, time.Since(began)
		return result
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err == nil {
		_, err = io.CopyN(io.Discard, response.Body, 1<<20) // an unread rest would cost the connection
	}
	result.Latency = time.Since(began)
	if err != nil && !errors.Is(err, io.EOF) {
		result.Err = err
		return result
	}
	result.Status, result.Header, result.Answer = response.StatusCode, response.Header, answer
	return result
}

func (r Request) build(ctx context.Context, url string) (*http.Request, error) {
	method := r.Method
	if method == "" {
		method = http.MethodPost
	}
	var body io.Reader
	switch {
	case r.Chunked:
		body = struct{ io.Reader }{bytes.NewReader(r.Body)} // of a length that net/http cannot see
	case len(r.Body) > 0:
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	if r.Header != nil {
		request.Header = r.Header
	}
	return request, nil
}
