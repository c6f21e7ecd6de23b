package bundle

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/labelhook/labelhook/core"
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

// Secrets makes the secret source that the environment describes. manager
// makes the source for a secret manager's id; it is nil where there is no
// secret manager. The error is a [*ConfigError].
func Secrets(getenv func(string) string, manager func(id string) (core.SecretSource, error)) (core.SecretSource, error) {
	text, file, id := getenv(SecretVariable), getenv(FileVariable), getenv(IDVariable)
	var set []string
	for _, v := range [...]struct{ name, value string }{{SecretVariable, text}, {FileVariable, file}, {IDVariable, id}} {
		if v.value != "" {
			set = append(set, v.name)
		}
	}
	if len(set) > 1 {
		return nil, &ConfigError{set[0], fmt.Errorf("set together with %s", strings.Join(set[1:], " and ")),
			"keep exactly one of " + strings.Join(set, ", ")}
	}
	if getenv(PreviousVariable) != "" && text == "" {
		return nil, &ConfigError{PreviousVariable, errors.New("set without " + SecretVariable),
			"put the current secret into " + SecretVariable + "; a file or secret manager holds the previous one itself"}
	}
	switch {
	case text != "":
		return fromVariables(text, getenv(PreviousVariable))
	case file != "":
		return fromFile(file)
	case id == "":
		return nil, &ConfigError{SecretVariable, ErrNoSecretVariable,
			"set it to the secret you gave Labelbox, or " + FileVariable + " to a file that holds it"}
	case strings.HasPrefix(id, "@Microsoft.KeyVault("):
		return nil, &ConfigError{IDVariable, core.ErrSecretUnresolved, secretRemedy(core.ErrSecretUnresolved)}
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

func fromVariables(current, previous string) (core.SecretSource, error) {
	var secrets []core.Secret
	for _, v := range [...]struct{ name, value string }{{SecretVariable, current}, {PreviousVariable, previous}} {
		if v.value == "" && v.name == PreviousVariable {
			continue
		}
		s, err := core.NewSecret(v.value)
		if err != nil {
			return nil, &ConfigError{v.name, err, secretRemedy(err)}
		}
		secrets = append(secrets, s)
	}
	return core.StaticSecrets(secrets...)
}

// fromFile reads the file once for its errors; the source reads it again for
// its secrets when they are first needed.
func fromFile(path string) (core.SecretSource, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, &ConfigError{FileVariable, err, "set it to a readable file with one secret a line, the current one first"}
	}
	if _, err := core.ParseSecrets(string(text)); err != nil {
		return nil, &ConfigError{FileVariable, fmt.Errorf("%s: %w", path, err), secretRemedy(err)}
	}
	return core.FileSecrets(path), nil
}

func secretRemedy(err error) string {
	switch {
	case errors.Is(err, core.ErrSecretUnresolved):
		return "let the app's identity read the Key Vault secret, then restart the app"
	case errors.Is(err, core.ErrSecretSpace):
		return "write the secret exactly as it was given to Labelbox, without blanks or line breaks around it"
	}
	return "write the secret that was given to Labelbox"
}
