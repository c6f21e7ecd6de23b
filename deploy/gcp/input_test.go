package gcp_test

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestDryRunPrintsAndCallsNothing(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		flags  []string
	}{
		"deploy.golden": {"deploy.sh", nil},
		"deploy-all.golden": {"deploy.sh", []string{"--name=hooks", "--secret", "labels", "--mount-secret", "--secret-stdin",
			"--destinations=pubsub://acme-ml/labels gs://acme-labels/it's/raw https://user:hidden@acme.dev/hidden?key=hidden", "--dead-letter=gs://acme-labels/dead",
			"--overflow=gs://acme-large", "--events=label.created label.updated", "--max-body=1048576", "--log-level=debug", "--source=MODULE",
			"--entry-point=Mine", "--runtime=go127", "--memory=512Mi", "--min-instances=1", "--max-instances=3", "--keep-invoker"}},
		"deploy-own.golden":  {"deploy.sh", []string{"--source=MODULE", "--entry-point=Mine"}},
		"deploy-root.golden": {"deploy.sh", []string{"--root=MODULE/function.go", "--destinations=pubsub://acme-ml/labels"}},
		"deploy-worker.golden": {"deploy.sh", []string{"--worker", "--worker-root=MODULE/function.go", "--overflow=gs://acme-large",
			"--worker-destinations=https://user:hidden@acme.dev/hidden?key=hidden log:", "--alarm-channel=projects/acme-ml/notificationChannels/77"}},
		"teardown.golden": {"teardown.sh", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, source := bare(t, "exit 9"), module(t)
			for i, flag := range test.flags {
				test.flags[i] = strings.Replace(flag, "MODULE", source, 1)
			}
			r := s.must("a secret that is not read", test.script, append(here("--dry-run"), test.flags...)...)
			folder, err := filepath.Abs(".")
			required.NoError(t, err)
			golden(t, name, strings.NewReplacer(folder, "HERE", source, "MODULE").Replace(r.out))
			if called := s.called(); called != "" || r.err != "" {
				t.Errorf("gcloud was called:\n%s\nand said was:\n%s", called, r.err)
			}
		})
	}
}

func TestWrongInputIsNamedInOneLine(t *testing.T) {
	for name, test := range map[string]struct {
		script, stdin string
		flags         []string
		want          string
	}{
		"an unknown flag":            {"deploy.sh", "", here("--topic=x"), "--topic is not a flag"},
		"a word":                     {"deploy.sh", "", here("production"), "production is not a flag"},
		"a flag without its value":   {"deploy.sh", "", here("--destinations"), "--destinations has no value"},
		"an empty value":             {"deploy.sh", "", here("--name="), "--name has no value"},
		"a value for a switch":       {"deploy.sh", "", here("--rotate=yes"), "--rotate takes no value"},
		"two lines":                  {"deploy.sh", "", here("--destinations=log:\nlog:"), "--destinations has a line break"},
		"no project":                 {"deploy.sh", "", nil, "--project is missing"},
		"a project's number":         {"deploy.sh", "", []string{"--project=123456789012"}, `--project "123456789012" is not a project id`},
		"a region that is a zone":    {"deploy.sh", "", []string{"--project=acme-ml", "--region=us-central1-a"}, `--region "us-central1-a" is not a region`},
		"a long name":                {"deploy.sh", "", here("--name=a-name-that-is-too-long-for-accounts"), "--name \"a-name-that"},
		"the secret for its name":    {"deploy.sh", "", here("--secret=my-secret!"), "--secret-stdin"},
		"another cloud":              {"deploy.sh", "", here("--destinations=sqs://labels"), `"sqs://labels" is no destination here`},
		"a URL with a key":           {"deploy.sh", "", here("--destinations=ftp://user:hidden@acme.dev/hidden?hidden"), `"ftp://acme.dev" is no destination here`},
		"a key and no URL":           {"deploy.sh", "", here("--destinations=hidden"), `"(not a URL)" is no destination here`},
		"a file":                     {"deploy.sh", "", here("--destinations=file:/tmp/x"), "would lose deliveries"},
		"plain HTTP":                 {"deploy.sh", "", here("--destinations=http://acme.dev"), "in the clear"},
		"a topic without project":    {"deploy.sh", "", here("--destinations=pubsub://labels"), `"pubsub://labels" does not name a topic`},
		"a topic of two letters":     {"deploy.sh", "", here("--destinations=pubsub://acme-ml/ab"), "3 characters or more"},
		"a bucket in capitals":       {"deploy.sh", "", here("--destinations=gs://Acme"), `"gs://Acme" does not name a bucket`},
		"a bad dead letter":          {"deploy.sh", "", here("--dead-letter=topic"), "--dead-letter:"},
		"two dead letters":           {"deploy.sh", "", here("--dead-letter=log: log:"), "--dead-letter names several"},
		"a URL for a flag":           {"deploy.sh", "", here("https://user:hidden@acme.dev/hidden"), "https is not a flag"},
		"a URL for large bodies":     {"deploy.sh", "", here("--overflow=https://user:hidden@acme.dev/hidden"), `--overflow "https://acme.dev" keeps no objects`},
		"a topic for large bodies":   {"deploy.sh", "", here("--overflow=pubsub://acme-ml/labels"), "--overflow"},
		"an unknown event":           {"deploy.sh", "", here("--events=label.made"), `no event is called "label.made"`},
		"a body size with unit":      {"deploy.sh", "", here("--max-body=10MB"), `--max-body "10MB" is out of range`},
		"a body over Google's limit": {"deploy.sh", "", here("--max-body=33554433"), "from 1 to 33554432"},
		"an unknown level":           {"deploy.sh", "", here("--log-level=trace"), `--log-level "trace" is not a level`},
		"an old runtime":             {"deploy.sh", "", here("--runtime=go125"), `--runtime "go125" cannot build`},
		"memory without unit":        {"deploy.sh", "", here("--memory=256"), `--memory "256" is not an amount`},
		"no instances":               {"deploy.sh", "", here("--max-instances=0"), "from 1 to 1000"},
		"more at least than at most": {"deploy.sh", "", here("--min-instances=11"), "--min-instances 11 is more"},
		"no module":                  {"deploy.sh", "", here("--source=."), `--source "." has no go.mod`},
		"no Go file":                 {"deploy.sh", "", here("--root=."), `--root "." is no Go file`},
		"an entry point with a dot":  {"deploy.sh", "", here("--entry-point=a.B"), `--entry-point "a.B" is not a name`},
		"two sources of a secret":    {"deploy.sh", "s", here("--rotate", "--secret-stdin"), "pass one of them"},
		"no secret":                  {"deploy.sh", "", here("--secret-stdin"), "standard input is empty"},
		"only a line break":          {"deploy.sh", "\n", here("--secret-stdin"), "standard input is empty"},
		"several lines":              {"deploy.sh", "my-secret\nline\n", here("--secret-stdin"), "several lines"},
		"blanks around the secret":   {"deploy.sh", " my-secret", here("--secret-stdin"), "blanks around it"},
		"a secret in UTF-16":         {"deploy.sh", "\xff\xfem\x00y\x00", here("--secret-stdin"), "control characters"},
		"a secret after a mark":      {"deploy.sh", "\ufeffmy-secret", here("--secret-stdin"), "UTF-8 without a mark"},
		"a secret in quotes":         {"deploy.sh", `"my-secret"`, here("--secret-stdin"), "quotation marks"},
		"a placeholder":              {"deploy.sh", "CHANGE_ME\n", here("--secret-stdin"), "placeholder"},
		"a placeholder in brackets":  {"deploy.sh", "<my-secret>", here("--secret-stdin"), "placeholder"},
		"nobody to ask":              {"teardown.sh", "yes\n", here(), "--yes is missing"},
		"teardown, an unknown flag":  {"teardown.sh", "", here("--force"), "--force is not a flag"},
		"teardown, a flag's value":   {"teardown.sh", "", here("--name"), "--name has no value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := bare(t, "exit 1")
			r := s.run(test.stdin, test.script, test.flags...)
			if r.code != 2 || r.out != "" || !strings.HasPrefix(r.err, test.script+": error: ") || !strings.Contains(r.err, test.want) || strings.Count(r.err, "\n") != 1 {
				t.Errorf("exit %d, stdout %q, stderr:\n%swant 2 and one line with %s", r.code, r.out, r.err, test.want)
			}
			if strings.Contains(r.err, "my-secret") || strings.Contains(r.err, "hidden") {
				t.Errorf("the secret is printed: %s", r.err)
			}
			for _, line := range strings.Split(strings.TrimSpace(s.called()), "\n") {
				if line != "" && !strings.HasPrefix(line, "config get ") {
					t.Errorf("gcloud was called: %s", line)
				}
			}
		})
	}
}

func TestHelpSaysWhatThereIs(t *testing.T) {
	for _, script := range []string{"deploy.sh", "teardown.sh"} {
		r := bare(t, "exit 9").must("", script, "--help")
		if !strings.HasPrefix(r.out, script) || !strings.Contains(r.out, "--dry-run") || r.err != "" {
			t.Errorf("%s --help:\n%s%s", script, r.out, r.err)
		}
	}
}

// The root file that README.md shows must fit what it is staged with.
func TestReadmeRootFileBuilds(t *testing.T) {
	text, err := os.ReadFile("README.md")
	required.NoError(t, err)
	_, code, found := strings.Cut(string(text), "```go\n")
	code, _, closed := strings.Cut(code, "```")
	if !found || !closed {
		t.Fatal("README.md shows no Go file")
	}
	file := filepath.Join(t.TempDir(), "function.go")
	required.NoError(t, os.WriteFile(file, []byte(code), 0o600))
	if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
		t.Errorf("it does not build: %s", out)
	}
	if formatted, err := format.Source([]byte(code)); err != nil || string(formatted) != code {
		t.Errorf("it is not formatted: %v", err)
	}
}

func TestEveryEventIsKnown(t *testing.T) {
	var names []string
	for _, event := range payload.Events() {
		names = append(names, string(event))
	}
	bare(t, "exit 9").must("", "deploy.sh", here("--dry-run", "--events="+strings.Join(names, " "))...)
}
