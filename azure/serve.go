package azure

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/server"
)

// The peer is the Functions host on the same machine, which sends what an
// Internet client sends it. Times are longer than those it keeps itself, so that
// it is never this side that breaks off a request it would have waited for.
const (
	bodyTimeout   = 2 * time.Minute
	answerTimeout = 4 * time.Minute // Azure's front end waits 230 s
	idleTimeout   = 5 * time.Minute // the host's pool drops connections after 1 or 2
	maxHeader     = 64 << 10        // bytes; the host takes half of that

	// graceTimeout bounds how long a stop waits for requests under way.
	graceTimeout = 10 * time.Second
)

const portVariable = "FUNCTIONS_CUSTOMHANDLER_PORT"

// listen opens the port that the host has chosen, on the address it calls.
func listen(getenv func(string) string) (net.Listener, error) {
	port := getenv(portVariable)
	if port == "" {
		port = "8080"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("%s: %q is not a port; the Functions host sets it, for runs without one write a number from 1 to 65535", portVariable, port)
	}
	return net.Listen("tcp4", "127.0.0.1:"+port)
}

// serve answers on l until a signal comes or something breaks, and returns the
// exit status. A second signal ends the waiting for requests under way.
//
// [server.Server] does not fit: the host compares paths without case and takes
// exit status 0 for the end of the app, so which signal came must be known.
func serve(l net.Listener, handler http.Handler, signals <-chan os.Signal, logger *slog.Logger) (status int) {
	server := server.New(handler, logger)
	server.ReadTimeout, server.WriteTimeout, server.IdleTimeout = bodyTimeout, answerTimeout, idleTimeout
	server.MaxHeaderBytes = maxHeader
	defer core.FlushLog()
	defer strays.Flush()
	broken := make(chan error, 1)
	go func() { broken <- server.Serve(l) }()
	var received os.Signal
	select {
	case err := <-broken:
		logger.Error("cannot listen any more", "error", err)
		return 1
	case received = <-signals:
	}
	logger.Info("stopping", "signal", received.String())
	grace, cancel := context.WithTimeout(context.Background(), graceTimeout)
	defer cancel()
	go func() {
		<-signals
		cancel()
	}()
	if err := server.Shutdown(grace); err != nil {
		logger.Error("stopped before every request was answered; their senders get no 200", "error", err)
	}
	if number, ok := received.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 1
}
