package azurehost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Line is what a handler has written to stdout or stderr, and the level it has
// in the host's own log.
type Line struct{ Level, Text string }

// worker is one process of the handler.
type worker struct {
	command   *exec.Cmd
	address   string
	transport *http.Transport
	reading   sync.WaitGroup // of its output
}

// start starts the handler at a free port.
func (h *Host) start() (*worker, error) {
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := free.Addr().String()
	free.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	w := &worker{command: exec.Command(h.app.Executable), address: address, transport: &http.Transport{DisableCompression: true}}
	w.command.Dir = h.root
	w.command.Env = []string{
		"FUNCTIONS_CUSTOMHANDLER_PORT=" + port,
		"FUNCTIONS_HTTPWORKER_PORT=" + port,
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID=" + guid(),
		"FUNCTIONS_HTTPWORKER_ID=" + guid(),
		"FUNCTIONS_APP_ROOT_PATH=" + h.root,
	}
	for name, value := range h.app.Settings {
		w.command.Env = append(w.command.Env, name+"="+value)
	}
	for _, output := range []struct {
		pipe  func() (io.ReadCloser, error)
		level func(text string) string
	}{{w.command.StdoutPipe, ofStdout}, {w.command.StderrPipe, ofStderr}} {
		pipe, err := output.pipe()
		if err != nil {
			return nil, err
		}
		w.reading.Go(func() {
			lines := bufio.NewReader(pipe)
			for {
				text, err := lines.ReadString('\n')
				if text = strings.TrimRight(text, "\r\n"); text != "" {
					h.update(func() { h.lines = append(h.lines, Line{output.level(text), text}) })
				}
				if err != nil {
					return
				}
			}
		})
	}
	if err := w.command.Start(); err != nil {
		return nil, err
	}
	var late bool // the test has ended meanwhile, so nobody else will kill it
	h.update(func() {
		h.worker = w
		h.starts++
		late = h.stopped != nil
	})
	if late {
		w.command.Process.Kill()
	}
	return w, nil
}

// The levels of lines.
const (
	Information = "Information"
	Warning     = "Warning"
	Error       = "Error"
	System      = "System" // not shown to the app's owner
)

func ofStdout(text string) string {
	if strings.HasPrefix(text, "LanguageWorkerConsoleLog") {
		return System
	}
	return Information
}

func ofStderr(text string) string {
	if strings.Contains(strings.ToLower(text), "warn") {
		return Warning
	}
	return Error
}

// wait returns the exit status of the worker, as a shell has it for signals.
func (w *worker) wait() int {
	w.reading.Wait()
	err := w.command.Wait()
	w.transport.CloseIdleConnections()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode()
	}
	return 137
}

const probeEvery = 25 * time.Millisecond

// probe asks the worker until it answers; without an answer in time the host
// stops.
func (h *Host) probe(ctx context.Context, w *worker) {
	every := time.NewTicker(probeEvery)
	defer every.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, "GET", "http://"+w.address+"/", nil)
		if err != nil {
			panic(err)
		}
		if response, err := w.transport.RoundTrip(request); err == nil {
			response.Body.Close()
			h.update(func() { h.ready = h.worker == w })
			return
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				h.update(func() { h.stopped = fmt.Errorf("%w: %s", ErrNotReady, h.app.StartWithin) })
				w.command.Process.Kill()
			}
			return
		}
	}
}
