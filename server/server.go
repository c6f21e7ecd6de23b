package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/floodlog"
)

// Server receives deliveries at one path. The fields must not be changed once it
// serves.
type Server struct {
	Receiver *core.Receiver

	// Path is where deliveries are taken, as [CleanPath] has it; "" means
	// [DefaultPath]. At [HealthPath] GET is answered 200.
	Path string

	// Other has the requests to all other paths: a mux or router of one's own. Those
	// for which a [http.ServeMux] has no pattern, and all if it is nil, are answered
	// 404, and their path is logged, once a minute.
	Other http.Handler

	// Refused is told of requests that were not believed; see
	// HandlerTelling of core/nethttp, which says for whom it is. It may be nil.
	Refused func(r *http.Request, body []byte, answer core.Response)

	// CertFile and KeyFile are PEM files, both or neither: with them the server
	// speaks TLS only. A certificate that is renewed in them is used from then on.
	CertFile, KeyFile string

	Logger *slog.Logger // for what concerns no delivery; nil means [slog.Default]
}

// DefaultPath is where deliveries are taken unless told otherwise.
const DefaultPath = "/webhook-endpoint"

// graceTime bounds how long an end waits for the requests under way.
const graceTime = 10 * time.Second

// Run listens at addr, HOST:PORT, and serves until ctx ends or the process is told
// to stop by SIGINT, SIGTERM or SIGHUP. It returns nil once the requests under way
// are answered, or an error that says why it could not listen or end so.
func (s *Server) Run(ctx context.Context, addr string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	return s.Serve(ctx, l)
}

// Serve is [Server.Run] on a listener, which it closes, and without the signals:
// when ctx ends it takes no new connections, and lets the requests under way finish
// within ten seconds.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	logger := s.Logger
	if logger == nil {
		logger = slog.Default()
	}
	handler, err := s.route(l.Addr(), logger)
	if err != nil {
		l.Close()
		return err
	}
	defer handler.strays.Flush()
	defer core.FlushLog()
	server := New(handler, logger)
	if s.CertFile != "" || s.KeyFile != "" {
		certificate, err := loadCertificate(s.CertFile, s.KeyFile, logger)
		if err != nil {
			l.Close()
			return err
		}
		server.TLSConfig = &tls.Config{GetCertificate: certificate.get}
	}
	stopped := make(chan error, 1)
	cancel := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTime)
		defer cancel()
		stopped <- server.Shutdown(grace)
	})
	if server.TLSConfig != nil {
		err = server.ServeTLS(l, "", "")
	} else {
		err = server.Serve(l)
	}
	if cancel() { // ctx lives: the server broke down by itself
		return err
	}
	if err := <-stopped; err != nil {
		server.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stopping: some requests were not answered within %s", graceTime)
		}
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// New returns a server of net/http for handler that has bounds where that has
// none: how long a connection may take over its headers (10 s), over a request (30
// s), an answer (60 s) and between requests (2 minutes), how large its headers are
// (32 KiB), and what a connection of HTTP/2 may hold. A sender that stalls costs one
// connection for a while and no more; a body at the default limit needs 340 KB/s
// to come in time. The fields may be changed before it serves.
//
// Besides HTTP/1 it speaks HTTP/2, also without TLS to those who begin with it, for
// some tunnels and sidecars speak nothing else. What goes wrong with connections is
// logged by logger, nil meaning [slog.Default], and summed up.
func New(handler http.Handler, logger *slog.Logger) *http.Server {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second, // headers included; of each request, by HTTP/2 too
		WriteTimeout:      60 * time.Second, // from the end of the headers
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          floodlog.ErrorLog(logger),
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{ // what one connection may hold before it is read
			MaxConcurrentStreams:          100,
			MaxReadFrameSize:              16 << 10,
			MaxReceiveBufferPerConnection: 256 << 10,
			MaxReceiveBufferPerStream:     64 << 10,
		},
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	return server
}
