// Command labelhook receives, sends, keeps and explains Labelbox webhooks on
// one machine. Each of its commands stands in a file of its own.
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/printable"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() { os.Exit(run()) }

func run() int {
	slog.SetDefault(slog.New(slog.NewTextHandler(printable.Writer{To: os.Stderr}, nil)))
	log.SetOutput(io.Discard) // where net/http remarks on connections, about which nobody can do anything
	ctx, end := untilSignal()
	t := &tool{in: os.Stdin, out: os.Stdout, err: printable.Writer{To: os.Stderr}, getenv: os.Getenv, environ: os.Environ, end: end}
	return t.run(ctx, os.Args[1:])
}

// tool is what every command works with. Results go to out, everything said
// to a person goes to err, which makes it printable.
type tool struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	getenv  func(string) string
	environ func() []string // nil means that no name is looked at
	end     func()          // what a signal does; may be nil
	color   string          // what --color says

	apiWay network // to Labelbox's API
}

func (t *tool) run(ctx context.Context, args []string) int {
	root := t.root()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		return t.report(err, args)
	}
	return exitDone
}

// root returns the command of which all others are part.
func (t *tool) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "labelhook",
		Short:         "Receive, verify, keep and replay Labelbox webhooks",
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Example: "  labelhook demo\n" +
			"  LABELBOX_WEBHOOK_SECRET=… labelhook listen",
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return cmp.Or(refuseEmpty(cmd, args), t.checkColor(), t.checkNames(cmd))
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&t.color, "color", colorAuto, "color results: `when` is auto (on a terminal, unless NO_COLOR is set), always or never")
	root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{colorAuto, colorAlways, colorNever}, cobra.ShellCompDirectiveNoFileComp))
	root.SetVersionTemplate("labelhook {{.Version}}\n")
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(err, "see "+cmd.CommandPath()+" --help") })
	root.AddCommand(
		t.demoCommand(), t.listenCommand(), t.sendCommand(), t.replayCommand(),
		t.pullCommand(), t.eventsCommand(), t.decodeCommand(), t.schemaCommand(), t.verifyCommand(), t.checkCommand(), t.webhooksCommand(), t.versionCommand(),
	)
	return root
}

func (t *tool) checkColor() error {
	switch t.color {
	case colorAuto, colorAlways, colorNever:
		return nil
	}
	return usage(fmt.Errorf("--color: %q is no way to color", t.color), "write auto, always or never")
}

// checkNames refuses misspelt variables before a command that reads some.
func (t *tool) checkNames(cmd *cobra.Command) error {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	switch cmd.Name() {
	case "demo", "listen", "pull", "send", "verify", "check", "webhooks":
		if t.environ != nil {
			return environment.CheckNames(t.environ())
		}
	}
	return nil
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Errorf("%s takes no argument %q", cmd.CommandPath(), args[0]), "see "+cmd.CommandPath()+" --help")
	}
	return nil
}

// oneArg requires exactly one argument, called name in the message.
func oneArg(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(fmt.Errorf("%s takes exactly one %s, not %d", cmd.CommandPath(), name, len(args)), "see "+cmd.CommandPath()+" --help")
		}
		return nil
	}
}
