package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/inbox"
)

func (t *tool) pruneCommand() *cobra.Command {
	var file, before, status string
	var keep int
	var dryRun, asJSON bool
	var p inbox.Pruning
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove old deliveries from an inbox",
		Long: `Remove old deliveries from an inbox, also while labelhook listen keeps it.

With both --before and --keep a delivery goes only if both let it go. The newest one always stays, and so do those that are pending or failed unless
--status names them.`,
		Example: `  labelhook events prune --before 30d --dry-run
  labelhook events prune --before 2026-11-01
  labelhook events prune --keep 10000 --vacuum`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if before == "" && !cmd.Flags().Changed("keep") {
				return usage(errors.New("nothing says which deliveries to remove"), "give --before, --keep or both")
			}
			if keep < 0 {
				return usage(fmt.Errorf("--keep: %d is below 0", keep), "write how many of the newest stay")
			}
			p.Keep = keep
			if before != "" {
				at, err := parseSince(before, time.Now())
				if err != nil {
					return usage(fmt.Errorf("--before: %w", err), "write how long ago, such as 36h or 30d, a date such as 2026-11-23, or a time such as 2026-11-23T17:48:01Z")
				}
				p.Before = at
			}
			if status != "" {
				var err error
				if p.Status, err = parseStatuses(status); err != nil {
					return err
				}
			}
			n, err := inbox.Prune(cmd.Context(), file, p, dryRun)
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return usage(fmt.Errorf("--inbox: there is no file %s", file), "name the file that labelhook listen keeps")
			case err != nil && n > 0:
				return failure(fmt.Errorf("after %d deliveries were removed: %w", n, err), "run it again for the rest")
			case err != nil:
				return err
			case asJSON:
				return t.printJSON(struct {
					Inbox   string `json:"inbox"`
					Removed int    `json:"removed"`
					DryRun  bool   `json:"dry_run"`
				}{file, n, dryRun})
			case dryRun:
				_, err = fmt.Fprintf(t.out, "%d deliveries would be removed\n", n)
			default:
				_, err = fmt.Fprintf(t.out, "%d deliveries removed\n", n)
			}
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "inbox", defaultInbox, "`file` that keeps the deliveries")
	f.StringVar(&before, "before", "", "only what came last before this `time`: 36h or 30d ago, 2026-11-23 or 2026-11-23T17:48:01Z")
	f.IntVar(&keep, "keep", 0, "the newest so `many` stay")
	f.StringVar(&status, "status", "", "only with one of these `statuses`, separated by commas: "+statusNames+" (default accepted)")
	f.BoolVar(&dryRun, "dry-run", false, "only say how many")
	f.BoolVar(&p.Vacuum, "vacuum", false, "then make the file as small as it can be, which labelhook listen must not have open")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
