package environment

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core/secret"
)

// The variables that say where the webhook secret is. Exactly one of the first
// three is set; the fourth goes with the first.
const (
	SecretVariable   = "LABELBOX_WEBHOOK_SECRET"
	FileVariable     = "LABELBOX_WEBHOOK_SECRET_FILE"
	IDVariable       = "LABELBOX_WEBHOOK_SECRET_ID"
	PreviousVariable = "LABELBOX_WEBHOOK_SECRET_PREVIOUS"
)

// ConfigError is a wrong configuration: which variable, what is wrong with it,
// and what to write instead.
type ConfigError struct {
	Variable string
	Problem  error
	Remedy   string
}

func (e *ConfigError) Error() string { return e.Variable + ": " + e.Problem.Error() }
func (e *ConfigError) Unwrap() error { return e.Problem }

// LogValue makes one log line say all three.
func (e *ConfigError) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("variable", e.Variable),
		slog.String("problem", e.Problem.Error()),
		slog.String("remedy", e.Remedy))
}

// ErrNoSecretVariable is the problem of a [ConfigError] when no variable names
// a secret.
var ErrNoSecretVariable = errors.New("not set or empty, and there is no other source of the webhook secret")

// aboutSecrets reports whether err says why there is no secret.
func aboutSecrets(err error) bool {
	var config *ConfigError
	return errors.As(err, &config) &&
		slices.Contains([]string{SecretVariable, FileVariable, IDVariable, PreviousVariable}, config.Variable)
}

// Secrets makes the secret source that the environment describes. manager
// makes the source for a secret manager's id; it is nil where there is no
// secret manager. The error is a [*ConfigError].
func Secrets(getenv func(string) string, manager func(id string) (secret.Source, error)) (secret.Source, error) {
	if err := CheckSecretVariables(getenv); err != nil {
		return nil, err
	}
	text, file, id := getenv(SecretVariable), getenv(FileVariable), getenv(IDVariable)
	switch {
	case text != "":
		return fromVariables(text, getenv(PreviousVariable))
	case file != "":
		return fromFile(file)
	case strings.HasPrefix(strings.ToLower(id), "@microsoft.keyvault("):
		return nil, &ConfigError{IDVariable, secret.ErrUnresolved, secretRemedy(secret.ErrUnresolved)}
	case manager == nil:
		return nil, &ConfigError{IDVariable, errors.New("there is no secret manager here"),
			"set " + SecretVariable + " or " + FileVariable + " instead"}
	}
	source, err := manager(id)
	if err != nil {
		return nil, &ConfigError{IDVariable, err, "set it to the id of a secret in this cloud's secret manager"}
	}
	return source, nil
}

// CheckSecretVariables says what is wrong with the choice of variables, without
// judging what they hold. The error is a [*ConfigError], and matches [ErrNoSecretVariable]
// when none is set.
func CheckSecretVariables(getenv func(string) string) error {
	text, file, id := getenv(SecretVariable), getenv(FileVariable), getenv(IDVariable)
	var set []string
	for _, v := range [...]struct{ name, value string }{{SecretVariable, text}, {FileVariable, file}, {IDVariable, id}} {
		if v.value != "" {
			set = append(set, v.name)
		}
	}
	switch {
	case len(set) > 1:
		return &ConfigError{set[0], fmt.Errorf("set together with %s", strings.Join(set[1:], " and ")),
			"keep exactly one of " + strings.Join(set, ", ")}
	case getenv(PreviousVariable) != "" && text == "":
		return &ConfigError{PreviousVariable, errors.New("set without " + SecretVariable),
			"put the current secret into " + SecretVariable + "; a file or secret manager holds the previous one itself"}
	case len(set) == 0:
		return &ConfigError{SecretVariable, ErrNoSecretVariable,
			"set it to the secret you gave Labelbox, or " + FileVariable + " to a file that holds it"}
	}
	return nil
}

func fromVariables(current, previous string) (secret.Source, error) {
	var secrets []secret.Secret
	for _, v := range [...]struct{ name, value string }{{SecretVariable, current}, {PreviousVariable, previous}} {
		if v.value == "" && v.name == PreviousVariable {
			continue
		}
		s, err := secret.New(v.value)
		if err != nil {
			return nil, &ConfigError{v.name, err, secretRemedy(err)}
		}
		secrets = append(secrets, s)
	}
	return secret.Static(secrets...)
}

// fromFile reads the file for its errors; the source reads it again for its
// secrets when they are first needed. What is no file but a pipe can be read
// only once, so its secrets stay.
func fromFile(path string) (secret.Source, error) {
	text, err := secret.ReadFile(path)
	if err != nil {
		return nil, &ConfigError{FileVariable, err, "set it to a readable file with one secret a line, the current one first"}
	}
	secrets, err := secret.Parse(text)
	if err != nil {
		return nil, &ConfigError{FileVariable, fmt.Errorf("%s: %w", path, err), secretRemedy(err)}
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return secret.Static(secrets...)
	}
	return secret.File(path), nil
}

func secretRemedy(err error) string {
	var refused *secret.Error
	if errors.As(err, &refused) {
		return refused.Remedy
	}
	return "write the secret that was given to Labelbox"
}
