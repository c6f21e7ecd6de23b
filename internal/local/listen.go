package local

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/labelhook/labelhook/internal/loopback"
)

// What [Listen] refuses, besides what the system does.
var (
	ErrAddress = errors.New("not an address to listen on")
	ErrPublic  = errors.New("reachable from other machines")
	ErrInUse   = errors.New("in use by another program")
)

// Listen opens addr, host:port, for TCP. A port of 0 takes a free one.
//
// Unless public is true the host must be localhost or a loopback address: a
// receiver on a developer's machine keeps customer data and shows it to all who
// ask. Errors match [ErrAddress], [ErrPublic] or [ErrInUse] where one of them
// says it.
func Listen(addr string, public bool) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil || port == "" {
		return nil, fmt.Errorf("%s: %w", addr, ErrAddress)
	}
	if !public && !loopback.Confines(host) {
		return nil, fmt.Errorf("%s: %w", addr, ErrPublic)
	}
	if loopback.IsName(host) {
		host = strings.TrimSuffix(host, ".") // which hosts files do not have
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	var outer *net.OpError
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w", addr, ErrInUse)
	case errors.As(err, &outer):
		err = outer.Err
	}
	return nil, fmt.Errorf("%s: %w", addr, err)
}
