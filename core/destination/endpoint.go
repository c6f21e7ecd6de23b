package destination

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/loopback"
	"github.com/labelhook/labelhook/internal/printable"
)

// Endpoint posts each delivery on to a URL, as it came: the exact body and the
// headers of [core.Delivery.Header], so that what listens there can verify
// it again, and its CloudEvents attributes as ce- headers
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md,
// binary mode). [core.HopHeader] counts one more.
//
// A proxy is taken from HTTPS_PROXY and NO_PROXY as net/http does. A delivery
// whose kept connection turns out to be closed, and that nothing was answered
// to, is sent again on another.
type Endpoint struct {
	url    string
	name   string // the URL without path and query, which may hold a key
	client *http.Client
}

// An EndpointOption changes what [NewEndpoint] sets up.
type EndpointOption func(*httpclient.Options)

// WithRootCAs sets the authorities whose certificates the endpoint may have; by
// default those of the system.
func WithRootCAs(pool *x509.CertPool) EndpointOption {
	return func(o *httpclient.Options) { o.RootCAs = pool }
}

const (
	endpointTimeout     = 30 * time.Second // for one delivery, until the status is there
	endpointConnections = 100              // kept open
	answerPatience      = 250 * time.Millisecond
)

// NewEndpoint makes an HTTP destination. The URL must be https; http is let
// through to this machine, where the payload meets no network.
func NewEndpoint(address string, options ...EndpointOption) (*Endpoint, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		// The parser's own error would repeat the URL, with any key in it.
		return nil, errors.New("the URL cannot be read; write https://host/path")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback.Reaches(u.Hostname())) {
		return nil, fmt.Errorf("%s: payloads may leave this machine only by https", printable.URL(address))
	}
	o := httpclient.Options{Timeout: endpointTimeout, Connections: endpointConnections, Idempotent: true}
	for _, option := range options {
		option(&o)
	}
	return &Endpoint{u.String(), printable.URL(address), httpclient.New(o)}, nil
}

// String returns the scheme and host of the URL, which are safe to log.
func (e *Endpoint) String() string { return e.name }

// Handle implements [core.Handler]. Any 2xx means taken. Statuses that say the
// request itself is wrong, and would be the next time, are permanent failures;
// every other is worth another try.
func (e *Endpoint) Handle(ctx context.Context, d *core.Delivery) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(d.Body))
	if err != nil {
		return fmt.Errorf("%s: the request cannot be made", e) // the cause would repeat the URL
	}
	request.Header.Set("User-Agent", "labelhook")
	for _, a := range d.Attributes() {
		if a.Name != "datacontenttype" { // Content-Type is that attribute
			request.Header.Set("Ce-"+a.Name, percentEncode(a.Value))
		}
	}
	passed := http.Header{}
	for _, f := range d.Header() {
		passed.Add(f.Name, f.Value)
	}
	maps.Copy(request.Header, passed)
	request.Header.Set(core.HopHeader, strconv.Itoa(d.Hops+1))
	response, err := httpclient.Do(e.client, request)
	if err != nil {
		return fmt.Errorf("%s: %w", e, err)
	}
	httpclient.Read(response, 0, answerPatience)
	return e.errorOf(response.StatusCode)
}

func (e *Endpoint) errorOf(status int) error {
	if 200 <= status && status <= 299 {
		return nil
	}
	err := fmt.Errorf("%s: answered %d", e, status)
	switch status {
	case http.StatusBadRequest, http.StatusGone, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity,
		http.StatusLoopDetected: // until it is changed where receivers send
		return core.Permanent(err)
	}
	return err
}
