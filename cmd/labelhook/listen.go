package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/inspector"
	"github.com/labelhook/labelhook/internal/jsonlog"
	"github.com/labelhook/labelhook/internal/local"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/server"
)

const (
	defaultAddr  = "127.0.0.1:3001"
	defaultPath  = server.DefaultPath
	defaultInbox = "labelhook.db"
)

func (t *tool) listenCommand() *cobra.Command {
	var l listener
	cmd := &cobra.Command{
		Use:   "listen",
		Short: "Receive deliveries on this machine and keep them in an inbox",
		Long: `Receive deliveries on this machine and keep them in an inbox, a SQLite file.

A delivery is answered 200 once it is synced to disk, and where --forward or
LABELHOOK_DESTINATIONS send it on, once it is taken there as well. One that comes
again is kept once and counted. The secret comes from LABELBOX_WEBHOOK_SECRET or
LABELBOX_WEBHOOK_SECRET_FILE.

No answer waits for what is printed: lines that are not read are dropped and
counted. Only the destination log: has to print a delivery, and fails after five
seconds. When the terminal closes, or the output is not read any more, listen
ends as with Ctrl-C: what has begun is finished.

A page at the same address shows what comes, the labels drawn, and sends
deliveries again. It is for this machine alone, unless it has a token.

The last requests that were refused are kept in the inbox, unparsed:
labelhook events --refused lists them, labelhook verify --id says why.

Labelbox reaches this machine only through a tunnel; register the tunnel's URL
with the path added.`,
		Example: `  LABELBOX_WEBHOOK_SECRET=… labelhook listen
  labelhook listen --addr 127.0.0.1:8080 --path /labelbox --inbox today.db --json
  labelhook listen --forward http://127.0.0.1:9000/hook`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if l.public && !cmd.Flags().Changed("keep-refused") {
				l.refused = 0
			}
			return t.listen(cmd.Context(), l)
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.addr, "addr", defaultAddr, "`host:port` to listen on; port 0 takes a free one")
	f.StringVar(&l.path, "path", defaultPath, "`path` at which deliveries are received")
	f.StringVar(&l.inbox, "inbox", defaultInbox, "`file` that keeps the deliveries; created if need be")
	f.StringVar(&l.forward, "forward", "", "`URL` that each delivery is posted on to, as it came")
	f.IntVar(&l.refused, "keep-refused", defaultRefused, "`number` of refused requests to keep, 16 MiB at most; 0 keeps none, as --public does unless this is given")
	l.way.addCAFile(f, "--forward and https: destinations")
	f.BoolVar(&l.json, "json", false, "print a line of JSON for each delivery")
	f.BoolVar(&l.noPage, "no-page", false, "serve no page that shows the inbox")
	f.StringVar(&l.token, "page-token", "", "open the page to who gives this `token`, from any machine, also with --public; better in "+pageTokenVariable)
	f.BoolVar(&l.public, "public", false, "listen on an address that other machines can reach")
	return cmd
}

// listener is what the flags of listen say.
type listener struct {
	addr, path, inbox, forward string
	json, public, noPage       bool
	token                      string // of the page
	refused                    int    // how many to keep
	way                        network
}

func (t *tool) listen(ctx context.Context, l listener) (err error) {
	if l.path, err = server.CleanPath(l.path); err != nil {
		return usage(fmt.Errorf("--path: %w", err), "write a path such as "+defaultPath)
	}
	if l.forward != "" {
		if _, err := destination.NewEndpoint(l.forward); err != nil {
			return usage(fmt.Errorf("--forward: %w", err), "write a URL such as https://host/path or http://127.0.0.1:9000/path")
		}
	}
	if l.refused < 0 || l.refused > maxRefused {
		return usage(fmt.Errorf("--keep-refused: %d is not from 0 to %d", l.refused, maxRefused), "write how many of the last to keep; 0 keeps none")
	}
	token, paged, err := t.pageToken(l)
	if err != nil {
		return err
	}
	roots, err := l.way.roots()
	if err != nil {
		return err
	}
	level, err := environment.LogLevel(t.getenv)
	if err != nil {
		return err
	}
	getenv, err := t.withSecret(ctx)
	if err != nil {
		return err
	}
	sock, err := local.Listen(l.addr, l.public) // before the inbox: what cannot listen leaves no file behind
	if err != nil {
		return listenError(err)
	}
	defer sock.Close()
	if l.forward != "" && local.Own(ctx, sock.Addr(), l.forward) {
		return usage(fmt.Errorf("--forward: %s is this receiver itself", printable.URL(l.forward)), "write the URL of what is to have the deliveries, or leave --forward out")
	}
	ctx, cancel := t.untilBrokenPipe(ctx)
	defer cancel()
	t, lines, ended := t.aside()
	defer ended()
	var repeats repeats
	log := t.deliveryLog(level, l.json)
	lines.report = func(dropped int) {
		log.Warn("log lines dropped: the output was not read", slog.Int("count", dropped))
	}
	others := inboxes{files: []string{l.inbox}}
	defer closing(&err, &others) // after the inbox, which waits for what is being passed on to them
	var box *inbox.Inbox
	defer func() {
		if box != nil {
			closing(&err, box)
		}
	}()
	openers := map[string]func(string) (core.Handler, error){"sqlite": others.opener}
	if roots != nil {
		openers["https"] = func(url string) (core.Handler, error) {
			return destination.NewEndpoint(url, destination.WithRootCAs(roots))
		}
	}
	receiver, destinations, err := environment.Receiver(environment.Platform{
		Options: core.Options{Destinations: openers, Logger: log},
		Getenv:  withForward(getenv, l.forward),
		Inbox: func() (_ core.Handler, err error) {
			box, err = inbox.Open(l.inbox)
			return box, err
		},
		Own: func(url string) bool { return local.Own(ctx, sock.Addr(), url) },
		Out: certain{lines},
	})
	if err != nil {
		return err
	}
	box.OnRepeat = repeats.add
	receiver.Observe = repeats.observer(receiver.Observe)
	if len(destinations) > 1 { // the inbox is one of them
		receiver.Handler = box.Noting(receiver.Handler)
	}

	url := "http://" + sock.Addr().String() + l.path
	if l.json {
		log.InfoContext(ctx, "listening", slog.String("url", url), slog.String("inbox", l.inbox))
	}
	fmt.Fprintf(t.err, "labelhook: listening on %s\n", url)
	fmt.Fprintf(t.err, "labelhook: keeping deliveries in %s; stop with Ctrl-C\n", l.inbox)
	if paged {
		fmt.Fprintf(t.err, "labelhook: the inbox is shown at http://%s/\n", sock.Addr())
	}
	if l.forward != "" {
		fmt.Fprintf(t.err, "labelhook: forwarding to %s\n", printable.URL(l.forward))
	}
	if err := t.reportUnsettled(ctx, box, l.inbox, url); err != nil {
		return err
	}
	serving := &server.Server{Receiver: receiver, Path: l.path, Logger: log}
	if paged {
		secrets := func() ([]rawSecret, error) { return secretsOf(getenv) }
		serving.Other = t.pageOf(ctx, box, inspector.Options{File: l.inbox, URL: url, Forward: l.forward, Token: token}, roots, secrets)
	}
	if l.refused > 0 {
		keeper, failed := inbox.OpenRefusals(l.inbox, l.refused)
		if failed != nil {
			return failed
		}
		defer closing(&err, keeper)
		serving.Refused = (&refusedHint{out: t.err, inbox: l.inbox, keeper: keeper}).keep
	}
	if err := serving.Serve(ctx, sock); err != nil {
		return err
	}
	fmt.Fprintln(t.err, "labelhook: stopped")
	return nil
}

// reportUnsettled says how many deliveries of the inbox were not passed on, or
// not surely: a program that died has left them. They are not passed on again
// unasked, because those who have one already may not take it twice.
func (t *tool) reportUnsettled(ctx context.Context, box *inbox.Inbox, file, url string) error {
	var counts [2]int
	for i, status := range []inbox.Status{inbox.Pending, inbox.Failed} {
		var err error
		if counts[i], err = box.Count(ctx, inbox.Query{Status: []inbox.Status{status}}); err != nil {
			return err
		}
	}
	if counts[0]+counts[1] > 0 {
		fmt.Fprintf(t.err, "labelhook: %d pending and %d failed deliveries were not passed on, or not everywhere; to send them again: labelhook replay --inbox %s --status pending,failed --to %s\n",
			counts[0], counts[1], file, url)
	}
	return nil
}

// withForward makes the --forward URL one more of the environment's
// destinations.
func withForward(getenv func(string) string, url string) func(string) string {
	return func(name string) string {
		value := getenv(name)
		if name == environment.DestinationsVariable {
			return strings.TrimSpace(value + " " + url)
		}
		return value
	}
}

func listenError(err error) error {
	hint := "write --addr host:port, such as --addr " + defaultAddr
	switch {
	case errors.Is(err, local.ErrAddress):
		return usage(fmt.Errorf("--addr: %w", err), hint)
	case errors.Is(err, local.ErrPublic):
		return usage(fmt.Errorf("--addr: %w", err),
			"the inbox holds customer data, so listen on 127.0.0.1 and put a tunnel in front; --public listens there all the same")
	case errors.Is(err, local.ErrInUse):
		hint = "end that program, or choose another port, such as --addr 127.0.0.1:0 for a free one"
	}
	return failure(fmt.Errorf("--addr: %w", err), hint)
}

// aside returns the tool with outputs that nothing waits for, the queue of out,
// and what prints the rest of both.
func (t *tool) aside() (aside *tool, out *queue, end func()) {
	out, talk := newQueue(t.out), newQueue(t.err)
	talk.report = func(int) {} // what was to be said is on out, too, or has been said
	copied := *t
	copied.out, copied.err = out, talk
	return &copied, out, func() {
		if dropped := out.Close(); dropped > 0 {
			fmt.Fprintf(talk, "labelhook: %d lines were not printed, because the output was not read\n", dropped)
		}
		talk.Close()
	}
}

// deliveryLog makes the log that tells what became of each request: JSON lines
// in the fields that all labelhook receivers use, or lines for a person.
func (t *tool) deliveryLog(level slog.Leveler, asJSON bool) *slog.Logger {
	if asJSON {
		return slog.New(repeatHandler{jsonlog.New(t.out, level, jsonlog.Fields{})})
	}
	return slog.New(repeatHandler{&lineHandler{out: t.out, level: level, paint: t.paints()}})
}

// inboxes opens sqlite: destinations, each file once, and closes them all.
type inboxes struct {
	files []string // those that are open, here or elsewhere
	open  []io.Closer
}

func (i *inboxes) opener(url string) (core.Handler, error) {
	file := strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//")
	for _, other := range i.files {
		if sameFile(file, other) {
			return nil, errors.New("sqlite: names an inbox that has every delivery already, and would count it as a repeat")
		}
	}
	box, err := inbox.Open(file)
	if err != nil {
		return nil, err
	}
	i.files, i.open = append(i.files, file), append(i.open, box)
	return box, nil
}

func (i *inboxes) Close() error {
	var errs []error
	for _, box := range i.open {
		errs = append(errs, box.Close())
	}
	return errors.Join(errs...)
}

func sameFile(a, b string) bool {
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, other)
}

// closing closes c and makes its error the result, unless there is one already.
func closing(result *error, c io.Closer) {
	if err := c.Close(); err != nil && *result == nil {
		*result = err
	}
}
