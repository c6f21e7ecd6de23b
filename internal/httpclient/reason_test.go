package httpclient

import (
	"cmp"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Each reason comes from the real failure.
func TestReason(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	secure := secureServer(t)
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not notice that the client is gone
		<-r.Context().Done()
	}))
	defer hanging.Close()
	noHTTP, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer noHTTP.Close()
	go func() {
		for {
			conn, err := noHTTP.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	wrongHost := func() *http.Client { // trusts the certificate, which is for example.com and 127.0.0.1
		client := secure.Client()
		client.Transport.(*http.Transport).TLSClientConfig.ServerName = "labelhook.test"
		return client
	}

	for name, test := range map[string]struct {
		url    string
		ctx    context.Context
		client *http.Client
		want   string
	}{
		"nobody listens":            {closed.URL + "/path?code=hush", nil, nil, "connection refused"},
		"https to plain http":       {strings.Replace(plain.URL, "http:", "https:", 1), nil, nil, "the server does not speak TLS there"},
		"own certificate":           {secure.URL, nil, nil, "TLS: the certificate is signed by an unknown authority"},
		"another's certificate":     {secure.URL, nil, wrongHost(), "TLS: the certificate is not for this host"},
		"no answer":                 {hanging.URL, nil, &http.Client{Timeout: time.Millisecond}, "no answer in time"},
		"given up":                  {plain.URL, ended, nil, "interrupted before an answer came"},
		"closed at once":            {"http://" + noHTTP.Addr().String(), nil, nil, "the connection was closed before an answer came"},
		"another scheme":            {"ftp://127.0.0.1/?code=hush", nil, nil, "unsupported protocol scheme"},
		"the URL stays out of this": {"http://127.0.0.1:99999/?code=hush", nil, nil, "dial tcp: address 99999: invalid port"},
	} {
		t.Run(name, func(t *testing.T) {
			client := cmp.Or(test.client, New(Options{}))
			defer client.CloseIdleConnections()
			request, err := http.NewRequestWithContext(cmp.Or(test.ctx, t.Context()), http.MethodPost, test.url, strings.NewReader("{}"))
			if err == nil {
				_, err = Do(client, request)
			}
			if got := Reason(err); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("%v repeats the URL", err)
			}
		})
	}
}

func TestReasonOfAnUnknownHost(t *testing.T) {
	err := &url.Error{Op: "Post", URL: "http://labelhook.invalid/?code=hush", Err: &net.OpError{
		Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "labelhook.invalid", IsNotFound: true}}}
	if got := Reason(err); got != "the host labelhook.invalid is not found" {
		t.Errorf("got %q", got)
	}
}
