package server_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
	"github.com/labelhook/labelhook/server"
)

// Run ends without an error when the process is told to stop. It asks for the
// signals before it listens, so whoever got an answer may send one.
func TestRunEndsWithASignal(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			required.NoError(t, err)
			addr := free.Addr().String()
			required.NoError(t, free.Close())
			served := make(chan error, 1)
			s := &server.Server{Receiver: &core.Receiver{Secrets: labelhooktest.Secrets()}, Logger: slog.New(slog.DiscardHandler)}
			go func() { served <- s.Run(t.Context(), addr) }()
			for {
				response, err := http.Get("http://" + addr + server.HealthPath)
				if err == nil {
					response.Body.Close()
					break
				}
				select {
				case err := <-served:
					t.Fatalf("ended before the signal: %v", err)
				default:
				}
			}
			required.NoError(t, syscall.Kill(syscall.Getpid(), signal))
			required.NoError(t, <-served)
			if _, err := net.Dial("tcp", addr); err == nil {
				t.Error("it still listens")
			}
		})
	}
}

// A body over the receiver's bound is refused, whether or not its length was
// told, and the handler does not see it; one at the bound is taken.
func TestServeBoundsBodies(t *testing.T) {
	handled := 0
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	s := &server.Server{Logger: slog.New(slog.DiscardHandler), Receiver: &core.Receiver{
		Secrets: labelhooktest.Secrets(),
		MaxBody: 1000,
		Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { handled++; return nil }),
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}}
	go func() { served <- s.Serve(ctx, l) }()
	for _, test := range []struct {
		size, status int
		chunked      bool
	}{
		{1000, 200, false}, {1000, 200, true}, {1001, 413, false}, {1001, 413, true},
	} {
		body := []byte(`{"a":1}` + strings.Repeat(" ", test.size-7))
		request := labelhooktest.Request(labelhooktest.Secret, "http://"+l.Addr().String()+server.DefaultPath, "", body)
		if test.chunked {
			request.ContentLength = -1
		}
		response, err := http.DefaultClient.Do(request)
		required.NoError(t, err)
		response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%d bytes, chunked %v: %s, want %d", test.size, test.chunked, response.Status, test.status)
		}
	}
	stop()
	required.NoError(t, <-served)
	if handled != 2 {
		t.Errorf("%d were handled", handled)
	}
}
