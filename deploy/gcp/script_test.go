package gcp_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata")

// shell is where a test runs the scripts: a gcloud of its own settings that
// sees no cloud but the model, and whose command lines are written down.
type shell struct {
	t        *testing.T
	cloud    *cloud // nil if there is none
	commands string // a file
	env      []string
}

// newShell needs the real gcloud, which is what the scripts are written for.
func newShell(t *testing.T, c *cloud) *shell {
	gcloud := required.Program(t, "gcloud", "https://cloud.google.com/sdk/docs/install")
	s := bare(t, `exec "`+gcloud+`" "$@"`)
	s.cloud, s.env = c, append(s.env, c.environment()...)
	return s
}

// bare is a shell without a cloud: its gcloud is the shell code given.
func bare(t *testing.T, gcloud string) *shell {
	required.Program(t, "bash", "apt-get install bash")
	home := t.TempDir()
	bin := filepath.Join(home, "bin")
	s := &shell{t, nil, filepath.Join(home, "commands"), []string{"CLOUDSDK_CONFIG=" + filepath.Join(home, "gcloud"), "HOME=" + home,
		"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "TMPDIR=" + t.TempDir(), "LABELHOOK_RETRY_SECONDS=0"}}
	code := "#!/bin/sh\necho \"$*\" >>'" + s.commands + "'\n" + gcloud + "\n"
	required.NoError(t, errors.Join(os.Mkdir(bin, 0o700), os.WriteFile(filepath.Join(bin, "gcloud"), []byte(code), 0o700)))
	return s
}

// called is what gcloud was called with so far, a line each.
func (s *shell) called() string {
	text, err := os.ReadFile(s.commands)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	return string(text)
}

// result is what one run of a script left.
type result struct {
	out, err string
	code     int
}

func (s *shell) run(stdin, script string, args ...string) result {
	s.t.Helper()
	path, err := filepath.Abs(script)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("bash", append([]string{path}, args...)...)
	var out, talk bytes.Buffer
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.env, s.t.TempDir(), strings.NewReader(stdin), &out, &talk
	if s.cloud != nil {
		s.cloud.settle()
		defer s.cloud.settle()
	}
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return result{out.String(), talk.String(), cmd.ProcessState.ExitCode()}
}

// must runs a script that has to succeed.
func (s *shell) must(stdin, script string, args ...string) result {
	s.t.Helper()
	r := s.run(stdin, script, args...)
	if r.code != 0 {
		s.t.Fatalf("%s %q ended with %d:\n%s", script, args, r.code, r.err)
	}
	return r
}

// here puts the flags that every test gives before others.
func here(flags ...string) []string {
	return slices.Concat([]string{"--project=" + project, "--region=us-central1"}, flags)
}

// module is a folder that could be a function of the user's own.
func module(t *testing.T) string {
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module acme.dev/receiver\n", "go.sum": "", "function.go": "package receiver\n", "function_test.go": "package receiver\n"} {
		required.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
	}
	return folder
}

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		required.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	want, err := os.ReadFile(path)
	required.NoError(t, err)
	if text != string(want) {
		t.Errorf("not as in %s (go test -update rewrites it):\n%s", path, text)
	}
}
