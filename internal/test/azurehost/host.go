package azurehost

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mode is how the host passes requests on.
type Mode string

// The modes. The real host picks Envelope whenever a function has other
// bindings than one httpTrigger and one http output; of the other two the flag for
// Proxying outweighs that for Forwarding.
const (
	Envelope   Mode = "envelope"
	Forwarding Mode = "forwarding"
	Proxying   Mode = "proxying"
)

// App is a function app with one function, as its settings and host.json have
// it.
type App struct {
	Executable  string            // the custom handler
	Settings    map[string]string // its whole environment, besides what the host adds
	Mode        Mode
	Function    string        // the name of its folder; "" means labelbox
	Route       string        // its path at the host; "" means /api/labelbox
	StartWithin time.Duration // initializationTimeout; 0 means 30 s, the host's default
}

// Host runs an app. Its methods may be called concurrently.
type Host struct {
	app    App
	root   string // the folder of the app
	server *httptest.Server

	mu          sync.Mutex
	changed     chan struct{} // closed, and made anew, whenever one of the following changes
	worker      *worker       // nil between two
	ready       bool          // the worker has answered
	restarting  bool          // the worker is being killed by the host
	stopped     error         // why no worker will be started any more
	starts      int
	failures    int
	lines       []Line
	invocations []string
}

// Why a host has no worker any more.
var (
	ErrClosed      = errors.New("the handler ended with status 0, upon which the host does not start it again")
	ErrGaveUp      = errors.New("the handler ended with an error for the third time, upon which the host stops")
	ErrNotReady    = errors.New("the handler did not answer in time")
	ErrNotStarting = errors.New("the handler cannot be started")
	errTestEnded   = errors.New("the test has ended")
)

// Start starts the app, which ends with the test. It does not wait for the
// handler.
func Start(t testing.TB, app App) *Host {
	if app.Function == "" {
		app.Function = "labelbox"
	}
	if app.Route == "" {
		app.Route = "/api/labelbox"
	}
	if app.StartWithin == 0 {
		app.StartWithin = 30 * time.Second
	}
	h := &Host{app: app, root: t.TempDir(), changed: make(chan struct{})}
	h.server = httptest.NewServer(h)
	supervised := make(chan struct{})
	go func() {
		h.supervise()
		close(supervised)
	}()
	t.Cleanup(func() {
		h.update(func() { h.stopped = errTestEnded })
		h.kill()
		<-supervised
		h.server.Close()
		if t.Failed() {
			lines := h.Lines()
			for _, line := range lines[max(0, len(lines)-20):] {
				t.Logf("handler: %s: %s", line.Level, line.Text)
			}
		}
	})
	return h
}

// Address returns the host and port where senders reach the app.
func (h *Host) Address() string { return strings.TrimPrefix(h.server.URL, "http://") }

// Starts returns how often the handler was started.
func (h *Host) Starts() int { return locked(h, func() int { return h.starts }) }

// Invocations returns the ids that the host has given to requests so far.
func (h *Host) Invocations() []string {
	return locked(h, func() []string { return h.invocations[:len(h.invocations):len(h.invocations)] })
}

// Lines returns what the handlers have written so far.
func (h *Host) Lines() []Line {
	return locked(h, func() []Line { return h.lines[:len(h.lines):len(h.lines)] })
}

func locked[T any](h *Host, f func() T) T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return f()
}

// Ready waits until the handler has answered the host. The error is one of
// this package's, if it never will, or the context's.
func (h *Host) Ready(ctx context.Context) error {
	_, err := h.readyWorker(ctx)
	return err
}

// Stopped waits until the host does not start the handler any more, and says
// why.
func (h *Host) Stopped(ctx context.Context) error {
	if err := h.until(ctx, func() bool { return h.stopped != nil }); err != nil {
		return err
	}
	return locked(h, func() error { return h.stopped })
}

// Logged waits until the handlers have written a line that f accepts.
func (h *Host) Logged(ctx context.Context, f func(Line) bool) (line Line, err error) {
	seen := 0
	err = h.until(ctx, func() bool {
		for ; seen < len(h.lines); seen++ {
			if line = h.lines[seen]; f(line) {
				return true
			}
		}
		return false
	})
	return line, err
}

// Restart has the host restart, as for a changed setting: it kills the handler
// and starts it again.
func (h *Host) Restart() {
	h.update(func() { h.restarting = true })
	h.kill()
}

// PID returns the process id of the handler that is ready.
func (h *Host) PID(ctx context.Context) (int, error) {
	w, err := h.readyWorker(ctx)
	if err != nil {
		return 0, err
	}
	return w.command.Process.Pid, nil
}

// Gone waits until the handler with that process id has ended.
func (h *Host) Gone(ctx context.Context, pid int) error {
	return h.until(ctx, func() bool { return h.worker == nil || h.worker.command.Process.Pid != pid })
}

func (h *Host) readyWorker(ctx context.Context) (w *worker, err error) {
	waited := h.until(ctx, func() bool {
		w, err = h.worker, h.stopped
		return h.ready || h.stopped != nil
	})
	if waited != nil {
		return nil, waited
	}
	return w, err
}

// until waits for a condition, which is called with the lock held.
func (h *Host) until(ctx context.Context, condition func() bool) error {
	for {
		h.mu.Lock()
		holds, changed := condition(), h.changed
		h.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (h *Host) update(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *Host) kill() {
	if w := locked(h, func() *worker { return h.worker }); w != nil {
		w.command.Process.Kill() // an error means it has ended
	}
}

// supervise starts handlers one after the other, until one ends for good.
func (h *Host) supervise() {
	for locked(h, func() bool { return h.stopped == nil }) {
		w, err := h.start()
		if err != nil {
			h.update(func() { h.stopped = errors.Join(ErrNotStarting, err) })
			return
		}
		probing, ended := context.WithTimeout(context.Background(), h.app.StartWithin)
		go h.probe(probing, w)
		code := w.wait()
		ended()
		h.update(func() {
			h.worker, h.ready = nil, false
			switch {
			case h.stopped != nil:
			case h.restarting:
				h.restarting = false
			case code == 0:
				h.stopped = ErrClosed
			case code == 200:
			default:
				if h.failures++; h.failures == 3 {
					h.stopped = ErrGaveUp
				}
			}
		})
	}
}
