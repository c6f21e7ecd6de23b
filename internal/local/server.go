package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
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

	// graceTimeout bounds how long a stop waits for requests under way.
	graceTimeout = 10 * time.Second
)

// HealthPath answers GET with 200 while the server runs.
const HealthPath = "/healthz"

// CheckPath says why deliveries cannot be received at path, nil if they can.
func CheckPath(path string) error {
	switch {
	case path == "" || path[0] != '/':
		return fmt.Errorf("the path %q does not begin with a slash", path)
	case path == "/" || path == HealthPath:
		return fmt.Errorf("the path %q is taken by something else", path)
	}
	return nil
}

// Serve answers on l until ctx ends: deliveries at path by the receiver,
// everything else with 404 except [HealthPath]. It then takes no new
// connections, lets the requests under way finish within ten seconds, and
// returns nil; l is closed. The error says what broke the server.
func Serve(ctx context.Context, l net.Listener, path string, receiver *core.Receiver) error {
	server := &http.Server{
		Handler:           route(path, nethttp.Handler(receiver)),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
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

// route compares paths whole, without the cleaning and redirecting of a
// [http.ServeMux]: a sender follows no redirect.
func route(path string, deliveries http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case path:
			deliveries.ServeHTTP(w, r)
		case HealthPath:
			health(w, r)
		default:
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
