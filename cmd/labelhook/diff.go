package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/diff"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

func (t *tool) diffCommand() *cobra.Command {
	var s selection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff ID ID",
		Short: "Say what changed between two deliveries of a label",
		Long: `Say what changed between two deliveries of a label: annotations that were added,
removed, moved, reshaped or answered otherwise, the older delivery being the one
that arrived first.

Each ID is a delivery id, a key, or the first eight digits or more of a key.

The exit code is 0 also when something changed.`,
		Example: `  labelhook events diff 2f6c1a9e 77d0b3c4
  labelhook events diff 2f6c1a9e 77d0b3c4 --json | jq 'select(.change == "removed")'`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage(fmt.Errorf("%s takes two ids, not %d", cmd.CommandPath(), len(args)), "labelhook events lists the deliveries with their ids")
			}
			return nil
		},
		ValidArgsFunction: completeIDs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			reader, err := s.open()
			if err != nil {
				return err
			}
			defer reader.Close()
			var records [2]inbox.Record
			for i, id := range args {
				if records[i], err = oneRecord(cmd.Context(), reader, id); err != nil {
					return err
				}
			}
			return t.diff(records[0], records[1], asJSON)
		},
	}
	cmd.Flags().StringVar(&s.file, "inbox", defaultInbox, "`file` that keeps the deliveries")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each change")
	return cmd
}

func (t *tool) diff(older, newer inbox.Record, asJSON bool) error {
	if newer.Seq < older.Seq {
		older, newer = newer, older
	}
	var sets [2]*annotation.Set
	for i, r := range []inbox.Record{older, newer} {
		if !r.Event.IsLabel() {
			return failure(fmt.Errorf("%s is a delivery of %s, which has no label to compare", printable.Text(r.Reference()), r.Event), "choose two of one label")
		}
		var err error
		if sets[i], err = r.Delivery().Annotations(); err != nil {
			return failure(fmt.Errorf("%s: %w", printable.Text(r.Reference()), err), "labelhook events show --raw prints the payload as it came")
		}
	}
	if older.Subject != newer.Subject {
		fmt.Fprintf(t.err, "labelhook: these are two labels: %s and %s\n", orDash(older.Subject), orDash(newer.Subject))
	}
	changes := diff.Of(sets[0], sets[1])
	lines := jsonLinesTo(t.out)
	for _, c := range changes {
		var err error
		if asJSON {
			err = lines.Encode(c)
		} else {
			_, err = fmt.Fprintln(t.out, printable.Text(c.String()))
		}
		if err != nil {
			return written(err)
		}
	}
	if len(changes) == 0 {
		fmt.Fprintln(t.err, "labelhook: nothing that a labeler says differs")
	}
	return nil
}
