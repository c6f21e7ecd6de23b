package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/labelbox"
)

// This file is how the commands speak with a person: errors and what to do about
// them, questions, and how far some work is.

// report prints an error in one line, what to do about it in another, and
// returns the exit code.
func (t *tool) report(err error, args []string) int {
	code, hint := exitFailed, ""
	var h *hinted
	var config *environment.ConfigError
	var api *labelbox.Error
	switch {
	case errors.As(err, &h):
		code, hint = h.code, h.hint
	case errors.As(err, &config):
		code, hint = exitUsage, config.Remedy
	case errors.As(err, &api):
		code, hint = apiHint(err, api)
	case strings.HasPrefix(err.Error(), "unknown command"):
		code, hint = exitUsage, "labelhook --help lists the commands"
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(t.err, "labelhook: error: %s\n", oneLine(withoutKeys(err.Error(), args)))
		if hint != "" {
			fmt.Fprintf(t.err, "labelhook: hint: %s\n", oneLine(withoutKeys(hint, args)))
		}
	}
	return code
}

// oneLine makes several lines one, as cobra's suggestions and joined errors
// come in several.
func oneLine(s string) string {
	return printable.Text(strings.Join(strings.Fields(s), " "))
}

// hinted is an error with the remedy for it and the exit code it deserves.
type hinted struct {
	error
	hint string
	code int
}

func (h *hinted) Unwrap() error { return h.error }

// failure is an error of doing what was asked: exit code 1.
func failure(err error, hint string) error { return &hinted{err, hint, exitFailed} }

// usage is an error of asking: exit code 2.
func usage(err error, hint string) error { return &hinted{err, hint, exitUsage} }

// errSilent makes the exit code 1 when the output has said why already.
var errSilent = errors.New("failed")

var (
	urlInArgument = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://.+`)
	wordWithURL   = regexp.MustCompile(`\S*://\S*`)
	nameInCloud   = regexp.MustCompile(`^(sqs|s3|pubsub|gs|servicebus|azqueue|azblob)://[^?#@\s]*$`)
)

// withoutKeys shows the URLs among the arguments, which may hold keys, by scheme
// and host wherever an error repeats them: one given where none is expected is
// quoted by the code that reads the argument. The names of queues and buckets hold no
// keys, and other URLs are our own examples.
func withoutKeys(text string, args []string) string {
	var given []string
	for _, arg := range args {
		if url := urlInArgument.FindString(arg); url != "" && !nameInCloud.MatchString(url) {
			given = append(given, letters(url))
			quoted := strconv.Quote(url)
			for _, form := range []string{url, quoted[1 : len(quoted)-1]} {
				text = strings.ReplaceAll(text, form, printable.URL(url))
			}
		}
	}
	// What is left is a part of one, or one in other letters.
	return wordWithURL.ReplaceAllStringFunc(text, func(word string) string {
		url := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if !slices.ContainsFunc(given, func(g string) bool { return strings.Contains(g, letters(url)) }) {
			return word
		}
		return strings.Replace(word, url, printable.URL(url), 1)
	})
}

// letters are those of a text, and its digits, all in lower case.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}

// shown is where results for a person go that have text from outside in them.
func (t *tool) shown() io.Writer { return printable.Writer{To: t.out} }

// canAsk reports whether a person can be asked.
func (t *tool) canAsk() bool { return isTerminal(t.in) && isTerminal(t.err) }

// isTerminal reports whether a person reads or writes at the other end.
func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

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

// confirm asks a question that only "yes" answers. Without a person to ask it
// is wrong usage, with the flag that answers instead.
func (t *tool) confirm(ctx context.Context, question, flag string) error {
	if !t.canAsk() {
		return usage(errors.New("this must be confirmed, and there is no terminal to ask on"), "add "+flag)
	}
	fmt.Fprintf(t.err, "%s Type yes: ", question)
	answer, err := interruptible(ctx, func() ([]byte, error) { return readLine(t.in) })
	if err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(t.err)
		return err
	}
	if strings.TrimSpace(string(answer)) != "yes" {
		return failure(errors.New("not confirmed, so nothing was changed"), "")
	}
	return nil
}

// readLine reads no further than the line's end: what follows is somebody
// else's.
func readLine(r io.Reader) (line []byte, err error) {
	var b [1]byte
	for {
		if _, err := r.Read(b[:]); err != nil || b[0] == '\n' {
			return line, err
		}
		line = append(line, b[0])
	}
}

// errInterrupted is the error of a read that the user gave up.
var errInterrupted = errors.New("interrupted")

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

// progress shows how far some long work is, if a person watches and there is
// more than one step of it. step is called after each step and done at the end,
// complete or not; the bar is gone then.
func (t *tool) progress(what string, steps int) (step, done func()) {
	if steps < 2 {
		return func() {}, func() {}
	}
	return t.bar(what, steps)
}

// count is [tool.progress] of work whose end is not known.
func (t *tool) count(what string) (step, done func()) { return t.bar(what, -1) }

func (t *tool) bar(what string, steps int) (step, done func()) {
	if !isTerminal(t.err) {
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
