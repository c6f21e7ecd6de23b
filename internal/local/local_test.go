package local_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/local"
)

func TestListenStaysOnLoopback(t *testing.T) {
	for addr, want := range map[string]error{
		"127.0.0.1:0": nil, "localhost:0": nil, "[::1]:0": nil, "127.9.9.9:0": nil,
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

func TestCheckPath(t *testing.T) {
	for path, ok := range map[string]bool{
		"/webhook-endpoint": true, "/a/b": true, "/{x}": true, "": false, "x": false, "/": false, "/healthz": false,
	} {
		if err := local.CheckPath(path); (err == nil) != ok {
			t.Errorf("%q: %v", path, err)
		}
	}
}

const path = "/webhook-endpoint"

// serve runs a server until the test or stop ends it, and returns what Serve
// returned.
func serve(t *testing.T, handler core.Handler) (addr string, stop func() error) {
	t.Helper()
	l, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := core.NewSecret("secret")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := core.StaticSecrets(secret)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() {
		served <- local.Serve(ctx, l, path, &core.Receiver{Secrets: secrets, Handler: handler, Logger: slog.New(slog.DiscardHandler)})
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
		{"POST", path + "/", 404, "nothing here; deliveries go to " + path + "\n"},
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
	secret, _ := core.NewSecret("secret")
	body := "{}"
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nX-Hub-Signature: %s\r\nContent-Length: %d\r\n\r\n%s", path, core.Sign([]byte(body), secret), len(body), body)
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
	if err := local.Serve(t.Context(), l, path, &core.Receiver{}); err == nil {
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
	go func() { served <- local.Serve(ctx, l, "/webhook-endpoint", &core.Receiver{}) }()

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
