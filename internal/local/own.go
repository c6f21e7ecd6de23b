package local

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"github.com/labelhook/labelhook/internal/loopback"
)

// Own reports whether a URL leads to what listens at addr, as far as this machine
// can tell: the same port at a loopback address, or at an address of this machine
// where addr is that or all of them. Names are looked up. What comes back through
// a tunnel is not known; the hop count ends that.
func Own(ctx context.Context, addr net.Addr, address string) bool {
	tcp, ok := addr.(*net.TCPAddr)
	u, err := url.Parse(address)
	if !ok || err != nil {
		return false
	}
	if port, err := net.LookupPort("tcp", cmp.Or(u.Port(), u.Scheme)); err != nil || port != tcp.Port {
		return false
	}
	listens := tcp.AddrPort().Addr().Unmap()
	for _, ip := range addressesOf(ctx, u.Hostname()) {
		switch {
		case ip.IsLoopback(), ip.IsUnspecified():
			if listens.IsLoopback() || listens.IsUnspecified() {
				return true
			}
		case ip == listens, listens.IsUnspecified() && isOfThisMachine(ip):
			return true
		}
	}
	return false
}

// addressesOf finds the addresses of a host, none if that takes long.
func addressesOf(ctx context.Context, host string) (found []netip.Addr) {
	if loopback.IsName(host) {
		return []netip.Addr{netip.IPv6Loopback()}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	addresses, _ := net.DefaultResolver.LookupNetIP(ctx, "ip", host) // who cannot be found cannot be posted to either
	for _, ip := range addresses {
		found = append(found, ip.WithZone("").Unmap())
	}
	return found
}

func isOfThisMachine(ip netip.Addr) bool {
	addresses, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(addresses, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip.AsSlice())
	})
}
