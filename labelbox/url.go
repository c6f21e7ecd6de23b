package labelbox

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/labelhook/labelhook/internal/loopback"
	"github.com/labelhook/labelhook/internal/printable"
)

// IsReserved reports whether the URL's host is one of those kept for
// documentation and tests (RFC 2606, such as example.com). The API takes such
// a URL, but no delivery to it will ever arrive.
func IsReserved(rawURL string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return false
	}
	host := "." + strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	reserved := []string{".example", ".invalid", ".test", ".example.com", ".example.net", ".example.org"}
	return slices.ContainsFunc(reserved, func(name string) bool { return strings.HasSuffix(host, name) })
}

// SameReceiver reports whether deliveries to both URLs reach the same receiver,
// though Labelbox, which compares nothing, may hold them in other spellings: in
// the case of scheme and host, the default port, percent encoding, "." and
// empty path segments, a slash at the end, the order of the query, user info or
// a fragment. Texts that are no URLs are the same if they are equal.
func SameReceiver(a, b string) bool {
	u, errA := url.Parse(a)
	v, errB := url.Parse(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return receiver(u) == receiver(v)
}

// receiver writes what a URL says about where deliveries go, in one spelling.
func receiver(u *url.URL) string {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip := net.ParseIP(host); ip != nil {
		host = ip.String()
	}
	if loopback.Reaches(host) {
		host = "localhost"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	segments := strings.Split(u.EscapedPath(), "/")
	for i, segment := range segments {
		if text, err := url.PathUnescape(segment); err == nil {
			segments[i] = url.PathEscape(text)
		}
	}
	where := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: net.JoinHostPort(host, port)}
	return where.String() + path.Clean("/"+strings.Join(segments, "/")) + "?" + u.Query().Encode()
}

// CheckURL refuses, with an [ErrInvalid], a URL that no operation of this client
// would register. It sends nothing.
func (c *Client) CheckURL(raw string) error {
	if err := checkURL(raw, c.loopback); err != nil {
		return refuse("check the URL", err)
	}
	return nil
}

// checkURL refuses a webhook URL to which Labelbox could not deliver, or only
// in the clear. Labelbox itself takes any text. The errors repeat no more of
// the URL than its host: the rest may hold a function key.
func checkURL(raw string, allowLoopback bool) error {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return errors.New("the URL is empty; write https://host/path")
	case strings.ContainsFunc(raw, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return errors.New("the URL has white space or control characters in it")
	case strings.ContainsAny(raw, "<>{}"):
		return errors.New("the URL still has a placeholder in brackets; write the real one")
	case err != nil || u.Scheme == "":
		return errors.New("the URL is not one; write https://host/path")
	case u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the URL does not begin with https://")
	case u.Hostname() == "":
		return errors.New("the URL names no host; write https://host/path, with two slashes")
	case isPlaceholder(u.Hostname()):
		return fmt.Errorf("the URL's host %s is a placeholder; write the real one", u.Hostname())
	case loopback.Reaches(u.Hostname()):
		if !allowLoopback {
			return fmt.Errorf("the URL's host %s is this machine, where Labelbox cannot deliver", u.Hostname())
		}
	case u.Scheme != "https":
		return errors.New("the URL must be https: on the way of http anyone can read the labels")
	}
	return nil
}

// private are the parts of a webhook URL that may be keys.
func private(raw string) []string {
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	password, _ := u.User.Password()
	return []string{u.RawQuery, password}
}

// isPlaceholder recognises host names out of snippets that were not filled in.
func isPlaceholder(host string) bool {
	prefixes := []string{"public_url", "public-url", "your-", "your_", "my-url", "my_url", "change-me", "change_me", "changeme"}
	return !strings.Contains(host, ".") &&
		slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(strings.ToLower(host), prefix) })
}

// hostOf is as much of an address as may be shown.
func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "?"
	}
	return printable.Text(u.Host)
}
