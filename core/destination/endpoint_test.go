package destination_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func endpoint(t testing.TB, handler http.HandlerFunc) (*destination.Endpoint, *httptest.Server) {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	e, err := destination.NewEndpoint(server.URL + "/hook?code=" + key)
	if err != nil {
		t.Fatal(err)
	}
	return e, server
}

func TestEndpointSendsTheDeliveryAsItCame(t *testing.T) {
	d := destinationtest.Label(t)
	d.ID = `Zoë's "100%" id`
	received := make(chan *http.Request, 1)
	e, server := endpoint(t, func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !bytes.Equal(body, d.Body) {
			t.Errorf("received %q, %v", body, err)
		}
		received <- r
	})
	handle(t, e, d)
	r := <-received
	if r.Method != "POST" || r.URL.RequestURI() != "/hook?code="+key || r.ContentLength != int64(len(d.Body)) {
		t.Errorf("received %s %s of %d bytes", r.Method, r.URL, r.ContentLength)
	}
	for name, want := range map[string]string{
		"X-Hub-Signature":    destinationtest.Signature,
		"X-Labelbox-Id":      d.ID,
		"X-Labelbox-Event":   "LABEL_CREATED",
		"Content-Type":       "application/json",
		"ce-id":              "Zo%C3%AB's%20%22100%25%22%20id",
		"ce-time":            "2024-05-06T17:18:48Z",
		"ce-datacontenttype": "", // Content-Type is that
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if e.String() != server.URL {
		t.Errorf("calls itself %s", e)
	}
}

// What describes the body and what follows its trace goes along; what was meant
// for the receiver alone does not.
func TestEndpointPassesOnEndToEndHeaders(t *testing.T) {
	header := http.Header{
		"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}, "X-Request-Id": {"7"}, "Traceparent": {"00-1-2-01"}, "Tracestate": {"a=1", "b=2"},
		"User-Agent": {"Labelbox"}, "Authorization": {"hush"}, "Cookie": {"hush"}, "X-Functions-Key": {"hush"}, "Connection": {"X-Labelbox-Near"},
		"Host": {"hush"}, "Content-Length": {"1"}, "X-Forwarded-For": {"1.2.3.4"}, "Ce-Id": {"forged"}, core.HopHeader: {"1"},
	}
	d := core.Identify(header, []byte(`{"a":1}`))
	d.Hops = 1
	var got http.Header
	e, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	handle(t, e, d)
	for _, name := range []string{"Content-Type", "Content-Encoding", "X-Request-Id", "Traceparent", "Tracestate", "User-Agent"} {
		if fmt.Sprint(got[name]) != fmt.Sprint(header[name]) {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	for _, name := range []string{"Authorization", "Cookie", "X-Functions-Key", "X-Forwarded-For", "Accept-Encoding"} {
		if got[name] != nil {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	if got.Get(core.HopHeader) != "2" || got.Get("Ce-Id") != d.Key() {
		t.Errorf("hop %q, id %q", got[core.HopHeader], got["Ce-Id"])
	}
}

// The status is the answer, and a body that does not come is not waited for.
func TestEndpointDoesNotWaitForTheAnswersBody(t *testing.T) {
	e, _ := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // only then does the server notice that the client left
		w.Header().Set("Content-Length", "100")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done() // only when the endpoint has left
	})
	handle(t, e, destinationtest.Label(t))
}

// A target that closes kept connections unseen takes every delivery.
func TestEndpointReplacesDeadConnections(t *testing.T) {
	requests := map[string]int{} // on each connection, by its other end
	var mu sync.Mutex
	e, _ := endpoint(t, func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if requests[r.RemoteAddr]++; requests[r.RemoteAddr] == 2 {
			panic(http.ErrAbortHandler)
		}
	})
	for range 20 {
		handle(t, e, destinationtest.Label(t))
	}
}

func TestEndpointTrustsNamedAuthorities(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	for _, options := range [][]destination.EndpointOption{nil, {destination.WithRootCAs(pool)}} {
		e, err := destination.NewEndpoint(server.URL, options...)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Handle(t.Context(), destinationtest.Label(t)); (err == nil) != (options != nil) {
			t.Errorf("%d options: %v", len(options), err)
		}
	}
}

func TestEndpointJudgesTheAnswer(t *testing.T) {
	const taken, forNow, forGood = "taken", "for now", "for good"
	for status, want := range map[int]string{
		200: taken, 201: taken, 202: taken, 204: taken, 299: taken,
		301: forNow, 302: forNow, 304: forNow, 307: forNow, 308: forNow,
		400: forGood, 410: forGood, 413: forGood, 415: forGood, 422: forGood, 508: forGood,
		401: forNow, 403: forNow, 404: forNow, 405: forNow, 408: forNow, 409: forNow, 429: forNow, // a wrong key or a deployment can be mended
		500: forNow, 502: forNow, 503: forNow, 504: forNow,
	} {
		e, server := endpoint(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/hook" {
				t.Errorf("%d: followed a redirect to %s", status, r.URL.Path)
			}
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			if status >= 400 {
				io.WriteString(w, "an answer that may tell more than is good")
			}
		})
		err := e.Handle(t.Context(), destinationtest.Label(t))
		got := forNow
		switch {
		case err == nil:
			got = taken
		case core.IsPermanent(err):
			got = forGood
		}
		if got != want {
			t.Errorf("%d: %s, want %s (%v)", status, got, want, err)
		}
		if err != nil && err.Error() != fmt.Sprintf("%s: answered %d", server.URL, status) {
			t.Errorf("%d: the error is %q", status, err)
		}
	}
}

func TestEndpointThatHangsUpIsAFailureForNow(t *testing.T) {
	e, server := endpoint(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	err := e.Handle(t.Context(), destinationtest.Label(t))
	if err == nil || core.IsPermanent(err) || !strings.HasPrefix(err.Error(), server.URL+": ") || strings.Contains(fmt.Sprintf("%+v", err), key) {
		t.Errorf("got %v", err)
	}
}

func TestNewEndpointTakesOnlyHTTPS(t *testing.T) {
	for address, name := range map[string]string{
		"https://example.com/hook?code=key":      "https://example.com",
		"https://user:key@example.com:8443/hook": "https://example.com:8443",
		"HTTPS://example.com/key":                "https://example.com",
		"http://127.0.0.1:3001/key":              "http://127.0.0.1:3001",
		"http://[::1]:3001/key":                  "http://[::1]:3001",
		"http://localhost/key":                   "http://localhost",
		"http://LocalHost.:1/key":                "http://LocalHost.:1",
		"http://hook.localhost:1/key":            "http://hook.localhost:1",
		"http://0.0.0.0:1/key":                   "http://0.0.0.0:1",
	} {
		if e, err := destination.NewEndpoint(address); err != nil || e.String() != name {
			t.Errorf("%q is %s, %v", address, e, err)
		}
	}
	open := func(address string) (*destination.Endpoint, error) { return destination.NewEndpoint(address) }
	destinationtest.CheckRefused(t, open, "", "", "key", "http://127.1/key", "http://example.com/key", "http://localhost.example.com/key",
		"http://127.0.0.1.example.com/key", "http://10.0.0.1/key", "ftp://127.0.0.1/key", "https:///key", "https:key", "https://exa mple.com/key",
		"https://example.com:port/key", "https://example.com/%zzkey")
}

// Each of the endpoints answers only when the other has been called.
func TestEndpointsAreCalledAtTheSameTime(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	meet := func(http.ResponseWriter, *http.Request) {
		both.Done()
		both.Wait()
	}
	a, _ := endpoint(t, meet)
	b, _ := endpoint(t, meet)
	handle(t, core.All(a, b), destinationtest.Label(t))
}
