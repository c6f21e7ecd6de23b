// Package loopback decides which hosts are this machine: where payloads and keys
// may go without TLS, what no proxy stands before, what Labelbox cannot reach,
// and what may be listened on unasked.
//
// It judges spellings and asks no resolver, for what a resolver says can change.
// A spelling that only some resolvers take for an address, such as 127.1, 0x7f.1
// or 2130706433, is not this machine.
package loopback

import (
	"net/netip"
	"strings"
)

// IsName reports whether host is localhost or a name below it, in any case, with
// or without the dot at the end. RFC 6761 (6.3) gives these names to the loopback
// addresses, but many resolvers ask the network for those below; code that
// connects to one must not.
func IsName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// Reaches reports whether a connection to host, a name or an address as
// [net/url.URL.Hostname] returns it, ends at this machine. The unspecified
// addresses do, as package net has it.
func Reaches(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return IsName(host)
	}
	return ip.Unmap().IsLoopback() || ip.Unmap().WithZone("").IsUnspecified()
}

// Confines reports whether what listens at host can be reached from this machine
// alone. The unspecified addresses are every address of the machine, and a name
// below localhost is what the resolver says.
func Confines(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(strings.TrimSuffix(host, "."), "localhost")
	}
	return ip.Unmap().IsLoopback()
}
