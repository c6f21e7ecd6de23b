package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/sender"
)

func (t *tool) replayCommand() *cobra.Command {
	var s selection
	var r replaying
	cmd := &cobra.Command{
		Use:   "replay --to URL",
		Short: "Send deliveries of an inbox again, byte for byte",
		Long: `Send deliveries of an inbox again: the exact bytes with their original headers,
the signature among them, so that whatever listens at the URL can verify them. No
secret is needed. They are sent in the order of their arrival, one after the
other unless --concurrency says more.

The exit code is 0 when every delivery was answered 2xx, 1 when one was not.`,
		Example: `  labelhook replay --to http://127.0.0.1:9000/hook
  labelhook replay --since 2h --event label.created --to http://127.0.0.1:9000/hook
  labelhook replay --id 2f6c1a9e --id 77d0b3c4 --to https://staging.example.com/labelbox`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.replay(cmd.Context(), s, r) },
	}
	f := s.addTo(cmd)
	f.StringArrayVar(&r.ids, "id", nil, "only the delivery with this `id`, key, or first 8 digits of a key; may be repeated")
	f.StringVar(&r.to, "to", "", "`URL` of the receiver")
	f.IntVar(&r.concurrency, "concurrency", 1, "`number` of deliveries under way at the same time")
	f.BoolVar(&r.json, "json", false, "print the result as JSON")
	cmd.RegisterFlagCompletionFunc("to", cobra.NoFileCompletions)
	return cmd
}

// replaying is what the flags of replay say besides the selection.
type replaying struct {
	to          string
	ids         []string
	concurrency int
	json        bool
}

func (t *tool) replay(ctx context.Context, s selection, r replaying) error {
	q, err := s.query(time.Now())
	if err != nil {
		return err
	}
	if err := checkConcurrency(r.concurrency); err != nil {
		return err
	}
	if err := t.checkTo(r.to); err != nil {
		return err
	}
	reader, err := s.open()
	if err != nil {
		return err
	}
	defer reader.Close()
	if q.IDs, err = keysOf(ctx, reader, r.ids); err != nil {
		return err
	}
	count, err := reader.Count(ctx, q)
	switch {
	case err != nil:
		return failure(err, "")
	case count == 0:
		return failure(errors.New("no delivery matches, so none was sent"), "labelhook events lists what is in the inbox")
	}

	report := newSendReport(r.to, q.Event, count)
	step, done := t.progress("sending", count)
	through := sender.Sender{URL: r.to, Concurrency: min(r.concurrency, count)}
	var unread error // set before Send returns, read after
	summary := through.Send(ctx, stored(reader.List(ctx, q), &unread), func(result sender.Result) {
		report.note(result)
		step()
	})
	done()
	report.sum(summary)
	if err := report.print(t.out, r.json); err != nil {
		return failure(err, "")
	}
	if unread != nil && ctx.Err() == nil {
		return failure(fmt.Errorf("after %d of %d deliveries: %w", summary.Sent, count, unread), "")
	}
	return report.err()
}

// keysOf gives the keys that the ids stand for: an id that stands for nothing
// must not go unnoticed among others.
func keysOf(ctx context.Context, reader *inbox.Reader, ids []string) (keys []string, err error) {
	for _, id := range ids {
		records, err := reader.Get(ctx, id)
		if err != nil {
			return nil, failure(fmt.Errorf("--id: %w", err), "labelhook events lists the deliveries")
		}
		for _, r := range records {
			keys = append(keys, r.Key)
		}
	}
	return keys, nil
}

// stored makes requests of records. It ends at the first that cannot be read
// and leaves the error behind.
func stored(records iter.Seq2[inbox.Record, error], unread *error) iter.Seq[sender.Request] {
	return func(yield func(sender.Request) bool) {
		for r, err := range records {
			if err != nil {
				*unread = err
				return
			}
			if !yield(original(r)) {
				return
			}
		}
	}
}

// original is the delivery as it came: a header that was not there is not made
// up.
func original(r inbox.Record) sender.Request {
	header := http.Header{}
	for _, f := range r.EndToEnd() {
		header.Add(f.Name, f.Value)
	}
	if header["User-Agent"] == nil {
		header.Set("User-Agent", "labelhook")
	}
	return sender.Request{Key: r.Key, Header: header, Body: r.Body}
}
