package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/labelhooktest"
)

// key is what receivers here verify with.
var key, _ = secret.New(labelhooktest.Secret)

func receiver(handler core.Handler, limit int) *core.Receiver {
	return &core.Receiver{Secrets: labelhooktest.Secrets(), Handler: handler, MaxBody: limit, Observe: core.LogTo(slog.New(slog.DiscardHandler))}
}

// takes is a handler that takes everything.
var takes = core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })

func serve(t testing.TB, handler http.Handler) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func connect(t testing.TB, server *httptest.Server) *net.TCPConn {
	t.Helper()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return connection.(*net.TCPConn)
}

// send posts a body and returns the answer without its body.
func send(ctx context.Context, t testing.TB, url, signature string, body io.Reader) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, "POST", url, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(core.SignatureHeader, signature)
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		answer.Body.Close()
	}
	return answer, err
}

// forged is well-formed.
const forged = "sha1=0000000000000000000000000000000000000000"

// conform runs conformance cases against what wrap makes of a receiver.
func conform(t *testing.T, cases []conformance.Case, wrap func(*core.Receiver) http.Handler) {
	destination := conformance.NewDestination(t)
	variables := conformance.Environment(destination.URL)
	receiver, _, err := environment.Receiver(environment.Platform{
		Options: core.Options{Logger: slog.New(slog.DiscardHandler)},
		Getenv:  func(name string) string { return variables[name] },
	})
	if err != nil {
		t.Fatal(err)
	}
	conformance.Run(t, cases, conformance.Platform{
		Do:    conformance.HTTP(serve(t, wrap(receiver)).Listener.Addr().String(), "/"),
		Taken: destination.Taken,
	})
}

func TestConformance(t *testing.T) {
	conform(t, conformance.Cases(), nethttp.Handler)
}

// counted is a body that knows how much of it was read.
type counted struct {
	io.Reader
	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestNoMoreOfABodyIsReadThanTheLimitAllows(t *testing.T) {
	const limit = 1000
	r := receiver(takes, limit)
	for name, test := range map[string]struct {
		method   string
		size     int64 // of the body
		declared int64 // the Content-Length, -1 if chunked
		status   int
		read     int // at most
	}{
		"declared, at the limit": {"POST", limit, limit, 200, limit},
		"chunked, at the limit":  {"POST", limit, -1, 200, limit},
		"declared, over":         {"POST", limit + 1, limit + 1, 413, 0},
		"chunked, over":          {"POST", limit + 1, -1, 413, limit + 1},
		"declared, enormous":     {"POST", 1 << 40, 1 << 40, 413, 0},
		"chunked, without end":   {"POST", 1 << 40, -1, 413, limit + 1},
		"not POST":               {"PUT", limit, limit, 405, 0},
	} {
		t.Run(name, func(t *testing.T) {
			body := &counted{Reader: io.LimitReader(blanks{}, test.size)}
			request := httptest.NewRequest(test.method, "/", body)
			request.ContentLength = test.declared
			request.Header.Set(core.SignatureHeader, core.Sign(bytes.Repeat([]byte{' '}, int(min(test.size, 2*limit))), key))
			answer := httptest.NewRecorder()
			nethttp.Handler(r).ServeHTTP(answer, request)
			if answer.Code != test.status || body.read > test.read {
				t.Errorf("status %d after %d bytes, want %d after at most %d", answer.Code, body.read, test.status, test.read)
			}
			if answer.Header().Get("Content-Length") != fmt.Sprint(answer.Body.Len()) {
				t.Errorf("Content-Length %s for %d bytes", answer.Header().Get("Content-Length"), answer.Body.Len())
			}
		})
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestAClaimedLengthCostsNoMemory(t *testing.T) {
	r := receiver(nil, 1<<30)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	request := httptest.NewRequest("POST", "/", io.MultiReader(strings.NewReader("{"), failing{}))
	request.ContentLength = 1 << 30
	request.Header.Set(core.SignatureHeader, forged)
	answer := httptest.NewRecorder()
	nethttp.Handler(r).ServeHTTP(answer, request)
	runtime.ReadMemStats(&after)
	if answer.Code != 400 {
		t.Errorf("status %d", answer.Code)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 16<<20 {
		t.Errorf("%d bytes allocated for a body of one byte that claims a gigabyte", got)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the sender is gone") }

// A body that breaks off is refused although the bytes that came are signed:
// they are not what the sender meant to send.
func TestBodiesThatBreakOff(t *testing.T) {
	var handled atomic.Int32
	r := receiver(core.HandlerFunc(func(context.Context, *core.Delivery) error {
		handled.Add(1)
		return nil
	}), 0)
	server := serve(t, nethttp.Handler(r))
	part := `{"half":`
	signature := core.SignatureHeader + ": " + core.Sign([]byte(part), key) + "\r\n"
	for name, request := range map[string]string{
		"declared":             "Content-Length: 100\r\n\r\n" + part,
		"declared, nothing":    "Content-Length: 100\r\n\r\n",
		"chunked, no end":      "Transfer-Encoding: chunked\r\n\r\n8\r\n" + part + "\r\n",
		"chunked, half a one":  "Transfer-Encoding: chunked\r\n\r\n80\r\n" + part,
		"chunked, bad length":  "Transfer-Encoding: chunked\r\n\r\n8\r\n" + part + "\r\nnonsense\r\n",
		"chunked, only a size": "Transfer-Encoding: chunked\r\n\r\n8\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			connection := connect(t, server)
			fmt.Fprintf(connection, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s%s", signature, request)
			if err := connection.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(connection)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(answer, []byte("HTTP/1.1 400 ")) || !bytes.Contains(answer, []byte(`"code":"body_incomplete"`)) {
				t.Errorf("answered %q", answer)
			}
		})
	}
	if n := handled.Load(); n > 0 {
		t.Errorf("%d half bodies were handled", n)
	}
}

func TestABodyOverTheLimitEndsTheConnection(t *testing.T) {
	r := receiver(nil, 10)
	server := serve(t, nethttp.Handler(r))
	for name, body := range map[string]io.Reader{
		"declared": strings.NewReader(strings.Repeat("x", 11)),
		"chunked":  io.LimitReader(blanks{}, 11),
	} {
		response, err := send(t.Context(), t, server.URL, forged, body)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != 413 || !response.Close {
			t.Errorf("%s: status %d, connection closed: %v", name, response.StatusCode, response.Close)
		}
	}
}

func TestTheHandlerEndsWhenTheSenderLeaves(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error)
	r := receiver(core.HandlerFunc(func(ctx context.Context, _ *core.Delivery) error {
		close(began)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}), 0)
	server := serve(t, nethttp.Handler(r))
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	go func() {
		<-began
		leave()
	}()
	if _, err := send(ctx, t, server.URL, core.Sign([]byte("{}"), key), strings.NewReader("{}")); !errors.Is(err, context.Canceled) {
		t.Errorf("the sender got %v", err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler got %v", err)
	}
}

// BenchmarkHandler is what a request costs between net/http and a destination.
func BenchmarkHandler(b *testing.B) {
	r := receiver(takes, 0)
	handler := nethttp.Handler(r)
	for name, body := range map[string][]byte{
		"2.4KB": samples.Documented()[0].Body(),
		"1MB":   bytes.Repeat([]byte{' '}, 1<<20),
	} {
		for framing, length := range map[string]int64{"declared": int64(len(body)), "chunked": -1} {
			b.Run(name+"/"+framing, func(b *testing.B) {
				signature := core.Sign(body, key)
				b.SetBytes(int64(len(body)))
				b.ReportAllocs()
				for b.Loop() {
					request := httptest.NewRequest("POST", "/", bytes.NewReader(body))
					request.ContentLength = length
					request.Header[core.SignatureHeader] = []string{signature}
					answer := httptest.NewRecorder()
					handler.ServeHTTP(answer, request)
					if answer.Code != 200 {
						b.Fatalf("status %d", answer.Code)
					}
				}
			})
		}
	}
}

// Who wants to see why a request was refused has its body, also where the refusal
// did not need it.
func TestHandlerTelling(t *testing.T) {
	var told []string
	server := serve(t, nethttp.HandlerTelling(receiver(core.HandlerFunc(func(context.Context, *core.Delivery) error { return errors.New("down") }), 100),
		func(r *http.Request, body []byte, answer core.Response) {
			told = append(told, fmt.Sprint(r.Method, " ", answer.Code, " ", string(body)))
		}))
	for _, test := range []struct{ method, signature, body, want string }{
		{"POST", "", "unsigned", "POST signature_missing unsigned"},
		{"POST", "sha1=0", "malformed", "POST signature_malformed malformed"},
		{"POST", core.Sign([]byte("other"), key), "forged", "POST signature_mismatch forged"},
		{"POST", core.Sign([]byte("{}"), key), "{}", ""}, // genuine, and fails behind
		{"POST", "", strings.Repeat("x", 101), "POST body_too_large "},
		{"GET", "", "", "GET method_not_allowed "},
		{"POST", core.Sign(nil, key), "", "POST body_empty "},
	} {
		told = nil
		request, err := http.NewRequest(test.method, server.URL, strings.NewReader(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if test.signature != "" {
			request.Header.Set(core.SignatureHeader, test.signature)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if got := strings.Join(told, "; "); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}
