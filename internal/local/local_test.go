package local_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/floodlog"
	"github.com/labelhook/labelhook/internal/local"
)

func TestListenStaysOnLoopback(t *testing.T) {
	for addr, want := range map[string]error{
		"127.0.0.1:0": nil, "localhost:0": nil, "[::1]:0": nil, "127.9.9.9:0": nil,
		"LOCALHOST:0": nil, "localhost.:0": nil, "[::ffff:127.0.0.1]:0": nil,
		"a.localhost:0": local.ErrPublic, "127.1:0": local.ErrPublic, "[::%lo]:0": local.ErrPublic,
		"0.0.0.0:0": local.ErrPublic, ":0": local.ErrPublic, "[::]:0": local.ErrPublic,
		"192.0.2.1:0": local.ErrPublic, "example.com:0": local.ErrPublic, "localhost.example.com:0": local.ErrPublic,
		"": local.ErrAddress, "127.0.0.1": local.ErrAddress, "127.0.0.1:": local.ErrAddress, "a:b:c": local.ErrAddress,
	} {
		l, err := local.Listen(addr, false)
		if addr == "[::1]:0" && err != nil && !errors.Is(err, local.ErrPublic) {
			continue // a machine without IPv6
		}
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", addr, err, want)
		}
		if err == nil {
			l.Close()
		}
	}
	l, err := local.Listen("0.0.0.0:0", true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if _, err := local.Listen("0.0.0.0:"+port, true); !errors.Is(err, local.ErrInUse) {
		t.Errorf("a port in use: %v", err)
	}
	if _, err := local.Listen("127.0.0.1:99999", false); err == nil || strings.Count(err.Error(), "99999") != 2 {
		t.Errorf("a port out of range: %v", err)
	}
}

func TestCleanPath(t *testing.T) {
	for path, want := range map[string]string{
		"/webhook-endpoint": "/webhook-endpoint", "/webhook-endpoint/": "/webhook-endpoint", "/a/b": "/a/b", "/{x}": "/{x}", "/a:b@c~d": "/a:b@c~d",
		"": "", "x": "", "/": "", "//": "", "/healthz": "", "/healthz/": "",
		"/a?token=1": "", "/a#f": "", "/a%20b": "", "/a b": "", " /a": "", "/a\n": "", "//a": "", "/a//b": "", "/a//": "",
		"/a/../b": "", "/a/.": "", "/..": "", "/é": "", "/a\xff": "", "/a\\b": "", "/<a>": "", "http://x/a": "",
	} {
		got, err := local.CleanPath(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", path, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "token") {
			t.Errorf("%q: the query is repeated: %v", path, err)
		}
	}
}

func TestOwn(t *testing.T) {
	addr := func(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
	var lan string
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n := a.(*net.IPNet); n.IP.To4() != nil && !n.IP.IsLoopback() {
			lan = n.IP.String()
		}
	}
	for _, test := range []struct {
		at, url string
		want    bool
	}{
		{"127.0.0.1:3001", "http://127.0.0.1:3001/webhook-endpoint", true},
		{"127.0.0.1:3001", "http://127.0.0.1:3001/", true},
		{"127.0.0.1:3001", "http://127.0.0.1:3001", true},
		{"127.0.0.1:3001", "HTTP://LOCALHOST:3001/x", true},
		{"127.0.0.1:3001", "http://localhost.:3001/x", true},
		{"127.0.0.1:3001", "http://[::1]:3001/x", true},
		{"127.0.0.1:3001", "http://[::ffff:127.0.0.1]:3001/x", true},
		{"127.0.0.1:3001", "http://127.0.0.2:3001/x", true},
		{"127.0.0.1:3001", "http://0.0.0.0:3001/x", true},
		{"127.0.0.1:3001", "http://user:word@localhost:3001/x?y", true},
		{"127.0.0.1:3001", "http://a.localhost:3001/x", true},
		{"[::1]:3001", "http://localhost:3001/x", true},
		{"127.0.0.1:80", "http://localhost/x", true},
		{"127.0.0.1:443", "https://localhost", true},
		{"0.0.0.0:3001", "http://localhost:3001/x", true},
		{"[::]:3001", "http://127.0.0.1:3001/x", true},
		{"0.0.0.0:3001", "https://" + lan + ":3001/x", lan != ""},
		{"127.0.0.1:3001", "https://" + lan + ":3001/x", false},
		{"127.0.0.1:3001", "http://127.0.0.1:3002/x", false},
		{"127.0.0.1:3001", "http://localhost/x", false},
		{"0.0.0.0:3001", "http://192.0.2.1:3001/x", false},
		{"127.0.0.1:3001", ":", false},
	} {
		if got := local.Own(t.Context(), addr(test.at), test.url); got != test.want {
			t.Errorf("%s at %s: %v", test.url, test.at, got)
		}
	}
}

// A path that is refused is one line, whatever is in it and how often it comes.
func TestRefusedPathsAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	addr, stop := serveLogged(t, nil, slog.New(slog.NewTextHandler(&log, nil)))
	for range 3 {
		for _, asked := range []string{"/", path + "/x", "/" + path, "/%1b%5b31m", "/" + strings.Repeat("a", 5000)} {
			response, err := http.Post("http://"+addr+asked, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
		}
	}
	for i := range 1000 {
		response, err := http.Get(fmt.Sprintf("http://%s/%d", addr, i))
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(log.String(), "\n")
	if lines > 100 || strings.Count(log.String(), "path=/ ") != 2 || strings.Contains(log.String(), "\x1b") ||
		!strings.Contains(log.String(), "deliveries_go_to=http://"+addr+path) || log.Len() > 40_000 ||
		!strings.Contains(log.String(), "and 2 more") {
		t.Errorf("%d lines: %.3000s", lines, &log)
	}
}

// HTTP/2 without TLS is answered as HTTP/1 is, many requests at once.
func TestServeHTTP2WithoutTLS(t *testing.T) {
	addr, stop := serve(t, core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }))
	defer stop()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport}
	key, _ := secret.New("secret")
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			body := bytes.Repeat([]byte{' '}, 1+i*4000)
			request, _ := http.NewRequest("POST", "http://"+addr+path, bytes.NewReader(body))
			if i%2 == 0 {
				request.ContentLength = -1
			}
			request.Header.Set(core.SignatureHeader, core.Sign(body, key))
			want := 200
			if i%5 == 0 {
				request.Header.Set(core.SignatureHeader, "sha1=1")
				want = 401
			}
			response, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			defer response.Body.Close()
			if response.StatusCode != want || response.ProtoMajor != 2 {
				t.Errorf("%s %d, want %d", response.Proto, response.StatusCode, want)
			}
		})
	}
	all.Wait()
}

// What net/http says of connections comes into the receiver's log.
func TestConnectionErrorsAreLogged(t *testing.T) {
	var log bytes.Buffer
	errors := floodlog.ErrorLog(slog.New(slog.NewTextHandler(&log, nil)))
	for range 50 {
		errors.Print("http: Accept error: too many open files; retrying in 1s")
	}
	core.FlushLog()
	if n := strings.Count(log.String(), "\n"); n != 6 || !strings.Contains(log.String(), `level=WARN msg="connection failed" error="http: Accept error`) ||
		!strings.Contains(log.String(), "count=45") {
		t.Errorf("%d lines: %s", n, &log)
	}
}

const path = "/webhook-endpoint"

// serve runs a server until the test or stop ends it, and returns what Serve
// returned.
func serve(t *testing.T, handler core.Handler) (addr string, stop func() error) {
	return serveLogged(t, handler, slog.New(slog.DiscardHandler))
}

func serveLogged(t *testing.T, handler core.Handler, logger *slog.Logger) (addr string, stop func() error) {
	t.Helper()
	l, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	key, err := secret.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- local.Serve(ctx, l, path, &core.Receiver{Secrets: secrets, Handler: handler, Observe: core.LogTo(logger)}, logger)
	}()
	return l.Addr().String(), func() error { cancel(); return <-served }
}

func TestServeRoutes(t *testing.T) {
	addr, stop := serve(t, nil)
	defer stop()
	for _, test := range []struct {
		method, path string
		status       int
		body         string
	}{
		{"GET", "/healthz", 200, "ok\n"},
		{"HEAD", "/healthz", 200, ""},
		{"POST", "/healthz", 405, "only GET\n"},
		{"POST", path, 400, ""}, // the receiver's own answer
		{"GET", path, 405, ""},
		{"POST", path + "?code=key", 400, ""},
		{"POST", path + "/", 400, ""},
		{"GET", "/healthz/", 200, "ok\n"},
		{"POST", path + "//", 404, "nothing here; deliveries go to " + path + "\n"},
		{"POST", "/" + path, 404, "nothing here; deliveries go to " + path + "\n"},
		{"GET", "/", 404, "nothing here; deliveries go to " + path + "\n"},
	} {
		request, err := http.NewRequest(test.method, "http://"+addr+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status || test.body != "" && string(body) != test.body {
			t.Errorf("%s %s: %d %q (%v), want %d %q", test.method, test.path, response.StatusCode, body, err, test.status, test.body)
		}
	}
}

// A stop answers what is under way and then returns; new connections are
// refused.
func TestServeAnswersWhatItHasBegun(t *testing.T) {
	begun, finish := make(chan bool), make(chan bool)
	addr, stop := serve(t, core.HandlerFunc(func(context.Context, *core.Delivery) error {
		close(begun)
		<-finish
		return nil
	}))
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	key, _ := secret.New("secret")
	body := "{}"
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", path, core.Sign([]byte(body), key), len(body), body)
	<-begun
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	for { // until the stop has reached the listener
		probe, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		probe.Close()
	}
	close(finish)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 200 {
		t.Errorf("got %v, %v", response, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Serve returned %v", err)
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	l, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := local.Serve(t.Context(), l, path, &core.Receiver{}, slog.Default()); err == nil {
		t.Error("no error")
	}
}

func Example() {
	l, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	served := make(chan error, 1)
	go func() { served <- local.Serve(ctx, l, "/webhook-endpoint", &core.Receiver{}, slog.Default()) }()

	response, err := http.Get("http://" + l.Addr().String() + local.HealthPath)
	if err != nil {
		fmt.Println(err)
		return
	}
	response.Body.Close()
	fmt.Println(response.Status)
	stop()
	fmt.Println(<-served)
	// Output:
	// 200 OK
	// <nil>
}
