package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/floodlog"
	"github.com/labelhook/labelhook/internal/printable"
)

// How long a connection may take over each thing, so that a sender that stalls
// costs one connection for a while and no more. A body at the default limit
// needs 340 KB/s to come in time.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second // headers included
	answerTimeout = 60 * time.Second // from the end of the headers
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10 // bytes

	// What one connection of HTTP/2 may hold before anybody reads it, in bytes, and
	// how many requests it may carry at once.
	connectionBuffer = 256 << 10
	streamBuffer     = 64 << 10
	frameBuffer      = 16 << 10
	streams          = 100

	// graceTimeout bounds how long a stop waits for requests under way.
	graceTimeout = 10 * time.Second
)

// Serve answers on l until ctx ends: deliveries at path by the receiver,
// everything else with 404 except [HealthPath]. A slash at the end of a path does
// not count. A path that was refused is logged, once a minute. Besides HTTP/1 it
// speaks HTTP/2 without TLS, to those who begin with it. It then takes no new
// connections, lets the requests under way finish within ten seconds, and
// returns nil; l is closed. The error says what broke the server.
func Serve(ctx context.Context, l net.Listener, path string, receiver *core.Receiver, logger *slog.Logger) error {
	strays := floodlog.New(1, time.Minute)
	server := &http.Server{
		Handler:           route(path, receiver, l.Addr(), strays, logger),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,   // of each request, by HTTP/2 too
		WriteTimeout:      answerTimeout, // and this
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          floodlog.ErrorLog(logger),
		Protocols:         new(http.Protocols),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          streams,
			MaxReadFrameSize:              frameBuffer,
			MaxReceiveBufferPerConnection: connectionBuffer,
			MaxReceiveBufferPerStream:     streamBuffer,
		},
	}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true) // some tunnels and sidecars speak nothing else
	defer core.FlushLog()
	defer strays.Flush()
	stopped := make(chan error, 1)
	cancel := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceTimeout)
		defer cancel()
		stopped <- server.Shutdown(grace)
	})
	err := server.Serve(l)
	if cancel() { // ctx lives: the server broke down by itself
		return err
	}
	if err := <-stopped; err != nil {
		server.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("stopping: some requests were not answered within %s", graceTimeout)
		}
		return fmt.Errorf("stopping: %w", err)
	}
	return nil
}

// route compares paths whole, but for a slash at the end, without the cleaning
// and redirecting of a [http.ServeMux]: a sender follows no redirect.
func route(path string, receiver *core.Receiver, addr net.Addr, strays *floodlog.Log, logger *slog.Logger) http.Handler {
	deliveries := nethttp.Handler(receiver)
	right := "http://" + addr.String() + path
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch asked := r.URL.Path; strings.TrimSuffix(asked, "/") {
		case path:
			deliveries.ServeHTTP(w, r)
		case HealthPath:
			health(w, r)
		default:
			asked = printable.Text(asked[:min(len(asked), 100)])
			strays.Write(r.Context(), logger, slog.LevelWarn, asked, "request refused: nothing is at its path",
				[]slog.Attr{slog.String("path", asked), slog.String("deliveries_go_to", right)})
			http.Error(w, "nothing here; deliveries go to "+path, http.StatusNotFound)
		}
	})
}

func health(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, "ok\n")
}
