package labelbox

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/loopback"
)

// The environment variables that [FromEnvironment] reads.
const (
	KeyVariable      = "LABELBOX_API_KEY"
	EndpointVariable = "LABELBOX_API_URL"
)

// DefaultEndpoint is Labelbox's own GraphQL endpoint.
const DefaultEndpoint = "https://api.labelbox.com/graphql"

// Client speaks to Labelbox's API with one API key. It is made by [NewClient]
// or [FromEnvironment], may be used from several goroutines, and never prints
// its key.
type Client struct {
	key      string
	endpoint string
	http     *http.Client
	timeout  time.Duration
	attempts uint
	pause    time.Duration
	onRetry  func(err error, pause time.Duration)
	loopback bool
}

// Option changes what [NewClient] sets up.
type Option func(*Client)

// WithEndpoint sets the whole address of the GraphQL endpoint, where it is not
// [DefaultEndpoint]. It must be https, or http on a loopback address: the API
// key travels there.
func WithEndpoint(url string) Option { return func(c *Client) { c.endpoint = url } }

// WithHTTPClient sets what carries the requests. It is copied, and the copy
// follows no redirects: the key is meant for one server.
func WithHTTPClient(client *http.Client) Option { return func(c *Client) { c.http = client } }

// WithTimeout sets how long one request may take, its answer included; by
// default 30 seconds. An operation may send several requests: bound the whole
// by its context.
func WithTimeout(d time.Duration) Option { return func(c *Client) { c.timeout = d } }

// WithRetry sets how many times a request that may be repeated is sent at
// most, and about how long the first pause is; by default 4 times and half a
// second. Each further pause is about twice as long, all of them are jittered,
// and none is shorter than the server's Retry-After. All attempts together
// end within two minutes, so a longer Retry-After is an error at once.
func WithRetry(attempts int, firstPause time.Duration) Option {
	return func(c *Client) { c.attempts, c.pause = uint(max(attempts, 1)), firstPause }
}

// WithRetryNotice sets a function that is called before each pause with the
// error that will be tried again and the length of the pause, for showing
// people what they wait for.
func WithRetryNotice(notice func(err error, pause time.Duration)) Option {
	return func(c *Client) { c.onRetry = notice }
}

// WithLoopbackWebhooks allows webhook URLs on this machine's loopback
// addresses, and http for those. Labelbox itself cannot deliver there; a fake
// of its API can.
func WithLoopbackWebhooks() Option { return func(c *Client) { c.loopback = true } }

// FromEnvironment makes a client of what LABELBOX_API_KEY and, if it is set,
// LABELBOX_API_URL say. getenv is os.Getenv or what stands for it. The errors
// name the variable.
func FromEnvironment(getenv func(string) string, options ...Option) (*Client, error) {
	key := getenv(KeyVariable)
	if err := checkKey(key); err != nil {
		return nil, fmt.Errorf("%s: %w", KeyVariable, err)
	}
	if endpoint := getenv(EndpointVariable); endpoint != "" {
		if err := checkEndpoint(endpoint); err != nil {
			return nil, fmt.Errorf("%s: %w", EndpointVariable, err)
		}
		options = append([]Option{WithEndpoint(endpoint)}, options...)
	}
	return NewClient(key, options...)
}

// NewClient makes a client that uses the API key. It sends nothing yet. It
// returns an error for a key that cannot be one, and for an endpoint to which
// the key must not go.
func NewClient(apiKey string, options ...Option) (*Client, error) {
	c := &Client{
		key:      apiKey,
		endpoint: DefaultEndpoint,
		http:     httpclient.New(httpclient.Options{}),
		timeout:  30 * time.Second,
		attempts: 4,
		pause:    500 * time.Millisecond,
	}
	for _, o := range options {
		o(c)
	}
	if err := checkKey(c.key); err != nil {
		return nil, err
	}
	if err := checkEndpoint(c.endpoint); err != nil {
		return nil, err
	}
	if c.timeout <= 0 {
		return nil, fmt.Errorf("the timeout of %v leaves no time for an answer", c.timeout)
	}
	carrier := *c.http
	carrier.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.http = &carrier
	return c, nil
}

// String says where the client sends, without the key.
func (c *Client) String() string { return "labelbox.Client(" + hostOf(c.endpoint) + ")" }

// GoString hides the key from %#v.
func (c *Client) GoString() string { return c.String() }

// checkKey refuses what cannot be sent as a key, or is the documentation's
// placeholder. Its errors do not repeat the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the Labelbox API key is not set; make one in Labelbox's workspace settings")
	case strings.ContainsFunc(key, func(r rune) bool { return r > unicode.MaxASCII || unicode.IsSpace(r) || unicode.IsControl(r) }):
		return errors.New("the Labelbox API key has characters in it that no key has, such as white space")
	case strings.ContainsAny(key, "<>"):
		return errors.New("the Labelbox API key is a placeholder; write the key itself")
	}
	return nil
}

// checkEndpoint refuses endpoints to which a key must not go. Its errors do
// not repeat the address, which may have a key in it.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Hostname() == "":
		return errors.New("the API endpoint is not a URL; write the whole of it, such as " + DefaultEndpoint)
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback.Reaches(u.Hostname())):
		return errors.New("the API endpoint must be https, because the API key travels there")
	}
	return nil
}
