package sender

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func repeat(n int, r Request) iter.Seq[Request] {
	return func(yield func(Request) bool) {
		for range n {
			if !yield(r) {
				return
			}
		}
	}
}

func do(t *testing.T, url string, r Request) Result {
	t.Helper()
	client := NewClient(1, Timeout, nil)
	defer client.CloseIdleConnections()
	return Do(context.Background(), client, url, r)
}

func TestDoSendsExactly(t *testing.T) {
	header := http.Header{"X-Hub-Signature": {"sha1=1", "sha1=2"}, "Content-Type": {"text/plain"}}
	for name, test := range map[string]struct {
		request Request
		method  string
		length  int64
		chunked bool
	}{
		"a body":               {Request{Body: []byte("\xff{} \r\n"), Header: header}, "POST", 6, false},
		"no body":              {Request{}, "POST", 0, false},
		"another method":       {Request{Method: "GET"}, "GET", 0, false},
		"in chunks":            {Request{Body: []byte("{}"), Chunked: true, Header: header}, "POST", -1, true},
		"in chunks, and empty": {Request{Chunked: true}, "POST", -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.Method != test.method || !bytes.Equal(body, test.request.Body) {
					t.Errorf("got %s %q", r.Method, body)
				}
				if r.ContentLength != test.length || (len(r.TransferEncoding) == 1) != test.chunked {
					t.Errorf("got length %d, encoding %v", r.ContentLength, r.TransferEncoding)
				}
				for name, want := range test.request.Header {
					if got := r.Header[name]; fmt.Sprint(got) != fmt.Sprint(want) {
						t.Errorf("%s is %q, want %q", name, got, want)
					}
				}
			})
			before := test.request.Header.Clone()
			result := do(t, url, test.request)
			if result.Err != nil || result.Status != 200 || !result.OK() || result.Latency <= 0 {
				t.Errorf("got %+v", result)
			}
			if fmt.Sprint(test.request.Header) != fmt.Sprint(before) {
				t.Errorf("the header became %v", test.request.Header)
			}
		})
	}
}

func TestDoReadsTheAnswer(t *testing.T) {
	long := strings.Repeat("x", maxAnswer+1)
	for name, test := range map[string]struct {
		status int
		answer string
		kept   string
		ok     bool
	}{
		"200":             {200, "yes", "yes", true},
		"204":             {204, "", "", true},
		"401":             {401, "no", "no", false},
		"503":             {503, "", "", false},
		"a redirect":      {302, "", "", false},
		"a long answer":   {200, long, long[:maxAnswer], true},
		"the limit":       {200, long[:maxAnswer], long[:maxAnswer], true},
		"an endless page": {500, strings.Repeat(long, 40), long[:maxAnswer], false},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/" {
					t.Errorf("followed to %s", r.URL)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				io.WriteString(w, test.answer)
			})
			result := do(t, url, Request{Body: []byte("{}")})
			if result.Err != nil || result.Status != test.status || result.OK() != test.ok || string(result.Answer) != test.kept {
				t.Errorf("got %d, %d bytes, %v", result.Status, len(result.Answer), result.Err)
			}
			if result.Header.Get("Location") != "/elsewhere" {
				t.Errorf("the header is %v", result.Header)
			}
		})
	}
}

func TestSendCountsWhatBecameOfThem(t *testing.T) {
	var n atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 4 {
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			conn, _, _ := http.NewResponseController(w).Hijack()
			io.WriteString(conn, "HTTP/1.1 200 OK\r\n") // the beginning of an answer
			conn.Close()
		}
	})
	for _, concurrency := range []int{-1, 1, 8} {
		t.Run(fmt.Sprint(concurrency), func(t *testing.T) {
			n.Store(0)
			results := 0 // without a lock: results come one at a time
			s := Sender{URL: url, Concurrency: concurrency}
			summary := s.Send(context.Background(), repeat(100, Request{Body: []byte("{}")}), func(Result) { results++ })
			if summary.Sent != 100 || results != 100 || summary.OK != 50 || summary.Interrupted {
				t.Errorf("%d results, %+v", results, summary)
			}
			if fmt.Sprint(summary.Statuses) != "map[200:50 503:25]" ||
				fmt.Sprint(summary.Errors) != "map[the connection was closed before an answer came:25]" {
				t.Errorf("got %v, %v", summary.Statuses, summary.Errors)
			}
			p := summary.Latency
			if p.P50 <= 0 || p.P50 > p.P90 || p.P90 > p.P99 || p.P99 > p.Max || p.Max > summary.Elapsed || summary.PerSecond() <= 0 {
				t.Errorf("got %+v in %v", p, summary.Elapsed)
			}
		})
	}
}

func TestSendOfNothing(t *testing.T) {
	s := Sender{URL: "http://127.0.0.1:1"}
	summary := s.Send(context.Background(), repeat(0, Request{}), nil)
	if summary.Sent != 0 || summary.Latency != (Percentiles{}) || summary.Interrupted {
		t.Errorf("got %+v", summary)
	}
}

// All requests are under way at the same time, each on a connection of its
// own, before the first is answered.
func TestSendIsAsConcurrentAsAsked(t *testing.T) {
	const workers = 16
	var arrived sync.WaitGroup
	arrived.Add(workers)
	url := serve(t, func(http.ResponseWriter, *http.Request) {
		arrived.Done()
		arrived.Wait()
	})
	s := Sender{URL: url, Concurrency: workers}
	if summary := s.Send(context.Background(), repeat(workers, Request{}), nil); summary.OK != workers {
		t.Errorf("got %+v", summary)
	}
}

// The connections are kept: there are hardly more than workers. One that is
// being opened may find its request answered on another.
func TestSendKeepsItsConnections(t *testing.T) {
	const workers = 4
	var connections sync.Map
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		io.WriteString(w, strings.Repeat("x", maxAnswer+10)) // more than is kept, read on all the same
	})
	s := Sender{URL: url, Concurrency: workers}
	s.Send(context.Background(), repeat(200, Request{Body: []byte("{}")}), nil)
	n := 0
	connections.Range(func(any, any) bool { n++; return true })
	if n > 2*workers {
		t.Errorf("%d connections for %d workers", n, workers)
	}
}

// The requests are made as they are sent, not before.
func TestSendReadsRequestsOnlyAsFastAsTheyAreSent(t *testing.T) {
	const workers = 2
	var made, answered atomic.Int64
	url := serve(t, func(http.ResponseWriter, *http.Request) {})
	s := Sender{URL: url, Concurrency: workers}
	s.Send(context.Background(), func(yield func(Request) bool) {
		for range 200 {
			// Some wait in the queue, some are with the workers, one is in the hand.
			if ahead := made.Add(1) - answered.Load(); ahead > 2*workers+2 {
				t.Errorf("%d requests ahead", ahead)
			}
			if !yield(Request{}) {
				return
			}
		}
	}, func(Result) { answered.Add(1) })
}

// After an interrupt nothing more is sent, and what is under way is counted:
// answered if the answer comes, without one if not.
func TestSendStopsWhenTheContextEnds(t *testing.T) {
	for name, test := range map[string]struct {
		answers bool
		ok      int
		errors  string
	}{
		"the last is answered": {true, 11, "map[]"},
		"the last never is":    {false, 10, "map[interrupted before an answer came:1]"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			var n atomic.Int64
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if n.Add(1) > 10 {
					cancel()
					if !test.answers {
						<-r.Context().Done()
					}
				}
			})
			s := Sender{URL: url, Concurrency: 1, Retries: 5}
			if !test.answers {
				s.grace = time.Nanosecond
			}
			endless := func(yield func(Request) bool) {
				for yield(Request{Body: []byte("{}")}) {
				}
			}
			summary := s.Send(ctx, endless, nil)
			if !summary.Interrupted || summary.Sent != 11 || summary.OK != test.ok || fmt.Sprint(summary.Errors) != test.errors || n.Load() != 11 {
				t.Errorf("got %+v, %d arrived", summary, n.Load())
			}
		})
	}
}

// A body that stalls behind the status costs a moment, and no failure.
func TestDoTakesTheStatusForTheAnswer(t *testing.T) {
	for name, length := range map[string]string{"stalls": "100", "breaks off": "9"} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Length", length)
				w.WriteHeader(201)
				io.WriteString(w, "beginning"[:5])
				w.(http.Flusher).Flush()
				if name == "stalls" {
					<-r.Context().Done() // only when the client has left
				}
			})
			if result := do(t, url, Request{Body: []byte("{}")}); result.Err != nil || result.Status != 201 || string(result.Answer) != "begin" {
				t.Errorf("got %+v", result)
			}
		})
	}
}

// What is not taken for now is sent again, as often as asked and not before the
// receiver wants it; everything else is sent once.
func TestSendRetries(t *testing.T) {
	for name, test := range map[string]struct {
		retries  int
		answers  []int // the last one stays
		after    string
		sent, ok int
		longest  time.Duration // of the pauses, at least
	}{
		"taken at once":            {3, []int{200}, "", 1, 1, 0},
		"taken the third time":     {3, []int{503, 429, 200}, "", 3, 1, firstPause},
		"never":                    {3, []int{502}, "", 4, 0, 2 * firstPause},
		"nothing asked for":        {0, []int{503, 200}, "", 1, 0, 0},
		"waited for too long":      {1, []int{408, 200}, "", 2, 1, 0},
		"asked to wait":            {1, []int{429, 200}, "7", 2, 1, 7 * time.Second},
		"asked to wait for a date": {1, []int{503, 200}, "Mon, 01 Jan 2024 00:00:09 GMT", 2, 1, 9 * time.Second},
		"asked to wait too long":   {9, []int{503, 200}, "3600", 1, 0, 0},
		"refused for good":         {9, []int{400, 200}, "", 1, 0, 0},
		"wrong secret":             {9, []int{401, 200}, "", 1, 0, 0},
		"a failure of its own":     {9, []int{500, 200}, "", 1, 0, 0},
		"a connection broken off":  {9, []int{-1, -1, 200}, "", 3, 1, firstPause},
	} {
		t.Run(name, func(t *testing.T) {
			var n atomic.Int64
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				status := test.answers[min(int(n.Add(1)), len(test.answers))-1]
				if status < 0 {
					panic(http.ErrAbortHandler)
				}
				w.Header().Set("Date", "Mon, 01 Jan 2024 00:00:00 GMT")
				if test.after != "" {
					w.Header().Set("Retry-After", test.after)
				}
				w.WriteHeader(status)
			})
			var longest time.Duration
			s := Sender{URL: url, Retries: test.retries, pause: func(_ context.Context, d time.Duration) { longest = max(longest, d) }}
			summary := s.Send(context.Background(), repeat(1, Request{Body: []byte("{}")}), nil)
			if int(n.Load()) != test.sent || summary.OK != test.ok || summary.Sent != 1 || summary.Retries != test.sent-1 {
				t.Errorf("%d sent, %+v", n.Load(), summary)
			}
			if longest < test.longest/2 || test.after != "" && (longest < test.longest || longest > test.longest+firstPause) {
				t.Errorf("the longest pause is %s", longest)
			}
		})
	}
}

// What will not pass by itself is not tried again.
func TestHopelessIsNotRetried(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	plain := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, url := range []string{secure.URL, strings.Replace(plain, "http:", "https:", 1), "http://127.0.0.1:99999"} {
		s := Sender{URL: url, Retries: 3, pause: func(context.Context, time.Duration) {}}
		if summary := s.Send(context.Background(), repeat(1, Request{}), nil); summary.Retries != 0 || summary.OK != 0 {
			t.Errorf("%s: %+v", url, summary)
		}
	}
}

func TestSignedIsGenuine(t *testing.T) {
	key, err := secret.New("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	r := Signed([]byte(`{"modelRunId":"r"}`), "MODEL_RUN_STARTED", key)
	if err := core.Verify(r.Body, r.Header.Get(core.SignatureHeader), []secret.Secret{key}); err != nil {
		t.Error(err)
	}
	d := core.Identify(r.Header, r.Body)
	if d.Event != payload.ModelRunStarted || d.ContentType != "application/json" || len(d.ID) != 25 || d.ID[0] != 'c' {
		t.Errorf("got %+v", d)
	}
	if again := Signed(r.Body, "MODEL_RUN_STARTED", key); again.Header.Get(core.IDHeader) == d.ID {
		t.Error("two deliveries have one id")
	}
}
