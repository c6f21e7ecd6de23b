package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/sender"
)

const (
	maxRetries     = 20
	maxConcurrency = 4096 // connections
)

// network is what the flags about the way to a receiver say.
type network struct {
	caFile      string
	timeout     time.Duration
	retries     int
	concurrency int
}

func (n *network) addCAFile(f *pflag.FlagSet, whose string) {
	f.StringVar(&n.caFile, "ca-file", "", "`file` with certificates, PEM or DER, of authorities that "+whose+" may have besides the system's")
}

func (n *network) addTimeout(f *pflag.FlagSet, after time.Duration) {
	f.DurationVar(&n.timeout, "timeout", after, "how long one request may take")
}

// addSending adds the flags of those that send many deliveries.
func (n *network) addSending(f *pflag.FlagSet) {
	f.IntVar(&n.concurrency, "concurrency", 1, "`number` of deliveries under way at the same time")
	n.addTimeout(f, sender.Timeout)
	f.IntVar(&n.retries, "retry", 0, "`times` that a delivery is sent again when it was not taken for now: no connection, no answer, 408, 429, 502, 503 or 504; Retry-After is waited for")
	n.addCAFile(f, "the receiver")
}

// check reads what the flags name; roots is nil for the system's.
func (n *network) check() (roots *x509.CertPool, err error) {
	switch {
	case n.concurrency < 1:
		return nil, usage(fmt.Errorf("--concurrency: %d is below 1", n.concurrency), "write how many deliveries may be under way at the same time")
	case n.concurrency > maxConcurrency:
		return nil, usage(fmt.Errorf("--concurrency: %d is above %d", n.concurrency, maxConcurrency), "each is a connection of its own; a few dozen keep a receiver busy")
	case n.timeout <= 0:
		return nil, usage(fmt.Errorf("--timeout: %v is not above 0", n.timeout), "write a duration such as 10s")
	case n.retries < 0 || n.retries > maxRetries:
		return nil, usage(fmt.Errorf("--retry: %d is not from 0 to %d", n.retries, maxRetries), "each time is about twice as long after the one before; a few are enough")
	}
	return n.roots()
}

func (n *network) roots() (*x509.CertPool, error) {
	if n.caFile == "" {
		return nil, nil
	}
	const hint = "name a file with the certificate of the authority, -----BEGIN CERTIFICATE----- and so on"
	content, err := os.ReadFile(n.caFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--ca-file: %w", err), hint)
	}
	roots, err := httpclient.RootCAs(inUTF8(content))
	if err != nil {
		return nil, usage(fmt.Errorf("--ca-file: %s: %w", n.caFile, err), hint)
	}
	return roots, nil
}

// wayHint says what to do about a request that found no way; "" where the error
// says no more.
func wayHint(err error) string {
	var unknown x509.UnknownAuthorityError
	var proxy *httpclient.ProxyError
	switch {
	case errors.As(err, &unknown): // also one that a company's proxy has put there
		return "if the authority is your own or your company's, name its certificate with --ca-file"
	case errors.As(err, &proxy):
		return "does the proxy work? Correct or unset " + proxy.Variable + ", or name the host in NO_PROXY"
	}
	return ""
}
