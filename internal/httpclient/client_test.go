package httpclient

import (
	"bufio"
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// target answers each request on a connection as answer says, which is given
// the number of the request on that connection, from 1. It returns false to
// close the connection.
func target(t *testing.T, answer func(conn net.Conn, r *http.Request, n int) (open bool)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for n := 1; ; n++ {
					r, err := http.ReadRequest(in)
					if err != nil || !answer(conn, r, n) {
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String() + "/hook?code=hush"
}

func post(client *http.Client, url string, body []byte) (int, error) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	response, err := Do(client, r)
	if err != nil {
		return 0, err
	}
	Read(response, 1<<10, time.Minute)
	return response.StatusCode, nil
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// A target that closes its kept connection when the next request is on its way,
// after it has read all of it, some or nothing, has answered nothing: it gets
// the request again, on a fresh connection, whole.
func TestDeadConnectionsAreReplaced(t *testing.T) {
	for name, test := range map[string]struct {
		size  int // of the body
		reads int // bytes of a second request's body that the target reads
		reset bool
		says  string // before it closes
	}{
		"a small body, read":         {100, 100, false, ""},
		"a small body, not read":     {100, 0, false, ""},
		"a small body, reset":        {100, 0, true, ""},
		"a large body, partly read":  {8 << 20, 1000, false, ""},
		"a large body, reset midway": {8 << 20, 100_000, true, ""},
		"a small body, timed out":    {100, 100, false, "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var taken atomic.Int64
			url := target(t, func(conn net.Conn, r *http.Request, n int) bool {
				if n == 2 {
					io.CopyN(io.Discard, r.Body, int64(test.reads))
					io.WriteString(conn, test.says)
					if test.reset {
						conn.(*net.TCPConn).SetLinger(0)
					}
					return false
				}
				if got, err := io.Copy(io.Discard, r.Body); err == nil && got == int64(test.size) {
					taken.Add(1)
				}
				io.WriteString(conn, ok)
				return true
			})
			client := New(Options{Idempotent: true})
			defer client.CloseIdleConnections()
			body := bytes.Repeat([]byte("x"), test.size)
			for i := range 20 {
				if status, err := post(client, url, body); err != nil || status != 200 {
					t.Fatalf("request %d: %d, %v", i+1, status, err)
				}
			}
			if taken.Load() != 20 {
				t.Errorf("%d taken whole", taken.Load())
			}
		})
	}
}

// What may have been answered, or failed on a connection of its own, is the
// target's failure and is sent once.
func TestFailuresOfTheTargetAreNotRepeated(t *testing.T) {
	second := func(answer string) func(net.Conn, int) bool {
		return func(conn net.Conn, n int) bool {
			if n == 1 {
				io.WriteString(conn, ok)
				return true
			}
			io.WriteString(conn, answer)
			return false
		}
	}
	for name, test := range map[string]struct {
		idempotent bool
		answer     func(conn net.Conn, n int) bool
	}{
		"a fresh connection closed":      {true, func(net.Conn, int) bool { return false }},
		"an answer broken off":           {true, second("HTTP/1.1 2")},
		"a request that must not repeat": {false, second("")},
	} {
		t.Run(name, func(t *testing.T) {
			var seen atomic.Int64
			url := target(t, func(conn net.Conn, r *http.Request, n int) bool {
				io.Copy(io.Discard, r.Body)
				seen.Add(1)
				return test.answer(conn, n)
			})
			client := New(Options{Idempotent: test.idempotent})
			defer client.CloseIdleConnections()
			var err error
			sent := int64(0)
			for err == nil && sent < 5 {
				_, err = post(client, url, []byte("{}"))
				sent++
			}
			if err == nil || seen.Load() != sent {
				t.Errorf("%d requests sent, %d seen, %v", sent, seen.Load(), err)
			}
		})
	}
}

// An answer's status stands, and its body is waited for no longer than the
// patience given, by the clock of the bubble.
func TestReadDoesNotWaitForTheBody(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n"
	for name, test := range map[string]struct {
		body func(w io.Writer)
		want string
		most time.Duration
	}{
		"whole":        {func(w io.Writer) { io.WriteString(w, "Content-Length: 5\r\n\r\nwhole") }, "whole", 0},
		"stalls":       {func(w io.Writer) { io.WriteString(w, "Content-Length: 9\r\n\r\nhalf") }, "half", time.Second},
		"never begins": {func(w io.Writer) { io.WriteString(w, "Transfer-Encoding: chunked\r\n\r\n") }, "", time.Second},
		"trickles": {func(w io.Writer) {
			io.WriteString(w, "Content-Length: 1000\r\n\r\n")
			for {
				time.Sleep(300 * time.Millisecond)
				if _, err := io.WriteString(w, "x"); err != nil {
					return
				}
			}
		}, "xxx", time.Second},
		"never ends": {func(w io.Writer) {
			io.WriteString(w, "Content-Length: 1000000000000\r\n\r\n")
			for {
				if _, err := w.Write(bytes.Repeat([]byte("y"), 1<<15)); err != nil {
					return
				}
			}
		}, "yyyyyyyyyy", time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				there, here := net.Pipe()
				client := New(Options{Timeout: 30 * time.Second})
				client.Transport.(*transport).DialContext = func(context.Context, string, string) (net.Conn, error) { return here, nil }
				left := make(chan struct{})
				go func() {
					defer close(left)
					defer there.Close()
					r, err := http.ReadRequest(bufio.NewReader(there))
					if err != nil {
						return
					}
					io.Copy(io.Discard, r.Body)
					io.WriteString(there, head)
					test.body(there)
					io.Copy(io.Discard, there) // until the client leaves
				}()
				began := time.Now()
				response, err := client.Post("http://target.test", "", strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				body := Read(response, 10, time.Second)
				if took := time.Since(began); took > test.most || response.StatusCode != 200 || string(body) != test.want {
					t.Errorf("%d %q after %s", response.StatusCode, body, took)
				}
				client.CloseIdleConnections()
				<-left
			})
		})
	}
}

// A proxy that does not work is named, with neither its password nor anything
// of the URL.
func TestDoNamesTheProxy(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer refusing.Close()
	for name, test := range map[string]struct{ proxy, target, says string }{
		"nobody listens":            {closed.URL, "http://labelhook.invalid/hush", "connection refused"},
		"nobody listens, for TLS":   {closed.URL, "https://labelhook.invalid/hush", "connection refused"},
		"it refuses to connect":     {refusing.URL, "https://labelhook.invalid/hush", "Forbidden"},
		"none that SOCKS reaches":   {strings.Replace(closed.URL, "http:", "socks5:", 1), "http://labelhook.invalid/hush", "connection refused"},
		"a password in the proxy":   {strings.Replace(closed.URL, "//", "//user:hush@", 1), "https://labelhook.invalid/?hush", "connection refused"},
		"this machine needs none":   {closed.URL, refusing.URL, ""},
		"neither does its own name": {closed.URL, strings.Replace(refusing.URL, "127.0.0.1", "localhost", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyChild$")
			cmd.Env = append(os.Environ(), "HTTP_PROXY="+test.proxy, "https_proxy="+test.proxy, "TARGET="+test.target)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			said, _, _ := strings.Cut(string(out), "\n")
			if test.says == "" {
				if said != "403" {
					t.Errorf("got %s", said)
				}
				return
			}
			variable := "HTTP_PROXY"
			if strings.HasPrefix(test.target, "https:") {
				variable = "https_proxy"
			}
			host := ""
			if u, err := url.Parse(test.proxy); err == nil {
				host = u.Scheme + "://" + u.Host
			}
			if !strings.Contains(said, test.says) || !strings.Contains(said, variable) || !strings.Contains(said, host) || strings.Contains(said, "hush") {
				t.Errorf("got %s", said)
			}
		})
	}
}

// TestProxyChild is one request in an environment of its own, because net/http
// reads the proxies once.
func TestProxyChild(t *testing.T) {
	to := os.Getenv("TARGET")
	if to == "" {
		t.Skip("run by TestDoNamesTheProxy")
	}
	status, err := post(New(Options{}), to, []byte("{}"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(status)
}

// A name below localhost, and one with a dot at its end, is this machine also
// where the resolver does not know it.
func TestLocalNamesNeedNoResolver(t *testing.T) {
	here := httptest.NewServer(http.NotFoundHandler())
	defer here.Close()
	for _, name := range []string{"localhost", "LOCALHOST", "localhost.", "hook.localhost", "Hook.LocalHost."} {
		if status, err := post(New(Options{}), strings.Replace(here.URL, "127.0.0.1", name, 1), nil); err != nil || status != 404 {
			t.Errorf("%s: %d, %v", name, status, err)
		}
	}
}

func secureServer(t *testing.T) *httptest.Server {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of clients that distrust it
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func TestRootCAs(t *testing.T) {
	server := secureServer(t)
	der := server.Certificate().Raw
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for _, good := range [][]byte{block, append([]byte("# ours\r\n"), block...), der} {
		pool, err := RootCAs(good)
		if err != nil {
			t.Fatal(err)
		}
		if status, err := post(New(Options{RootCAs: pool}), server.URL, nil); err != nil || status != 404 {
			t.Errorf("%d, %v", status, err)
		}
	}
	if _, err := post(New(Options{}), server.URL, nil); err == nil {
		t.Error("an authority that nobody named is trusted")
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for _, bad := range [][]byte{[]byte("no certificate"), nil, key, der[1:]} {
		if _, err := RootCAs(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}
