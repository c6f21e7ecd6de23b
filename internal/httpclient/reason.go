package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"syscall"
)

// NoAnswerInTime is the [Reason] of a timeout.
const NoAnswerInTime = "no answer in time"

// Reason says in a few words why a request got no answer. It never contains
// the URL, whose query may hold a function key.
func Reason(err error) string {
	var proxy *ProxyError
	var dns *net.DNSError
	var notTLS tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var wrongHost x509.HostnameError
	var invalid x509.CertificateInvalidError
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted before an answer came"
	case errors.As(err, &proxy) && proxy.Proxy != "":
		return proxy.Through() + ": " + Reason(proxy.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.As(err, &dns):
		return "the host " + dns.Name + " is not found"
	case errors.As(err, &notTLS), errors.Is(err, http.ErrSchemeMismatch):
		return "the server does not speak TLS there"
	case errors.As(err, &unknown):
		return "TLS: the certificate is signed by an unknown authority"
	case errors.As(err, &wrongHost):
		return "TLS: the certificate is not for this host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "TLS: the certificate has expired or is not valid yet"
	case errors.As(err, &timeout) && timeout.Timeout():
		return NoAnswerInTime
	case isClosed(err):
		return "the connection was closed before an answer came"
	}
	return Unquoted(err).Error()
}

// IsHopeless reports whether no connection came about, for a reason that will
// not pass: the name does not exist, or the other end is not who it should be.
func IsHopeless(err error) bool {
	var dns *net.DNSError
	var untrusted *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	var address *net.AddrError
	return errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &untrusted) || errors.As(err, &notTLS) || errors.As(err, &address) ||
		errors.Is(err, http.ErrSchemeMismatch)
}
