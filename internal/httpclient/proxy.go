package httpclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/labelhook/labelhook/internal/loopback"
)

// ProxyError is a request that got no answer and went through a proxy of the
// environment.
type ProxyError struct {
	Proxy    string // its scheme and host, or "" where the variable holds no URL
	Variable string // that names it
	Err      error
}

// Error names the proxy, never its password.
func (e *ProxyError) Error() string {
	if e.Proxy == "" {
		return e.Variable + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Through(), e.Err)
}

// Through says through which proxy the request went.
func (e *ProxyError) Through() string {
	return fmt.Sprintf("through the proxy %s (%s)", e.Proxy, e.Variable)
}

func (e *ProxyError) Unwrap() error { return e.Err }

var errNoProxy = errors.New("not the URL of a proxy; write http://host:port, or unset it")

// proxyOf is the proxy of the environment for a request, nil for none. What is
// on this machine is reached without one: a proxy's own loopback is another.
func proxyOf(r *http.Request) (*url.URL, error) {
	if loopback.Reaches(r.URL.Hostname()) {
		return nil, nil
	}
	proxy, err := http.ProxyFromEnvironment(r)
	if err != nil { // it repeats the address, with any password in it
		return nil, &ProxyError{Variable: proxyVariable(r.URL.Scheme), Err: errNoProxy}
	}
	return proxy, nil
}

// throughProxy names the proxy that err came through, if there is one.
func throughProxy(r *http.Request, err error) error {
	var known *ProxyError
	if errors.As(err, &known) || errors.Is(err, context.Canceled) {
		return err
	}
	proxy, _ := proxyOf(r)
	if proxy == nil {
		return err
	}
	return &ProxyError{Proxy: proxy.Scheme + "://" + proxy.Host, Variable: proxyVariable(r.URL.Scheme), Err: err}
}

// Proxy says through which proxy of the environment the URL is reached, as
// "http://host (HTTP_PROXY)"; "" for none.
func Proxy(target string) string {
	r, err := http.NewRequest(http.MethodPost, target, nil)
	if err != nil {
		return ""
	}
	proxy, _ := proxyOf(r)
	if proxy == nil {
		return ""
	}
	return fmt.Sprintf("%s://%s (%s)", proxy.Scheme, proxy.Host, proxyVariable(r.URL.Scheme))
}

// proxyVariable is the variable that net/http takes the proxy from.
func proxyVariable(scheme string) string {
	name := strings.ToUpper(scheme) + "_PROXY"
	for _, name := range []string{name, strings.ToLower(name)} {
		if os.Getenv(name) != "" {
			return name
		}
	}
	return name
}
