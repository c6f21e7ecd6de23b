package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
)

// errInterrupted is the error of a read that the user gave up.
var errInterrupted = errors.New("interrupted")

// askHidden asks for a line on the terminal, which does not show it. An
// interrupt ends the question and gives the terminal back as it was.
func (t *tool) askHidden(ctx context.Context, question string) (string, error) {
	terminal := int(t.in.(*os.File).Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return "", err
	}
	fmt.Fprint(t.err, question)
	defer fmt.Fprintln(t.err)
	text, err := interruptible(ctx, func() ([]byte, error) { return term.ReadPassword(terminal) })
	if err == errInterrupted {
		term.Restore(terminal, before)
	}
	return string(text), err
}

// readAll reads r to its end, but gives up beyond limit bytes with
// [errTooLarge] and on an interrupt with [errInterrupted].
func readAll(ctx context.Context, r io.Reader, limit int64) ([]byte, error) {
	return interruptible(ctx, func() ([]byte, error) {
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		if err == nil && int64(len(data)) > limit {
			return nil, errTooLarge
		}
		return data, err
	})
}

var errTooLarge = errors.New("too large")

// interruptible runs a read that nothing else can stop, such as one from a
// terminal, and leaves it behind when ctx ends.
func interruptible(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, errInterrupted
	}
}
