package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/labelhook/labelhook/internal/printable"
)

// progress shows how far some long work is, if a person watches and there is
// more than one step of it. step is called after each step and done at the end,
// complete or not; the bar is gone then.
func (t *tool) progress(what string, steps int) (step, done func()) {
	if steps < 2 || !isTerminal(t.err) {
		return func() {}, func() {}
	}
	bar := progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(screen(t.err)),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetRenderBlankState(true),
		progressbar.OptionClearOnFinish(),
	)
	return func() { bar.Add(1) }, func() { bar.Clear() }
}

// screen is the terminal that w writes to, for what commands it on purpose.
func screen(w io.Writer) io.Writer {
	if said, ok := w.(printable.Writer); ok {
		return said.To
	}
	return w
}
