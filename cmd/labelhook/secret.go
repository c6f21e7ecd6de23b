package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
)

// signingSecret returns the secret to sign with: the current one of the
// environment or, with none there, the one typed on the terminal.
func (t *tool) signingSecret(ctx context.Context) (secret.Secret, error) {
	getenv, err := t.withSecret(ctx)
	if err != nil {
		return secret.Secret{}, err
	}
	return currentSecret(ctx, getenv)
}

// checkSecret returns the current secret of the environment, nil if there is
// none.
func (t *tool) checkSecret(ctx context.Context) (*secret.Secret, error) {
	current, err := currentSecret(ctx, t.getenv)
	if errors.Is(err, environment.ErrNoSecretVariable) {
		return nil, nil
	}
	return &current, err
}

func currentSecret(ctx context.Context, getenv func(string) string) (secret.Secret, error) {
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
		return t.getenv, nil // the caller reads the environment, and reports what else is wrong with it
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

// askSecret asks for the secret on the terminal.
func (t *tool) askSecret(ctx context.Context) (string, error) {
	text, err := t.askHidden(ctx, "Webhook secret (not shown): ")
	if err != nil {
		return "", failure(fmt.Errorf("reading the secret: %w", err), "set "+environment.SecretVariable+" instead")
	}
	return text, nil
}

// rawSecret is a webhook secret as it stands in the environment, usable or not.
type rawSecret struct {
	name     string // how the verdict calls it: current, previous, line 3, file, typed
	variable string // where it came from
	text     string
}

// usableSecret returns the first secret, if receivers start with all of them.
func usableSecret(secrets []rawSecret) (rawSecret, error) {
	var lines []string // of a file, which has rules of its own
	for _, s := range secrets {
		_, err := secret.New(s.text)
		if strings.HasPrefix(s.name, "line ") {
			lines = append(lines, s.text)
			_, err = secret.Parse(strings.Join(lines, "\n"))
		}
		var refused *secret.Error
		if errors.As(err, &refused) {
			return rawSecret{}, usage(fmt.Errorf("%s: %w", s.variable, refused), "no receiver would start with such a secret: "+refused.Remedy)
		}
	}
	return secrets[0], nil
}

// rawSecrets returns the texts of the secrets, also those that no receiver
// would start with: they are what there may be to explain.
func (t *tool) rawSecrets(ctx context.Context) ([]rawSecret, error) {
	if errors.Is(environment.CheckSecretVariables(t.getenv), environment.ErrNoSecretVariable) && t.canAsk() {
		text, err := t.askSecret(ctx)
		switch {
		case err != nil:
			return nil, err
		case text == "":
			return nil, usage(secret.ErrEmpty, "type the secret that was given to Labelbox")
		}
		return []rawSecret{{"typed", "the secret typed", text}}, nil
	}
	return secretsOf(t.getenv)
}

// secretsOf are the texts that an environment has.
func secretsOf(getenv func(string) string) ([]rawSecret, error) {
	if err := environment.CheckSecretVariables(getenv); err != nil {
		return nil, err
	}
	if getenv(environment.IDVariable) != "" {
		_, err := environment.Secrets(getenv, nil) // there is no manager here, as it says
		return nil, err
	}
	if path := getenv(environment.FileVariable); path != "" {
		return secretLines(path, environment.FileVariable)
	}
	secrets := []rawSecret{{"current", environment.SecretVariable, getenv(environment.SecretVariable)}}
	if previous := getenv(environment.PreviousVariable); previous != "" {
		secrets = append(secrets, rawSecret{"previous", environment.PreviousVariable, previous})
	}
	return secrets, nil
}

// secretLines reads a file of secrets that the variable or flag from names. One
// that has no lines, for it is in UTF-16 or JSON, is one secret.
func secretLines(path, from string) ([]rawSecret, error) {
	text, err := secret.ReadFile(path)
	if err != nil {
		return nil, usage(fmt.Errorf("%s: %w", from, err), "set it to a readable file with one secret a line")
	}
	if _, err := secret.Parse(text); errors.Is(err, secret.ErrUTF16) || errors.Is(err, secret.ErrJSON) {
		return []rawSecret{{"file", from, text}}, nil
	}
	var secrets []rawSecret
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		name := fmt.Sprintf("line %d", i+1)
		secrets = append(secrets, rawSecret{name, from + ", " + name, line})
	}
	return secrets, nil
}

// warnOfRefused tells which secrets keep a receiver from starting, with every
// verdict.
func (t *tool) warnOfRefused(secrets []rawSecret) {
	for _, s := range secrets {
		if _, err := secret.New(s.text); err != nil {
			fmt.Fprintf(t.err, "labelhook: hint: no receiver starts with %s as it is: %v\n", s.variable, err)
		}
	}
}
