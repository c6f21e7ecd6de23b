package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/sender"
)

func (t *tool) replayCommand() *cobra.Command {
	var s selection
	var r replaying
	var way network
	cmd := &cobra.Command{
		Use:   "replay --to URL",
		Short: "Send deliveries of an inbox again, byte for byte",
		Long: `Send deliveries of an inbox again: the exact bytes with the headers that
listen --forward passes on, the signature among them, so that whatever listens at
the URL can verify them. No secret is needed. They are sent in the order of their
arrival, one after the other unless --concurrency says more.

--failed-to keeps a list of the keys of the deliveries that are not answered 2xx
yet, for --id @FILE to send. It is up to date at every moment, also when the
process is killed. After an interrupt nothing more is sent; what is under way has
a few seconds to be answered. What had failed to be passed on and is taken now is
accepted in the inbox from then on.

The exit code is 0 when every delivery was answered 2xx, 1 when one was not.`,
		Example: `  labelhook replay --to http://127.0.0.1:9000/hook
  labelhook replay --since 2h --event label.created --to http://127.0.0.1:9000/hook
  labelhook replay --status pending,failed --retry 3 --to http://127.0.0.1:9000/hook
  labelhook replay --project clvo7ajpc014907zxagiw9hry --limit 10 --dry-run --to http://127.0.0.1:9000/hook
  labelhook replay --failed-to left.txt --to "$URL" || labelhook replay --id @left.txt --to "$URL"
  labelhook replay --id 2f6c1a9e --id 77d0b3c4 --to https://staging.example.com/labelbox`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.replay(cmd.Context(), s, r, way) },
	}
	f := s.addTo(cmd)
	f.StringArrayVar(&r.ids, "id", nil, "only the delivery with this `id`, key, or first 8 digits of a key, or @FILE with one a line; may be repeated")
	f.IntVar(&s.limit, "limit", 0, "only the newest so `many`; 0 means all")
	f.StringVar(&r.to, "to", "", "`URL` of the receiver")
	f.StringVar(&r.failedTo, "failed-to", "", "`file` for the keys of those not taken, and of those not sent")
	way.addSending(f)
	f.BoolVar(&r.json, "json", false, "print the result as JSON")
	f.BoolVar(&r.dryRun, "dry-run", false, "send nothing; list what would be sent")
	cmd.RegisterFlagCompletionFunc("to", cobra.NoFileCompletions)
	return cmd
}

// replaying is what the flags of replay say besides the selection.
type replaying struct {
	to, failedTo string
	ids          []string
	json, dryRun bool
}

func (t *tool) replay(ctx context.Context, s selection, r replaying, way network) error {
	q, err := s.query(time.Now())
	if err != nil {
		return err
	}
	roots, err := way.check()
	if err != nil {
		return err
	}
	if err := t.checkTo(r.to); err != nil {
		return err
	}
	ids, err := t.listedIDs(ctx, r.ids)
	if err != nil {
		return err
	}
	reader, err := s.open()
	if err != nil {
		return err
	}
	defer reader.Close()
	if q.IDs, err = keysOf(ctx, reader, ids); err != nil {
		return err
	}
	expected, err := reader.Count(ctx, q)
	if err != nil {
		return err
	}
	known := newOutcomes(expected)
	var settled settling
	for head, err := range reader.Heads(ctx, q) {
		if err != nil {
			return err
		}
		settled.add(len(known.seqs), head)
		known.add(head)
	}
	count := len(known.seqs)
	if count == 0 {
		return failure(errors.New("no delivery matches, so none was sent"), "labelhook events lists what is in the inbox")
	}
	if r.dryRun {
		fmt.Fprintf(t.err, "labelhook: %d deliveries would be sent to %s\n", count, printable.URL(r.to))
		return t.listEvents(reader, reader.Heads(ctx, q), r.json)
	}
	var left *leftFile
	if r.failedTo != "" {
		if left, err = createLeftFile(r.failedTo, known.keys); err != nil {
			return usage(fmt.Errorf("--failed-to: %w", err), "name a new file, or a list of keys, in a folder that you may write to")
		}
		defer left.Close()
	}

	report := newSendReport(r.to, q.Event, count)
	var unread error // set before sendAll returns, read after
	t.sendAll(ctx, r.to, way, roots, stored(reader.List(ctx, q), known.seqs, &unread), report, func(result sender.Result) {
		known.note(result)
		if left != nil && result.OK() {
			left.strike(result.Request.Index)
		}
		if result.OK() {
			settled.note(result.Request.Index)
		}
		report.note(result)
	})
	t.settle(ctx, s.file, settled)
	if r.json || left != nil {
		report.Failed, report.Unfinished = known.left()
	}
	report.again = "--failed-to FILE keeps the keys of those not taken for --id @FILE"
	if left != nil {
		if err := left.finish(slices.Concat(report.Failed, report.Unfinished)); err != nil {
			return failure(fmt.Errorf("--failed-to: %w", err), "")
		}
		report.again = "labelhook replay --id @" + r.failedTo + " sends those again that were not taken"
	}
	if err := report.print(t.out, r.json); err != nil {
		return err
	}
	if unread != nil && ctx.Err() == nil {
		return failure(fmt.Errorf("after %d of %d deliveries: %w", report.Sent, count, unread), "")
	}
	return report.err()
}

// stored makes requests of those records that are among the selected rows. It
// ends at the first that cannot be read and leaves the error behind.
func stored(records iter.Seq2[inbox.Record, error], seqs []int64, unread *error) iter.Seq[sender.Request] {
	return func(yield func(sender.Request) bool) {
		for r, err := range records {
			if err != nil {
				*unread = err
				return
			}
			index, selected := slices.BinarySearch(seqs, r.Seq)
			if !selected {
				continue // it has come since, or got another status
			}
			request := original(r)
			request.Index = index
			if !yield(request) {
				return
			}
		}
	}
}

// original is the delivery as it came: a header that was not there is not made
// up.
func original(r inbox.Record) sender.Request {
	header := http.Header{}
	for _, f := range r.Delivery().Header() {
		header.Add(f.Name, f.Value)
	}
	if header["User-Agent"] == nil {
		header.Set("User-Agent", "labelhook")
	}
	return sender.Request{Header: header, Body: r.Body}
}
