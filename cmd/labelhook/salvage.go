package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// salvageView is what --salvage did, in JSON, as users' programs rely on it.
type salvageView struct {
	Inbox    string   `json:"inbox"`
	Into     string   `json:"into"`
	Read     int      `json:"read"`
	Missing  []string `json:"missing"`   // keys
	Unknown  int      `json:"unknown"`   // of which not even the key is left, or that were deleted
	CutShort bool     `json:"cut_short"` // the end of the file is missing
}

func (t *tool) salvage(cmd *cobra.Command, file, into string, asJSON bool) error {
	for _, name := range []string{"since", "event", "status", "limit"} {
		if cmd.Flags().Changed(name) {
			return usage(fmt.Errorf("--salvage and --%s exclude each other", name), "leave one out; --salvage takes all that can be read")
		}
	}
	found, err := inbox.Salvage(cmd.Context(), file, into)
	switch {
	case errors.Is(err, inbox.ErrNothing):
		return failure(err, "name the file that was an inbox, or look for a copy of it")
	case errors.Is(err, fs.ErrExist), errors.Is(err, fs.ErrNotExist):
		return usage(err, "--inbox names the damaged file, --salvage one that is to be made")
	case err != nil:
		return err
	}
	if asJSON {
		return t.printJSON(salvageView{file, into, found.Read, append([]string{}, found.Missing...), found.Unknown, found.CutShort})
	}
	fmt.Fprintf(t.out, "%d deliveries read into %s\n", found.Read, printable.Text(into))
	fmt.Fprintf(t.out, "%d missing%s\n", len(found.Missing), some(found.Missing))
	if found.Unknown > 0 {
		fmt.Fprintf(t.out, "%d more of which nothing is left, unless they were deleted before\n", found.Unknown)
	}
	if found.CutShort {
		fmt.Fprintln(t.out, "the end of the file is missing, and it is not known how many deliveries were there")
	}
	return nil
}

// some are the first of these keys.
func some(keys []string) string {
	const most = 5
	switch {
	case len(keys) == 0:
		return ""
	case len(keys) > most:
		return ": " + strings.Join(keys[:most], " ") + " … (--json lists all)"
	}
	return ": " + strings.Join(keys, " ")
}
