package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/environment"
)

// defaultSecretFile is where a generated secret goes unless told otherwise.
const defaultSecretFile = "labelhook.secret"

const secretHelp = `The secret comes from ` + environment.SecretVariable + `, from the first line of
` + environment.FileVariable + ` or of --secret-file, or is made up by
--generate-secret. A secret made up is written to a new file that only its owner
can read (--secret-file, ` + defaultSecretFile + ` unless told otherwise), or piped into
--secret-command, before the webhook is made, so that it cannot be lost. It is
printed only with --show-secret.`

// secretFlags say where the secret of a new webhook comes from and, if it is
// made up, where it goes.
type secretFlags struct {
	generate, show bool
	file, command  string
}

func (f *secretFlags) addTo(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.generate, "generate-secret", false, "make up a new secret")
	flags.StringVar(&f.file, "secret-file", "", "`file` to read the secret from or, with --generate-secret, to write it to")
	flags.StringVar(&f.command, "secret-command", "", "shell `command` that gets the generated secret on its standard input")
	flags.BoolVar(&f.show, "show-secret", false, "print the generated secret with the result")
}

// webhookSecret is the secret of a webhook that is about to be made.
type webhookSecret struct {
	text      string
	generated bool
	file      string // that a generated one is written to; "" if none is
	command   string // that a generated one is piped into; "" if none is
	kept      bool   // it is there already
}

// named reports which of the flags is given, "" if none is.
func (f secretFlags) named() string {
	switch {
	case f.generate:
		return "--generate-secret"
	case f.file != "":
		return "--secret-file"
	case f.command != "":
		return "--secret-command"
	case f.show:
		return "--show-secret"
	}
	return ""
}

// check refuses flags that could not take effect together.
func (f secretFlags) check() error {
	switch {
	case !f.generate && f.command != "":
		return usage(errors.New("--secret-command: there is no generated secret to pipe into it"), "add --generate-secret")
	case !f.generate && f.show:
		return usage(errors.New("--show-secret: shows a generated secret only"), "add --generate-secret, or leave it out")
	case f.generate && f.command != "" && f.file != "":
		return usage(errors.New("--secret-file and --secret-command exclude each other"), "give one of them")
	}
	return nil
}

// choose returns the secret given, or makes one up that [webhookSecret.keep] has
// yet to put in safety.
func (f secretFlags) choose(ctx context.Context, t *tool) (s webhookSecret, err error) {
	var given []rawSecret
	switch {
	case f.generate:
		s = webhookSecret{text: rand.Text() + rand.Text(), generated: true, file: f.file, command: f.command}
		if s.command == "" {
			s.file = cmp.Or(f.file, defaultSecretFile)
			if _, err := os.Lstat(s.file); err == nil {
				return s, secretFileExists(s.file)
			}
		}
		return s, nil
	case f.file != "":
		given, err = secretLines(f.file, "--secret-file")
	default:
		given, err = t.rawSecrets(ctx)
		if errors.Is(err, environment.ErrNoSecretVariable) {
			err = usage(err, "set it to the secret, name a file with --secret-file, or add --generate-secret")
		}
	}
	if err != nil {
		return s, err
	}
	first, err := usableSecret(given)
	return webhookSecret{text: first.text}, err
}

// keep has a secret that was made up written to its file or piped into its
// command.
func (s webhookSecret) keep(ctx context.Context, t *tool) error {
	switch {
	case s.kept:
		return nil
	case s.command != "":
		cmd := exec.CommandContext(ctx, "sh", "-c", s.command)
		cmd.Stdin = strings.NewReader(s.text)
		cmd.Stdout, cmd.Stderr = t.err, t.err // the result on stdout is ours alone
		if err := cmd.Run(); err != nil {
			return failure(fmt.Errorf("--secret-command: %w", err), "the webhook was not made; see what the command says above")
		}
	case s.file != "":
		err := writeNewSecret(s.file, s.text)
		switch {
		case errors.Is(err, fs.ErrExist):
			return secretFileExists(s.file)
		case err != nil:
			return failure(fmt.Errorf("--secret-file: %w", err), "name a file that can be written")
		}
	}
	return nil
}

func secretFileExists(path string) error {
	return usage(fmt.Errorf("%s exists already, and may hold a secret that is in use", path), "name another file with --secret-file")
}

func writeNewSecret(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text + "\n")
	return errors.Join(err, file.Sync(), file.Close())
}

// discard removes a generated secret that no webhook has. What a command did
// with it stays.
func (s webhookSecret) discard() {
	if s.file != "" {
		os.Remove(s.file)
	}
}

// location says where a generated secret is, for a person.
func (s webhookSecret) location() string {
	switch {
	case s.file != "":
		return "in " + s.file
	case s.generated:
		return "where --secret-command put it"
	}
	return "the one given"
}
