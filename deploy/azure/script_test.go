package azure_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// result is what a script has written and how it ended.
type result struct {
	stdout, stderr string
	status         int
}

// script runs a script of this folder in another one, with the programs of bin
// before all others.
func script(t *testing.T, env []string, stdin, name string, args ...string) result {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts are for bash")
	}
	here, err := os.Getwd()
	required.NoError(t, err)
	command := exec.Command("bash", append([]string{filepath.Join(here, name)}, args...)...)
	command.Dir = t.TempDir()
	command.Env = append(os.Environ(), "LABELBOX_WEBHOOK_SECRET=", "LABELBOX_WEBHOOK_SECRET_PREVIOUS=")
	command.Env = append(command.Env, env...)
	command.Stdin = strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	tidy := strings.NewReplacer(here, "HERE", command.Dir, "CWD").Replace
	return result{tidy(stdout.String()), tidy(stderr.String()), command.ProcessState.ExitCode()}
}

func (r result) want(t *testing.T, status int, stdout, stderr string) {
	t.Helper()
	if want := (result{stdout, stderr, status}); r != want {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
}

func TestScriptsSayWhatTheyWouldDo(t *testing.T) {
	secrets := []string{"LABELBOX_WEBHOOK_SECRET=the-secret", "LABELBOX_WEBHOOK_SECRET_PREVIOUS=the-one-before"}
	for name, args := range map[string][]string{
		"build-help":           {"build.sh", "--help"},
		"build-dry-run":        {"build.sh", "--dry-run"},
		"build-worker-dry-run": {"build.sh", "--dry-run", "--worker", "--out=out", "--zip=app.zip"},
		"deploy-worker-dry-run": {"deploy.sh", "--dry-run", "--name=acme-labels", "--location=westeurope", "--worker", "--worker-package=./cmd/worker",
			"--worker-destinations=https://user:hidden@acme.dev/hidden?code=hidden log:", "--alarm-email=on-call@acme.dev"},
		"build-all-dry-run": {"build.sh", "--dry-run", "--package=./cmd/mine", "--out=out", "--zip=app.zip"},
		"deploy-help":       {"deploy.sh", "--help"},
		"deploy-dry-run":    {"deploy.sh", "--dry-run", "--name=acme-labels", "--location=westeurope"},
		"deploy-all-dry-run": {"deploy.sh", "--dry-run", "--name=acme-labels", "--location=westeurope", "--resource-group=rg-(mine)", "--read-vault",
			"--destinations=azqueue://acme/labels servicebus://acme-bus/labels https://user:hidden@acme.dev:8443/hidden?code=hidden#hidden hidden", "--dead-letter=azblob://acme/dead", "--overflow=azblob://acme/large",
			"--events=label.created label.updated", "--max-body=1048576", "--log-level=debug", "--package=./cmd/mine", "--runtime-version=1.1",
			"--memory=512", "--max-instances=100", "--always-ready=1"},
		"teardown-help":    {"teardown.sh", "--help"},
		"teardown-dry-run": {"teardown.sh", "--dry-run", "--name=acme-labels"},
	} {
		t.Run(name, func(t *testing.T) {
			got := script(t, secrets, "", args[0], args[1:]...)
			golden := filepath.Join("testdata", name+".txt")
			if *update {
				required.NoError(t, os.WriteFile(golden, []byte(got.stdout), 0o644))
			}
			got.want(t, 0, string(read(t, golden)), "")
			if strings.Contains(got.stdout, "the-secret") || strings.Contains(got.stdout, "the-one-before") {
				t.Error("it prints a secret")
			}
		})
	}
}

func TestScriptsRefuseWrongUsage(t *testing.T) {
	for _, test := range []struct{ command, stderr string }{
		{"build.sh --what", "build.sh: error: there is no flag \"--what\"\nbuild.sh: hint: see build.sh --help\n"},
		{"deploy.sh", "deploy.sh: error: --name is missing\ndeploy.sh: hint: name the function app, such as --name=acme-labels\n"},
		{"deploy.sh --name=acme", "deploy.sh: error: --location is missing\ndeploy.sh: hint: name a location, such as --location=westeurope\n"},
		{"deploy.sh --name=", "deploy.sh: error: there is no flag \"--name\", or it lacks a value\ndeploy.sh: hint: see deploy.sh --help\n"},
		{"deploy.sh --name=a_b --location=x", "deploy.sh: error: \"a_b\" cannot be the name of an app\ndeploy.sh: hint: write 2 to 40 letters, digits and hyphens, no hyphen at either end\n"},
		{"deploy.sh --name=acme --location=x --memory=much", "deploy.sh: error: \"much\" is not a whole number\ndeploy.sh: hint: see deploy.sh --help\n"},
		{"deploy.sh --name=acme --location=x --worker-destinations=log:", "deploy.sh: error: --worker is missing\ndeploy.sh: hint: --worker-package, --worker-destinations and --alarm-email are for a worker\n"},
		{"deploy.sh --name=acme --location=x --worker --alarm-email=hidden", "deploy.sh: error: --alarm-email is no address\ndeploy.sh: hint: write one such as on-call@example.com\n"},
		{"deploy.sh --name=a-name-of-thirty-four-characters-xx --location=x --worker", "deploy.sh: error: \"a-name-of-thirty-four-characters-xx\" is too long for the name of a worker's app, which ends in -worker\ndeploy.sh: hint: write 33 characters at most\n"},
		{"teardown.sh", "teardown.sh: error: --name is missing\nteardown.sh: hint: name the function app, as for deploy.sh\n"},
		{"teardown.sh --force", "teardown.sh: error: there is no flag \"--force\", or it lacks a value\nteardown.sh: hint: see teardown.sh --help\n"},
		{"deploy.sh https://user:hidden@acme.dev/hidden", "deploy.sh: error: there is no flag \"https\", or it lacks a value\ndeploy.sh: hint: see deploy.sh --help\n"},
		{"deploy.sh --destination=https://acme.dev/hidden", "deploy.sh: error: there is no flag \"--destination\", or it lacks a value\ndeploy.sh: hint: see deploy.sh --help\n"},
	} {
		words := strings.Fields(test.command)
		t.Run(test.command, func(t *testing.T) { script(t, nil, "", words[0], words[1:]...).want(t, 2, "", test.stderr) })
	}
}

// What is no secret is refused before az is called, and not repeated.
func TestDeployRefusesWhatIsNoSecret(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"CHANGE_ME", "placeholder"}, {"<hidden>", "placeholder"}, {"${HIDDEN}", "placeholder"}, {`"hidden"`, "quotation marks"},
		{"\ufeffhidden", "byte order mark"}, {"hid\tden", "control character"}, {"hidden\r", "control character"},
		{"\xff\xfeh\x00i\x00", "control character"},
	} {
		dir, env := cloud(t)
		runs := []result{script(t, env, test.text, "deploy.sh", "--name=acme", "--location=x", "--secret-stdin")}
		if !strings.Contains(test.text, "\x00") {
			for _, name := range []string{"LABELBOX_WEBHOOK_SECRET=", "LABELBOX_WEBHOOK_SECRET_PREVIOUS="} {
				runs = append(runs, script(t, append(env, name+test.text), "", "deploy.sh", "--name=acme", "--location=x"))
			}
		}
		for _, got := range runs {
			if got.status != 2 || !strings.Contains(got.stderr, test.want) || strings.Contains(got.stderr, "hidden") {
				t.Errorf("%q: %d %s", test.text, got.status, got.stderr)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "calls")); err == nil {
			t.Errorf("%q: az was called", test.text)
		}
	}
}

// programs are stand-ins of az, func and go. They write their arguments to
// calls, a line each, and az keeps a copy of the parameter file. It says of a
// group that it is there if there is a file of its name, which holds its tag.
const programs = `#!/bin/sh
program=$(basename "$0")
echo "$program $*" >>"$CLOUD/calls"
case "$program $*" in
"az group exists --name "*)
	[ -e "$CLOUD/$4" ] && echo true || echo false ;;
"az group show "*) cat "$CLOUD/$4" ;;
"az resource list "*) echo /subscriptions/1/some-app ;;
"az keyvault list-deleted "*) [ ! -e "$CLOUD/deleted-vault" ] || cat "$CLOUD/deleted-vault" ;;
"az deployment group create "*)
	for argument; do
		case $argument in @*) ls -l "${argument#@}" | cut -c1-10 >"$CLOUD/mode"; cp "${argument#@}" "$CLOUD/parameters"; echo "${argument#@}" >"$CLOUD/file" ;; esac
	done ;;
"az deployment group show "*) echo https://acme.azurewebsites.net/api/labelbox ;;
esac
`

// cloud puts the stand-ins on the path and returns their folder.
func cloud(t *testing.T) (dir string, env []string) {
	dir = t.TempDir()
	for _, name := range []string{"az", "func", "go"} {
		required.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(programs), 0o755))
	}
	return dir, []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "CLOUD=" + dir}
}

func calls(t *testing.T, dir string) string {
	text, err := os.ReadFile(filepath.Join(dir, "calls"))
	required.NoError(t, err)
	os.Remove(filepath.Join(dir, "calls"))
	return string(text)
}

func TestDeploy(t *testing.T) {
	dir, env := cloud(t)
	const secret = `it's "quoted" \and $HOME`
	flags := []string{"--name=acme", "--location=westeurope"}
	for _, run := range []struct {
		name        string
		group       bool // is there already
		secret      string
		wantSecret  any
		wantMessage bool
	}{
		{"the first time", false, secret, secret, false},
		{"again", true, secret, secret, false},
		{"without a secret, the one that is there is kept", true, "", nil, true},
	} {
		t.Run(run.name, func(t *testing.T) {
			if run.group {
				required.NoError(t, os.WriteFile(filepath.Join(dir, "rg-acme"), []byte("acme\n"), 0o644))
			}
			got := script(t, append(env, "LABELBOX_WEBHOOK_SECRET="+run.secret), "", "deploy.sh", flags...)
			if got.status != 0 || got.stdout != "https://acme.azurewebsites.net/api/labelbox\n" {
				t.Fatalf("got %+v", got)
			}
			if said := strings.Contains(got.stderr, "no LABELBOX_WEBHOOK_SECRET is set"); said != run.wantMessage {
				t.Errorf("it said %s", got.stderr)
			}
			all := calls(t, dir)
			if strings.Contains(all+got.stderr, "quoted") {
				t.Errorf("the secret is for everybody to see:\n%s%s", all, got.stderr)
			}
			order := []string{"az group create --name rg-acme --location westeurope --tags labelhook=acme", "go build ", "az deployment group create --resource-group rg-acme",
				"func azure functionapp publish acme --custom", "az rest --method post", "az deployment group show"}
			if run.group {
				if strings.Contains(all, order[0]) {
					t.Error("the group is made again")
				}
				order = order[1:]
			}
			rest := all
			for _, call := range order {
				_, after, found := strings.Cut(rest, "\n"+call)
				if !found {
					t.Fatalf("no %q after the others in\n%s", call, all)
				}
				rest = after
			}
			var parameters struct {
				Parameters map[string]struct{ Value any }
			}
			required.NoError(t, json.Unmarshal(read(t, filepath.Join(dir, "parameters")), &parameters))
			if got := parameters.Parameters["webhookSecret"].Value; got != run.wantSecret {
				t.Errorf("the secret is %q, want %q", got, run.wantSecret)
			}
			if got := parameters.Parameters["maximumInstanceCount"].Value; got != 40.0 {
				t.Errorf("the number of instances is %v", got)
			}
			if mode := string(read(t, filepath.Join(dir, "mode"))); mode != "-rw-------\n" {
				t.Errorf("the file with the secret has the mode %s", mode)
			}
			if _, err := os.Stat(strings.TrimSpace(string(read(t, filepath.Join(dir, "file"))))); !os.IsNotExist(err) {
				t.Errorf("the file with the secret is left behind: %v", err)
			}
		})
	}
	t.Run("after a teardown, the vault that still has the name is taken up again", func(t *testing.T) {
		os.Remove(filepath.Join(dir, "rg-acme"))
		required.NoError(t, os.WriteFile(filepath.Join(dir, "deleted-vault"), []byte("lhvault\n"), 0o644))
		if got := script(t, append(env, "LABELBOX_WEBHOOK_SECRET="+secret), "", "deploy.sh", flags...); got.status != 0 {
			t.Fatalf("got %+v", got)
		}
		rest := calls(t, dir)
		for _, call := range []string{"az group create ", "az keyvault recover --name lhvault --resource-group rg-acme --location westeurope", "az deployment group create "} {
			_, after, found := strings.Cut(rest, call)
			if !found {
				t.Fatalf("no %q after the others in\n%s", call, rest)
			}
			rest = after
		}
	})
	t.Run("with a worker, which is there before the receiver", func(t *testing.T) {
		if got := script(t, env, "", "deploy.sh", append(flags, "--worker", "--alarm-email=on-call@acme.dev")...); got.status != 0 || got.stdout != "https://acme.azurewebsites.net/api/labelbox\n" {
			t.Fatalf("got %+v", got)
		}
		rest := calls(t, dir)
		for _, call := range []string{"./azure/function", "./azure/worker", "az deployment group create ", "func azure functionapp publish acme-worker --custom", "/sites/acme-worker/config/",
			"func azure functionapp publish acme --custom", "/sites/acme/config/"} {
			_, after, found := strings.Cut(rest, call)
			if !found {
				t.Fatalf("no %q after the others in\n%s", call, rest)
			}
			rest = after
		}
		if text := string(read(t, filepath.Join(dir, "parameters"))); !strings.Contains(text, `"worker": { "value": true }`) || !strings.Contains(text, `"alarmEmail": { "value": "on-call@acme.dev" }`) {
			t.Errorf("the parameters are %s", text)
		}
	})
	t.Run("with the secret on standard input", func(t *testing.T) {
		if got := script(t, env, "from stdin\n", "deploy.sh", append(flags, "--secret-stdin")...); got.status != 0 {
			t.Fatalf("got %+v", got)
		}
		if text := string(read(t, filepath.Join(dir, "parameters"))); !strings.Contains(text, `"webhookSecret": { "value": "from stdin" }`) {
			t.Errorf("the parameters are %s", text)
		}
	})
}

func TestTeardown(t *testing.T) {
	const deletes = "az group delete --name rg-acme --yes\n"
	for name, test := range map[string]struct {
		tag, stdin string
		flags      []string
		status     int
		deletes    bool
	}{
		"removes what was confirmed":             {"acme\n", "acme\n", nil, 0, true},
		"does not ask with --yes":                {"acme\n", "", []string{"--yes"}, 0, true},
		"leaves it if not confirmed":             {"acme\n", "yes\n", nil, 1, false},
		"leaves it if nobody is there to ask":    {"acme\n", "", nil, 1, false},
		"leaves a group that is somebody's":      {"\n", "", []string{"--yes"}, 1, false},
		"leaves a group of another app's":        {"other\n", "acme\n", []string{"--yes"}, 1, false},
		"has nothing to do without a group":      {"", "", []string{"--yes"}, 0, false},
		"has nothing to ask either, then":        {"", "", nil, 0, false},
		"takes no name of a group for an answer": {"acme\n", "rg-acme\n", nil, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir, env := cloud(t)
			if test.tag != "" {
				required.NoError(t, os.WriteFile(filepath.Join(dir, "rg-acme"), []byte(test.tag), 0o644))
			}
			got := script(t, env, test.stdin, "teardown.sh", append(test.flags, "--name=acme")...)
			if all := calls(t, dir); got.status != test.status || strings.Contains(all, "delete") != test.deletes || test.deletes && !strings.HasSuffix(all, deletes) {
				t.Errorf("got %+v and\n%s", got, all)
			}
			if test.tag != "" && len(test.flags) == 0 && !strings.Contains(got.stderr, "/subscriptions/1/some-app\n") {
				t.Errorf("it does not say what would go: %s", got.stderr)
			}
		})
	}
}
