package local_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/local"
)

func TestListenStaysOnLoopback(t *testing.T) {
	for addr, want := range map[string]error{
		"127.0.0.1:0": nil, "localhost:0": nil, "[::1]:0": nil, "127.9.9.9:0": nil,
		"LOCALHOST:0": nil, "localhost.:0": nil, "[::ffff:127.0.0.1]:0": nil,
		"a.localhost:0": local.ErrPublic, "127.1:0": local.ErrPublic, "[::%lo]:0": local.ErrPublic,
		"0.0.0.0:0": local.ErrPublic, ":0": local.ErrPublic, "[::]:0": local.ErrPublic,
		"192.0.2.1:0": local.ErrPublic, "example.com:0": local.ErrPublic, "localhost.example.com:0": local.ErrPublic,
		"": local.ErrAddress, "127.0.0.1": local.ErrAddress, "127.0.0.1:": local.ErrAddress, "a:b:c": local.ErrAddress,
	} {
		l, err := local.Listen(addr, false)
		if addr == "[::1]:0" && err != nil && !errors.Is(err, local.ErrPublic) {
			continue // a machine without IPv6
		}
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", addr, err, want)
		}
		if err == nil {
			l.Close()
		}
	}
	l, err := local.Listen("0.0.0.0:0", true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if _, err := local.Listen("0.0.0.0:"+port, true); !errors.Is(err, local.ErrInUse) {
		t.Errorf("a port in use: %v", err)
	}
	if _, err := local.Listen("127.0.0.1:99999", false); err == nil || strings.Count(err.Error(), "99999") != 2 {
		t.Errorf("a port out of range: %v", err)
	}
}

func TestOwn(t *testing.T) {
	addr := func(text string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(text)) }
	var lan string
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if n := a.(*net.IPNet); n.IP.To4() != nil && !n.IP.IsLoopback() {
			lan = n.IP.String()
		}
	}
	for _, test := range []struct {
		at, url string
		want    bool
	}{
		{"127.0.0.1:3001", "http://127.0.0.1:3001/webhook-endpoint", true},
		{"127.0.0.1:3001", "http://127.0.0.1:3001/", true},
		{"127.0.0.1:3001", "http://127.0.0.1:3001", true},
		{"127.0.0.1:3001", "HTTP://LOCALHOST:3001/x", true},
		{"127.0.0.1:3001", "http://localhost.:3001/x", true},
		{"127.0.0.1:3001", "http://[::1]:3001/x", true},
		{"127.0.0.1:3001", "http://[::ffff:127.0.0.1]:3001/x", true},
		{"127.0.0.1:3001", "http://127.0.0.2:3001/x", true},
		{"127.0.0.1:3001", "http://0.0.0.0:3001/x", true},
		{"127.0.0.1:3001", "http://user:word@localhost:3001/x?y", true},
		{"127.0.0.1:3001", "http://a.localhost:3001/x", true},
		{"[::1]:3001", "http://localhost:3001/x", true},
		{"127.0.0.1:80", "http://localhost/x", true},
		{"127.0.0.1:443", "https://localhost", true},
		{"0.0.0.0:3001", "http://localhost:3001/x", true},
		{"[::]:3001", "http://127.0.0.1:3001/x", true},
		{"0.0.0.0:3001", "https://" + lan + ":3001/x", lan != ""},
		{"127.0.0.1:3001", "https://" + lan + ":3001/x", false},
		{"127.0.0.1:3001", "http://127.0.0.1:3002/x", false},
		{"127.0.0.1:3001", "http://localhost/x", false},
		{"0.0.0.0:3001", "http://192.0.2.1:3001/x", false},
		{"127.0.0.1:3001", ":", false},
	} {
		if got := local.Own(t.Context(), addr(test.at), test.url); got != test.want {
			t.Errorf("%s at %s: %v", test.url, test.at, got)
		}
	}
}

// A receiver on a developer's machine stays on it, and knows its own URLs.
func Example() {
	_, err := local.Listen("0.0.0.0:8080", false)
	fmt.Println(err)
	l, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	fmt.Println(local.Own(context.Background(), l.Addr(), "http://localhost:"+port+"/hook"))
	// Output:
	// 0.0.0.0:8080: reachable from other machines
	// true
}
