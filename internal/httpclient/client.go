// Package httpclient makes the HTTP clients that deliver: for the https:
// destination, for the commands that send, and for the client of Labelbox's API.
// They replace a connection that died unnoticed, do not wait for a body that
// never ends, and say in a few words why no answer came ([Reason]).
package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labelhook/labelhook/internal/loopback"
)

// Options are what differs from one client to the next.
type Options struct {
	Timeout     time.Duration  // for one request, its answer included; 0 means none
	Connections int            // kept open to one host; less than 1 means 1
	RootCAs     *x509.CertPool // whose certificates are trusted; nil means the system's

	// Idempotent says that a request may arrive twice: it is sent again when the
	// kept connection that it went out on had been closed by the target and
	// nothing was answered, or 408. net/http does so only for idempotent methods,
	// which POST is not; a delivery is, for it has the same key each time.
	Idempotent bool
}

// New makes a client. It follows no redirect: what is signed or keyed is meant
// for one receiver. It does not ask for compressed answers.
func New(o Options) *http.Client {
	return &http.Client{
		Timeout: o.Timeout,
		Transport: &transport{idempotent: o.Idempotent, Transport: &http.Transport{
			Proxy:                 proxyOf,
			DialContext:           dial,
			TLSClientConfig:       &tls.Config{RootCAs: o.RootCAs},
			TLSHandshakeTimeout:   10 * time.Second,
			ForceAttemptHTTP2:     true,
			DisableCompression:    true,
			MaxIdleConnsPerHost:   max(o.Connections, 1),
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var dialer = net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

// dial connects. What is called localhost is this machine, also if a resolver
// says otherwise: it may not know the name, or ask the network for it.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	if host, port, err := net.SplitHostPort(address); err == nil && loopback.IsName(host) {
		address = net.JoinHostPort("localhost", port)
	}
	return dialer.DialContext(ctx, network, address)
}

// Do sends a request with a client of [New], or any other. The error says
// nothing of the URL, which may hold a key, nor of an answer that is not HTTP
// ([Unquoted]), and names the proxy that the request
// went through ([ProxyError]).
func Do(client *http.Client, r *http.Request) (*http.Response, error) {
	response, err := client.Do(r)
	if err == nil {
		return response, nil
	}
	err = Unquoted(err)
	if _, ours := client.Transport.(*transport); ours {
		err = throughProxy(r, err)
	}
	return nil, err
}

// Unquoted is an error of net/http without what it quotes: the URL, an address in
// a variable, or the other side's answer, which may repeat a key.
func Unquoted(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	if strings.Contains(err.Error(), `"`) {
		return unquoted{err}
	}
	return err
}

type unquoted struct{ error }

func (u unquoted) Error() string {
	text, _, _ := strings.Cut(u.error.Error(), `"`)
	return strings.TrimRight(text, " :")
}

func (u unquoted) Unwrap() error { return u.error }

// RootCAs returns the system's certificate authorities and those of a file's
// content: certificates in PEM form, or one in DER form, as Windows exports it.
func RootCAs(certificates []byte) (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a system without any, such as an empty container
	}
	if pool.AppendCertsFromPEM(certificates) {
		return pool, nil
	}
	one, err := x509.ParseCertificate(certificates)
	if err != nil {
		return nil, errors.New("no certificate in PEM or DER form")
	}
	pool.AddCert(one)
	return pool, nil
}
