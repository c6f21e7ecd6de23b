// Command labelhook receives, sends, keeps and explains Labelbox webhooks on
// one machine. Each of its commands stands in a file of its own.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/labelhook/labelhook/core/secret"
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
		SilenceErrors: true,
		SilenceUsage:  true,
		Example: "  labelhook demo\n" +
			"  LABELBOX_WEBHOOK_SECRET=… labelhook listen",
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error {
			return cmp.Or(refuseEmpty(cmd, args), t.checkNames(cmd))
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(t.in)
	root.SetOut(t.out)
	root.SetErr(t.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(err, "see "+cmd.CommandPath()+" --help") })
	root.AddCommand(
		t.demoCommand(), t.listenCommand(), t.sendCommand(), t.replayCommand(),
		t.eventsCommand(), t.verifyCommand(), t.checkCommand(), t.webhooksCommand(), t.versionCommand(),
	)
	return root
}

// checkNames refuses misspelt variables before a command that reads some.
func (t *tool) checkNames(cmd *cobra.Command) error {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	switch cmd.Name() {
	case "demo", "listen", "send", "verify", "check", "webhooks":
		if t.environ != nil {
			return environment.CheckNames(t.environ())
		}
	}
	return nil
}

// report prints an error in one line, what to do about it in another, and
// returns the exit code.
func (t *tool) report(err error, args []string) int {
	code, hint := exitFailed, ""
	var h *hinted
	var config *environment.ConfigError
	switch {
	case errors.As(err, &h):
		code, hint = h.code, h.hint
	case errors.As(err, &config):
		code, hint = exitUsage, config.Remedy
	case strings.HasPrefix(err.Error(), "unknown command"):
		code, hint = exitUsage, "labelhook --help lists the commands"
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintf(t.err, "labelhook: error: %s\n", oneLine(withoutKeys(err.Error(), args)))
		if hint != "" {
			fmt.Fprintf(t.err, "labelhook: hint: %s\n", oneLine(withoutKeys(hint, args)))
		}
	}
	return code
}

// oneLine makes several lines one, as cobra's suggestions and joined errors
// come in several.
func oneLine(s string) string {
	return printable.Text(strings.Join(strings.Fields(s), " "))
}

// hinted is an error with the remedy for it and the exit code it deserves.
type hinted struct {
	error
	hint string
	code int
}

func (h *hinted) Unwrap() error { return h.error }

// failure is an error of doing what was asked: exit code 1.
func failure(err error, hint string) error { return &hinted{err, hint, exitFailed} }

// usage is an error of asking: exit code 2.
func usage(err error, hint string) error { return &hinted{err, hint, exitUsage} }

// errSilent makes the exit code 1 when the output has said why already.
var errSilent = errors.New("failed")

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

// signingSecret returns the secret to sign with: the current one of the
// environment or, with none there, the one typed on the terminal.
func (t *tool) signingSecret(ctx context.Context) (secret.Secret, error) {
	getenv, err := t.withSecret(ctx)
	if err != nil {
		return secret.Secret{}, err
	}
	source, err := environment.Secrets(getenv, nil)
	if err != nil {
		return secret.Secret{}, err
	}
	secrets, err := source.Secrets(ctx)
	if err != nil {
		return secret.Secret{}, err
	}
	return secrets[0], nil
}

// withSecret is the environment or, where it names no secret and a person is
// there to ask, the environment with the secret that was typed.
func (t *tool) withSecret(ctx context.Context) (func(string) string, error) {
	if !errors.Is(environment.CheckSecretVariables(t.getenv), environment.ErrNoSecretVariable) || !t.canAsk() {
		return t.getenv, nil // whoever reads the environment reports what else is wrong with it
	}
	text, err := t.askSecret(ctx)
	if err != nil {
		return nil, err
	}
	return func(name string) string {
		if name == environment.SecretVariable {
			return text
		}
		return t.getenv(name)
	}, nil
}

// canAsk reports whether a person can be asked.
func (t *tool) canAsk() bool { return isTerminal(t.in) && isTerminal(t.err) }

// askSecret asks for the secret on the terminal.
func (t *tool) askSecret(ctx context.Context) (string, error) {
	text, err := t.askHidden(ctx, "Webhook secret (not shown): ")
	if err != nil {
		return "", failure(fmt.Errorf("reading the secret: %w", err), "set "+environment.SecretVariable+" instead")
	}
	return text, nil
}

// isTerminal reports whether a person reads or writes at the other end.
func isTerminal(stream any) bool {
	f, ok := stream.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}
