package main

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// completed is how many of the newest deliveries the shell offers.
const completed = 50

// completeIDs offers the ids and short keys of the newest deliveries of the inbox
// that is named so far, for as many arguments. An inbox that cannot be read offers
// none: a shell has no place for an error.
func completeIDs(arguments int) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		const keep = cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
		if len(args) >= arguments {
			return nil, keep
		}
		file, err := cmd.Flags().GetString("inbox")
		if err != nil {
			return nil, keep
		}
		reader, err := inbox.OpenReadOnly(file)
		if err != nil {
			return nil, keep
		}
		defer reader.Close()
		var offers []cobra.Completion
		for r, err := range reader.Heads(cmd.Context(), inbox.Query{Limit: completed}) {
			if err != nil {
				break
			}
			about := string(r.Event) + " " + r.Received.Local().Format("15:04:05")
			offers = append(offers, cobra.CompletionWithDesc(r.Key[:min(len(r.Key), shortKey)], about))
			if r.ID != "" && printable.Text(r.ID) == r.ID {
				offers = append(offers, cobra.CompletionWithDesc(r.ID, about))
			}
		}
		slices.Reverse(offers) // the newest first
		return offers, keep
	}
}
