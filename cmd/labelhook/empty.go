package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// refuseEmpty refuses an option or argument that is given and says nothing. It
// is nearly always a shell variable that is not set, and to go on as if the
// option were not there would do more than was asked: replay a whole inbox
// instead of an hour of it.
func refuseEmpty(cmd *cobra.Command, args []string) (err error) {
	if cmd.DisableFlagParsing { // completion: the word that is being typed may be empty
		return nil
	}
	const hint = "is a shell variable not set? Give it a value, or leave the option out"
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(cobra.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			if strings.TrimSpace(value) == "" && err == nil {
				err = usage(fmt.Errorf("--%s: given, but empty", f.Name), hint)
			}
		}
	})
	for _, arg := range args {
		if strings.TrimSpace(arg) == "" && err == nil {
			err = usage(errors.New(cmd.CommandPath()+": an argument is empty"), "is a shell variable not set? See "+cmd.CommandPath()+" --help")
		}
	}
	return err
}
