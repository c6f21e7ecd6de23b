package destination

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Endpoint posts each delivery on to a URL, as it came: the exact body and the
// original headers, so that whatever listens there can verify it again, and
// its CloudEvents attributes as ce- headers
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md,
// binary mode).
type Endpoint struct {
	url    string
	name   string // the URL without path and query, which may hold a key
	client *http.Client
}

// NewEndpoint makes an HTTP destination. The URL must be https; http is let
// through for loopback addresses, which nobody else can listen to.
func NewEndpoint(address string) (*Endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		// The parser's own error would repeat the URL, with any key in it.
		return nil, errors.New("the URL cannot be read; write https://host/path")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil, fmt.Errorf("%s://%s: payloads may leave this machine only by https", u.Scheme, u.Host)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = transport.MaxIdleConns // there is one host
	return &Endpoint{u.String(), u.Scheme + "://" + u.Host, &http.Client{
		Timeout:   30 * time.Second,
		Transport: transport,
		// The signature belongs to this URL's owner and nobody it points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// String returns the scheme and host of the URL, which are safe to log.
func (e *Endpoint) String() string { return e.name }

// Handle implements [core.Handler]. Any 2xx means taken. Statuses that say the
// request itself is wrong, and would be the next time, are permanent failures;
// every other is worth another try.
func (e *Endpoint) Handle(ctx context.Context, d *core.Delivery) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(d.Body))
	if err != nil {
		return fmt.Errorf("%s: %w", e, withoutURL(err))
	}
	for _, a := range d.Attributes() {
		if a.Name != "datacontenttype" { // Content-Type is that attribute
			request.Header.Set("Ce-"+a.Name, percentEncode(a.Value))
		}
	}
	for name, value := range map[string]string{
		core.SignatureHeader: d.Signature,
		core.IDHeader:        d.ID,
		core.EventHeader:     d.EventName,
		"Content-Type":       d.ContentType,
	} {
		if value != "" {
			request.Header.Set(name, value)
		}
	}
	response, err := e.client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %w", e, withoutURL(err))
	}
	defer response.Body.Close()
	io.CopyN(io.Discard, response.Body, 64<<10) // so that the connection can be used again
	return e.judge(response.StatusCode)
}

func (e *Endpoint) judge(status int) error {
	if 200 <= status && status <= 299 {
		return nil
	}
	err := fmt.Errorf("%s: answered %d", e, status)
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return core.Permanent(err)
	}
	return err
}

// withoutURL drops the URL that net/http puts into its errors.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// percentEncode writes an attribute as the HTTP binding wants it (3.1.3.2):
// blank, quote, percent and everything outside printable ASCII as %XX.
func percentEncode(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
