package main

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"github.com/labelhook/labelhook/internal/httpclient"
)

const maxRetries = 20

// network is what the flags about the way to a receiver say.
type network struct {
	caFile  string
	timeout time.Duration
	retries int
}

func (n *network) addCAFile(f *pflag.FlagSet, whose string) {
	f.StringVar(&n.caFile, "ca-file", "", "PEM `file` of certificate authorities that "+whose+" may have, besides the system's")
}

func (n *network) addTimeout(f *pflag.FlagSet, after time.Duration) {
	f.DurationVar(&n.timeout, "timeout", after, "how long one request may take")
}

func (n *network) addRetry(f *pflag.FlagSet) {
	f.IntVar(&n.retries, "retry", 0, "`times` that a delivery is sent again when it was not taken for now: no connection, no answer, 429, 502, 503 or 504; Retry-After is waited for")
}

// check reads what the flags name; roots is nil for the system's.
func (n *network) check() (roots *x509.CertPool, err error) {
	switch {
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
	roots, err := httpclient.RootCAs(n.caFile)
	if err != nil {
		return nil, usage(fmt.Errorf("--ca-file: %w", err), "name a file with the certificate of the authority, -----BEGIN CERTIFICATE----- and so on")
	}
	return roots, nil
}
