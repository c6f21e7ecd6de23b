package server_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/server"
)

// A sender that stalls loses its connection, at the latest after the time
// given, by the clock of the bubble.
func TestServeDropsSendersThatStall(t *testing.T) {
	for name, test := range map[string]struct {
		sent   string
		within time.Duration
	}{
		"nothing at all":    {"", 10 * time.Second},
		"half a header":     {"POST /webhook-endpoint HTTP/1.1\r\nHost: x\r\nX-Hub-Sig", 10 * time.Second},
		"half a body":       {"POST /webhook-endpoint HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{", 30 * time.Second},
		"half a chunk":      {"POST /webhook-endpoint HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{", 30 * time.Second},
		"idle after answer": {"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 2 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, there := net.Pipe()
				l := &onePipe{conns: make(chan net.Conn, 1), closed: make(chan struct{})}
				l.conns <- there
				ctx, stop := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() { served <- (&server.Server{Receiver: &core.Receiver{}}).Serve(ctx, l) }()

				began := time.Now()
				go io.WriteString(client, test.sent)
				if _, err := io.Copy(io.Discard, client); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Error(err)
				}
				if took := time.Since(began); took > test.within+time.Second {
					t.Errorf("dropped after %s", took)
				}
				stop()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// onePipe is a listener to which one connection comes.
type onePipe struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *onePipe) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *onePipe) Close() error   { close(l.closed); return nil }
func (l *onePipe) Addr() net.Addr { return &net.TCPAddr{} }
