package environment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/environment"
)

// TestEveryWrongConfigurationSaysWhatToDo is the table of what can be wrong:
// the variable that is named, part of the problem, part of the remedy.
func TestEveryWrongConfigurationSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const reference = "@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y)"
	for name, test := range map[string]struct {
		set                       variables
		variable, problem, remedy string
	}{
		"no secret":                    {variables{}, "LABELBOX_WEBHOOK_SECRET", "not set or empty", "LABELBOX_WEBHOOK_SECRET_FILE"},
		"empty secret":                 {variables{"LABELBOX_WEBHOOK_SECRET": ""}, "LABELBOX_WEBHOOK_SECRET", "not set or empty", "the secret you gave Labelbox"},
		"secret of one line break":     {variables{"LABELBOX_WEBHOOK_SECRET": "\n"}, "LABELBOX_WEBHOOK_SECRET", "empty", "write the secret that was given to Labelbox"},
		"secret and file":              {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_FILE": "f"}), "LABELBOX_WEBHOOK_SECRET", "set together with LABELBOX_WEBHOOK_SECRET_FILE", "keep exactly one of LABELBOX_WEBHOOK_SECRET, LABELBOX_WEBHOOK_SECRET_FILE"},
		"secret and id":                {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_ID": "i"}), "LABELBOX_WEBHOOK_SECRET", "set together with LABELBOX_WEBHOOK_SECRET_ID", "keep exactly one"},
		"file and id":                  {variables{"LABELBOX_WEBHOOK_SECRET_FILE": "f", "LABELBOX_WEBHOOK_SECRET_ID": "i"}, "LABELBOX_WEBHOOK_SECRET_FILE", "set together with LABELBOX_WEBHOOK_SECRET_ID", "keep exactly one"},
		"all three":                    {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_FILE": "f", "LABELBOX_WEBHOOK_SECRET_ID": "i"}), "LABELBOX_WEBHOOK_SECRET", "_FILE and LABELBOX_WEBHOOK_SECRET_ID", "keep exactly one"},
		"blank before the secret":      {variables{"LABELBOX_WEBHOOK_SECRET": " " + key}, "LABELBOX_WEBHOOK_SECRET", "white space", "without blanks or line breaks"},
		"tab after the secret":         {variables{"LABELBOX_WEBHOOK_SECRET": key + "\t"}, "LABELBOX_WEBHOOK_SECRET", "white space", "exactly as it was given"},
		"two line breaks after it":     {variables{"LABELBOX_WEBHOOK_SECRET": key + "\n\n"}, "LABELBOX_WEBHOOK_SECRET", "white space", "exactly as it was given"},
		"unresolved reference":         {variables{"LABELBOX_WEBHOOK_SECRET": reference}, "LABELBOX_WEBHOOK_SECRET", "unresolved reference", "identity"},
		"unresolved previous":          {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": reference}), "LABELBOX_WEBHOOK_SECRET_PREVIOUS", "unresolved reference", "identity"},
		"unresolved id":                {variables{"LABELBOX_WEBHOOK_SECRET_ID": reference}, "LABELBOX_WEBHOOK_SECRET_ID", "unresolved reference", "identity"},
		"blank before the previous":    {withSecret.with(variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": " " + key}), "LABELBOX_WEBHOOK_SECRET_PREVIOUS", "white space", "exactly as it was given"},
		"previous alone":               {variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": key}, "LABELBOX_WEBHOOK_SECRET_PREVIOUS", "set without LABELBOX_WEBHOOK_SECRET", "current secret into LABELBOX_WEBHOOK_SECRET"},
		"previous with a file":         {variables{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": key, "LABELBOX_WEBHOOK_SECRET_FILE": "f"}, "LABELBOX_WEBHOOK_SECRET_PREVIOUS", "set without", "holds the previous one itself"},
		"no such file":                 {variables{"LABELBOX_WEBHOOK_SECRET_FILE": filepath.Join(dir, "none")}, "LABELBOX_WEBHOOK_SECRET_FILE", filepath.Join(dir, "none"), "readable file with one secret a line"},
		"a folder as file":             {variables{"LABELBOX_WEBHOOK_SECRET_FILE": dir}, "LABELBOX_WEBHOOK_SECRET_FILE", dir, "readable file"},
		"empty file":                   {variables{"LABELBOX_WEBHOOK_SECRET_FILE": file("empty", "")}, "LABELBOX_WEBHOOK_SECRET_FILE", "line 1: the secret is empty", "write the secret"},
		"blank in the file":            {variables{"LABELBOX_WEBHOOK_SECRET_FILE": file("blank", "fine\n"+key+" \n")}, "LABELBOX_WEBHOOK_SECRET_FILE", "line 2: ", "without blanks"},
		"wrong id":                     {variables{"LABELBOX_WEBHOOK_SECRET_ID": "wrong"}, "LABELBOX_WEBHOOK_SECRET_ID", "no secret has this id", "id of a secret"},
		"no scheme":                    {withSecret.with(variables{"LABELHOOK_DESTINATIONS": key}), "LABELHOOK_DESTINATIONS", "without a scheme", "queue:…"},
		"another cloud's scheme":       {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "log: azblob://" + key}), "LABELHOOK_DESTINATIONS", `scheme "azblob"`, "file:DIR, https://HOST/PATH, log:, queue:…"},
		"http abroad":                  {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "http://example.com/?code=" + key}), "LABELHOOK_DESTINATIONS", "http://example.com: payloads may leave this machine only by https", "https://HOST/PATH"},
		"URL that cannot be read":      {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "https://%zz/" + key}), "LABELHOOK_DESTINATIONS", "cannot be read", "https://HOST/PATH"},
		"folder not named":             {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:"}), "LABELHOOK_DESTINATIONS", "names no folder", "file:DIR"},
		"folder that cannot be":        {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + file("plain", "")}), "LABELHOOK_DESTINATIONS", "plain", "correct the URL, or what it names"},
		"destination that fails":       {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "broken:" + key}), "LABELHOOK_DESTINATIONS", "the service is not there", "correct the URL, or what it names"},
		"a form that there is not":     {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + "?form=" + key}), "LABELHOOK_DESTINATIONS", "a form that there is not", "write ?form=decoded"},
		"a form without a name":        {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "queue:a?form="}), "LABELHOOK_DEAD_LETTER", "a form that there is not", "write ?form=decoded"},
		"a form twice":                 {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "log: queue:a?form=decoded&form=decoded"}), "LABELHOOK_DESTINATIONS", "asks for a form twice", "once"},
		"a decoded overflow":           {withSecret.with(variables{"LABELHOOK_OVERFLOW": "file:" + dir + "?form=decoded"}), "LABELHOOK_OVERFLOW", "keeps what the queue was to have", "behind the queue's URL"},
		"a comma between two":          {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + "/a,file:" + dir + "/b"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a comma and a blank":          {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "log:, queue:a"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a comma without a scheme":     {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + "/a," + dir + "/b"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a semicolon between two":      {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "https://example.com/a;https://example.com/b"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a bar between two":            {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "queue:a|s3://bucket"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a plus between two":           {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + "/a+file:" + dir + "/b"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"an escaped blank between two": {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:" + dir + "/a%20HTTPS://example.com"}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a home to be replaced":        {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "file:~/deliveries"}), "LABELHOOK_DESTINATIONS", "~ or a variable", "write the path in full"},
		"a variable to be replaced":    {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "file://$HOME/deliveries"}), "LABELHOOK_DEAD_LETTER", "~ or a variable", "write the path in full"},
		"a variable in braces":         {withSecret.with(variables{"LABELHOOK_OVERFLOW": "file:" + dir + "/${NAME}"}), "LABELHOOK_OVERFLOW", "~ or a variable", "write the path in full"},
		"a log with a name":            {withSecret.with(variables{"LABELHOOK_DESTINATIONS": "log:deliveries.txt"}), "LABELHOOK_DESTINATIONS", "behind log:", "write log: alone"},
		"events without a name":        {withSecret.with(variables{"LABELHOOK_EVENTS": " , "}), "LABELHOOK_EVENTS", "names no event", "leave it out for all"},
		"a comma alone":                {withSecret.with(variables{"LABELHOOK_DESTINATIONS": ","}), "LABELHOOK_DESTINATIONS", "not separated by blanks", "write a blank"},
		"a comma at the end":           {withSecret.with(variables{"LABELHOOK_OVERFLOW": "file:" + dir + "/a,"}), "LABELHOOK_OVERFLOW", "not separated by blanks", "write a blank"},
		"two dead letters in a list":   {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "log:;file:a"}), "LABELHOOK_DEAD_LETTER", "not separated by blanks", "write a blank"},
		"events by semicolon":          {withSecret.with(variables{"LABELHOOK_EVENTS": "label.created;label.updated"}), "LABELHOOK_EVENTS", "label.created;label.updated", "label.created label.updated"},
		"dead letter without scheme":   {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": key}), "LABELHOOK_DEAD_LETTER", "without a scheme", "log:"},
		"two dead letters":             {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "log: log:"}), "LABELHOOK_DEAD_LETTER", "names 2 destinations", "write one URL"},
		"dead letter that fails":       {withSecret.with(variables{"LABELHOOK_DEAD_LETTER": "broken:" + key}), "LABELHOOK_DEAD_LETTER", "the service is not there", "correct the URL"},
		"overflow without scheme":      {withSecret.with(variables{"LABELHOOK_OVERFLOW": key}), "LABELHOOK_OVERFLOW", "without a scheme", "file:DIR"},
		"overflow that fails":          {withSecret.with(variables{"LABELHOOK_OVERFLOW": "broken:" + key}), "LABELHOOK_OVERFLOW", "the service is not there", "correct the URL"},
		"overflow into a queue":        {withSecret.with(variables{"LABELHOOK_OVERFLOW": "queue:" + key}), "LABELHOOK_OVERFLOW", "keeps no objects", "write a bucket's URL"},
		"two overflows":                {withSecret.with(variables{"LABELHOOK_OVERFLOW": "file:a file:b"}), "LABELHOOK_OVERFLOW", "names 2 destinations", "write one URL"},
		"event that does not exist":    {withSecret.with(variables{"LABELHOOK_EVENTS": "label.created,label.renamed"}), "LABELHOOK_EVENTS", `no event is called "label.renamed"`, "label.created label.updated label.deleted workflow.action"},
		"limit that is not a number":   {withSecret.with(variables{"LABELHOOK_MAX_BODY": "10MB"}), "LABELHOOK_MAX_BODY", `"10MB" is not a number of bytes`, "10485760"},
		"limit of nothing":             {withSecret.with(variables{"LABELHOOK_MAX_BODY": "0"}), "LABELHOOK_MAX_BODY", `"0" is not`, "above 0"},
		"limit below nothing":          {withSecret.with(variables{"LABELHOOK_MAX_BODY": "-1"}), "LABELHOOK_MAX_BODY", `"-1" is not`, "above 0"},
		"limit beyond what is counted": {withSecret.with(variables{"LABELHOOK_MAX_BODY": "99999999999999999999"}), "LABELHOOK_MAX_BODY", "is not a number of bytes", "above 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			r, _, err := environment.Receiver(platform(test.set, new(bytes.Buffer)))
			if r != nil {
				t.Error("a receiver comes with the error")
			}
			check(t, err, test.variable, test.problem, test.remedy)
		})
	}
	t.Run("level that does not exist", func(t *testing.T) {
		_, err := environment.LogLevel(variables{"LABELHOOK_LOG_LEVEL": "loud"}.get)
		check(t, err, "LABELHOOK_LOG_LEVEL", `"loud" is not a level`, "write debug, info, warn or error")
	})
	t.Run("id where there is no manager", func(t *testing.T) {
		_, err := environment.Secrets(variables{"LABELBOX_WEBHOOK_SECRET_ID": "id"}.get, nil)
		check(t, err, "LABELBOX_WEBHOOK_SECRET_ID", "there is no secret manager here", "set LABELBOX_WEBHOOK_SECRET or LABELBOX_WEBHOOK_SECRET_FILE")
	})
}

func check(t *testing.T, err error, variable, problem, remedy string) {
	t.Helper()
	var config *environment.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got %v", err)
	}
	if config.Variable != variable || !strings.Contains(config.Problem.Error(), problem) || !strings.Contains(config.Remedy, remedy) {
		t.Errorf("got %s: %v (%s)\nwant %s: …%s… (…%s…)", config.Variable, config.Problem, config.Remedy, variable, problem, remedy)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Error("wrong configuration", "error", err)
	var line struct {
		Error struct{ Variable, Problem, Remedy string }
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, &log)
	}
	if line.Error.Variable != variable || line.Error.Problem != config.Problem.Error() || line.Error.Remedy != config.Remedy {
		t.Errorf("the log says %s", &log)
	}
	for _, message := range []string{err.Error(), config.Remedy, log.String()} {
		if strings.Contains(message, key) {
			t.Errorf("the secret is in %q", message)
		}
		if strings.Contains(strings.TrimSuffix(message, "\n"), "\n") {
			t.Errorf("more than one line: %q", message)
		}
	}
}

func TestNoSecretCanBeToldFromOtherMistakes(t *testing.T) {
	if _, err := environment.Secrets(variables{}.get, nil); !errors.Is(err, environment.ErrNoSecretVariable) {
		t.Errorf("got %v", err)
	}
	if _, err := environment.Secrets(variables{"LABELBOX_WEBHOOK_SECRET": " "}.get, nil); errors.Is(err, environment.ErrNoSecretVariable) {
		t.Errorf("got %v", err)
	}
}
