package server_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/server"
)

func TestCleanPath(t *testing.T) {
	for path, want := range map[string]string{
		"/webhook-endpoint": "/webhook-endpoint", "/webhook-endpoint/": "/webhook-endpoint", "/a/b": "/a/b", "/{x}": "/{x}", "/a:b@c~d": "/a:b@c~d",
		"": "", "x": "", "/": "", "//": "", "/healthz": "", "/healthz/": "",
		"/a?token=1": "", "/a#f": "", "/a%20b": "", "/a b": "", " /a": "", "/a\n": "", "//a": "", "/a//b": "", "/a//": "",
		"/a/../b": "", "/a/.": "", "/..": "", "/é": "", "/a\xff": "", "/a\\b": "", "/<a>": "", "http://x/a": "",
	} {
		got, err := server.CleanPath(path)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", path, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "token") {
			t.Errorf("%q: the query is repeated: %v", path, err)
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
			required.NoError(t, err)
			response.Body.Close()
		}
	}
	for i := range 1000 {
		response, err := http.Get(fmt.Sprintf("http://%s/%d", addr, i))
		required.NoError(t, err)
		io.Copy(io.Discard, response.Body)
		response.Body.Close()
	}
	required.NoError(t, stop())
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

const path = server.DefaultPath

// serve runs a server until the test or stop ends it, and returns what Serve
// returned.
func serve(t *testing.T, handler core.Handler) (addr string, stop func() error) {
	return serveLogged(t, handler, slog.New(slog.DiscardHandler))
}

func serveLogged(t *testing.T, handler core.Handler, logger *slog.Logger) (addr string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	key, err := secret.New("secret")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- (&server.Server{Receiver: &core.Receiver{Secrets: secrets, Handler: handler, Observe: core.LogTo(logger)}, Logger: logger}).Serve(ctx, l)
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
		required.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		required.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != test.status || test.body != "" && string(body) != test.body {
			t.Errorf("%s %s: %d %q (%v), want %d %q", test.method, test.path, response.StatusCode, body, err, test.status, test.body)
		}
	}
}

// What a mux of one's own has no pattern for is answered and logged as without one.
func TestAMuxLeavesToTheServerWhatItDoesNotKnow(t *testing.T) {
	var log bytes.Buffer
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "page") })
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		s := server.Server{Receiver: &core.Receiver{}, Other: mux, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		served <- s.Serve(ctx, l)
	}()
	for _, test := range []struct {
		method, path, want string
		status             int
	}{{"GET", "/", "page", 200}, {"POST", "/", "deliveries go to " + path, 404}, {"GET", "/favicon.ico", "deliveries go to " + path, 404}} {
		request, err := http.NewRequest(test.method, "http://"+l.Addr().String()+test.path, nil)
		required.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		required.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		required.NoError(t, err)
		response.Body.Close()
		if response.StatusCode != test.status || !strings.Contains(string(body), test.want) {
			t.Errorf("%s %s: %d %s", test.method, test.path, response.StatusCode, body)
		}
	}
	cancel()
	required.NoError(t, <-served)
	if !strings.Contains(log.String(), "path=/ ") {
		t.Errorf("the log has %s", &log)
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
	required.NoError(t, err)
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	l.Close()
	if err := (&server.Server{Receiver: &core.Receiver{}}).Serve(t.Context(), l); err == nil {
		t.Error("no error")
	}
}
