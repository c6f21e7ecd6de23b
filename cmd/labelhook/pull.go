package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/pull"
)

func (t *tool) pullCommand() *cobra.Command {
	var p puller
	cmd := &cobra.Command{
		Use:   "pull SOURCE",
		Short: "Take the deliveries of a cloud's queue or bucket to this machine",
		Long: `Take the deliveries of a cloud's queue or bucket to this machine: into an inbox,
a SQLite file, or with --to to a URL, or with both flags to both.

SOURCE is what a receiver has as its destination or dead letter, or a dead-letter queue:

  sqs://NAME, its ARN or its URL       pubsub://PROJECT/SUBSCRIPTION
  servicebus://NAMESPACE/QUEUE         azqueue://ACCOUNT/QUEUE
  s3://BUCKET/PREFIX                   gs://BUCKET/PREFIX
  azblob://ACCOUNT/CONTAINER/PREFIX    file:DIR

A message is taken off its queue only once the inbox has it on disk and the URL has
taken it; with --peek never. What is not asked for, no delivery, or not taken stays
in the queue. A bucket is read in order of time and changed in nothing. A second run
adds nothing to the inbox, so after an interrupt simply run it again.

Each delivery is verified again with the secret of LABELBOX_WEBHOOK_SECRET or
LABELBOX_WEBHOOK_SECRET_FILE. Without a secret, and where a delivery has no
signature, it is kept with the origin "unverified" or "unsigned".

Credentials are those of the cloud's own tools: aws configure or aws sso login,
gcloud auth application-default login, az login, or their variables.

The exit code is 0 when all that was asked for was taken, and 1 otherwise.`,
		Example: `  labelhook pull sqs://labelhook-queue
  labelhook pull s3://my-bucket/labelbox --since 7d --event label.created
  labelhook pull pubsub://my-project/labels-sub --follow --to http://127.0.0.1:9000/hook
  labelhook pull servicebus://my-namespace/labels/$deadletterqueue --peek`,
		Args: oneArg("source, such as sqs://NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p.toInbox = p.to == "" || cmd.Flags().Changed("inbox")
			return t.pull(cmd.Context(), args[0], p)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.inbox, "inbox", defaultInbox, "`file` that keeps the deliveries; created if need be")
	f.StringVar(&p.to, "to", "", "`URL` that each delivery is posted to, as it came")
	f.BoolVar(&p.follow, "follow", false, "wait for more, until Ctrl-C")
	f.StringVar(&p.since, "since", "", "only what happened since this `time`, by the payload: 90m, 36h, 7d, 2026-11-23 or 2026-11-23T17:48:01Z")
	f.StringVar(&p.event, "event", "", "only this event: "+strings.ReplaceAll(environment.EventNames(), " ", ", "))
	f.StringVar(&p.project, "project", "", "only the project with this `id`")
	f.IntVar(&p.max, "max", 0, "at most so many new deliveries")
	f.BoolVar(&p.peek, "peek", false, "leave all messages in the queue")
	f.StringVar(&p.overflow, "overflow", "", "`URL` of the bucket with the bodies that were too large for a message; LABELHOOK_OVERFLOW unless given")
	f.BoolVar(&p.json, "json", false, "print a line of JSON for each delivery, and the sum")
	p.way.addCAFile(f, "--to")
	cmd.RegisterFlagCompletionFunc("event", cobra.FixedCompletions(strings.Fields(environment.EventNames()), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// puller is what the flags of pull say.
type puller struct {
	inbox, to, since, event, project, overflow string
	max                                        int
	follow, peek, json, toInbox                bool
	way                                        network
}

func (t *tool) pull(ctx context.Context, url string, p puller) (err error) {
	source, err := pull.Open(url)
	if err != nil {
		return usage(fmt.Errorf("SOURCE: %w", err), "write one of "+pull.Forms)
	}
	work, err := t.pullOf(p)
	if err != nil {
		return err
	}
	if p.peek && !source.IsQueue() {
		return usage(errors.New("--peek: a bucket is changed in nothing anyway"), "leave --peek out")
	}
	secrets, err := environment.Secrets(t.getenv, nil)
	if err != nil && !errors.Is(err, environment.ErrNoSecretVariable) {
		return err
	}
	handler, close, err := p.handler(work, t)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, close(err == nil)) }()
	level := slog.LevelWarn
	if p.follow || p.json {
		level = slog.LevelInfo
	}
	log := t.deliveryLog(level, p.json)
	work.Receiver = &core.Receiver{Secrets: secrets, Unsigned: true, Unverified: secrets == nil, Handler: handler, MaxBody: maxPulled, Observe: core.LogTo(log)}
	defer core.FlushLog()
	if secrets == nil {
		fmt.Fprintln(t.err, "labelhook: no webhook secret, so nothing is verified; set "+environment.SecretVariable+" to verify")
	}
	step, done := t.count("pulling")
	if p.follow {
		step, done = func() {}, func() {}
		fmt.Fprintf(t.err, "labelhook: waiting for deliveries of %s; stop with Ctrl-C\n", source.Name)
	}
	work.Step = step
	counts, err := work.From(ctx, source)
	done()
	if err != nil && counts == (pull.Counts{}) {
		return failure(err, "")
	}
	if printErr := t.printPulled(counts, source.Name, p); printErr != nil {
		return printErr
	}
	switch {
	case err != nil:
		return failure(err, "")
	case counts.Trouble() > 0:
		return failure(fmt.Errorf("%d of %s were not taken, and are left there", counts.Trouble(), source.Name), "the lines before say why")
	}
	return nil
}

// maxPulled is the largest body that is taken, in bytes: more than any receiver
// in a cloud can get.
const maxPulled = 256 << 20

// pullOf reads the flags that say what to take.
func (t *tool) pullOf(p puller) (*pull.Pull, error) {
	q, err := (&selection{since: p.since, event: p.event}).query(time.Now())
	if err != nil {
		return nil, err
	}
	if p.max < 0 {
		return nil, usage(fmt.Errorf("--max: %d is below 0", p.max), "write how many deliveries are wanted, or leave it out for all")
	}
	work := &pull.Pull{Since: q.Since, Event: q.Event, Project: p.project, Max: p.max, Peek: p.peek, Follow: p.follow}
	variable, url := "--overflow", p.overflow
	if url == "" {
		variable, url = environment.OverflowVariable, strings.TrimSpace(t.getenv(environment.OverflowVariable))
	}
	if url == "" {
		return work, nil
	}
	bucket, err := pull.OpenBucket(url)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", variable, err), "write the URL of the bucket that the receiver has as LABELHOOK_OVERFLOW")
	}
	work.Overflow = bucket
	return work, nil
}

// handler is the inbox, the URL, or both. The inbox knows what it has. A new one is
// made for the first delivery, or when it is closed after all went well, so that a
// source that cannot be read leaves no file behind.
func (p puller) handler(work *pull.Pull, t *tool) (_ core.Handler, close func(well bool) error, err error) {
	close = func(bool) error { return nil }
	var to core.Handler
	if p.to != "" {
		if err := t.checkTo(p.to); err != nil {
			return nil, nil, err
		}
		roots, err := p.way.roots()
		if err != nil {
			return nil, nil, err
		}
		var options []destination.EndpointOption
		if roots != nil {
			options = append(options, destination.WithRootCAs(roots))
		}
		if to, err = destination.NewEndpoint(p.to, options...); err != nil {
			return nil, nil, usage(fmt.Errorf("--to: %w", err), "write a URL such as https://host/path or http://127.0.0.1:9000/path")
		}
	}
	if !p.toInbox {
		return to, close, nil
	}
	var opened atomic.Bool
	open := sync.OnceValues(func() (*inbox.Inbox, error) {
		opened.Store(true)
		return inbox.Open(p.inbox)
	})
	if _, err := os.Stat(p.inbox); err == nil || !takesFiles(filepath.Dir(p.inbox)) { // what is wrong with it is said at once
		if _, err := open(); err != nil {
			return nil, nil, err
		}
	}
	work.Known = func(ctx context.Context, key string) (bool, error) {
		box, err := open()
		if err != nil {
			return false, err
		}
		n, err := box.Count(ctx, inbox.Query{IDs: []string{key}, Status: []inbox.Status{inbox.Accepted}})
		return n > 0, err
	}
	close = func(well bool) error {
		if !well && !opened.Load() {
			return nil
		}
		box, err := open()
		if err != nil {
			return err
		}
		return box.Close()
	}
	return core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		box, err := open()
		switch {
		case err != nil:
			return err
		case to == nil:
			return box.Handle(ctx, d)
		}
		return box.Noting(core.All(box, to)).Handle(ctx, d)
	}), close, nil
}

// takesFiles reports whether a file can be made in a folder.
func takesFiles(folder string) bool {
	f, err := os.CreateTemp(folder, ".labelhook-*")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// printPulled prints the sum.
func (t *tool) printPulled(c pull.Counts, source string, p puller) error {
	if p.json {
		return json.NewEncoder(t.out).Encode(struct {
			Source string `json:"source"`
			pull.Counts
		}{source, c})
	}
	var into []string
	if p.toInbox {
		into = append(into, p.inbox)
	}
	if p.to != "" {
		into = append(into, "the URL")
	}
	parts := []string{fmt.Sprintf("%d new in %s", c.New, strings.Join(into, " and "))}
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Known, "there already"}, {c.Unverified, "unverified"}, {c.Left, "not asked for"},
		{c.Foreign, "no deliveries"}, {c.Refused, "with a wrong signature"}, {c.Failed, "failed"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	_, err := fmt.Fprintf(t.shown(), "%s: %s\n", source, strings.Join(parts, ", "))
	return err
}
