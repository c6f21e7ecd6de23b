// Package staged_test tests what stage.sh makes: the source against the rules of
// Google's builder, and the function built of it as a running process. It is
// apart from the packages it tests, because importing them starts the function.
package staged_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

const (
	module    = "github.com/labelhook/labelhook"
	functions = "github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

// stage runs stage.sh.
func stage(t testing.TB, root ...string) (source string) {
	t.Helper()
	source = filepath.Join(t.TempDir(), "source")
	if out, err := exec.Command("../stage.sh", append([]string{source}, root...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("stage.sh: %v: %s", err, out)
	}
	return source
}

// broken says which of the builder's rules a source breaks: those that let its
// detection fail, and those that let a build go wrong silently
// (https://github.com/GoogleCloudPlatform/buildpacks, cmd/go/functions_framework).
func broken(source string) (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	files, err := filepath.Glob(filepath.Join(source, "*.go"))
	if err != nil || len(files) == 0 {
		complain("no Go file in the root")
	}
	packages, imports := map[string]bool{}, map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			complain("%v", err)
			continue
		}
		packages[file.Name.Name] = true
		for _, spec := range file.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			imports[path] = true
		}
	}
	if len(packages) > 1 {
		complain("several packages in the root")
	}
	if packages["main"] {
		complain("the root is a program")
	}
	if !imports[functions] {
		complain("the root does not import functions")
	}
	mod, err := os.ReadFile(filepath.Join(source, "go.mod"))
	if err != nil {
		complain("no go.mod in the root")
	}
	path, _, _ := strings.Cut(strings.TrimPrefix(string(mod), "module "), "\n")
	if first, _, _ := strings.Cut(path, "/"); !strings.Contains(first, ".") {
		complain("no dot in the first element of the module path")
	}
	if _, err := os.Stat(filepath.Join(source, "go.sum")); err != nil {
		complain("no go.sum in the root")
	}
	filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			complain("%v", err)
		case entry.Type()&fs.ModeSymlink != 0:
			complain("a symbolic link")
		case entry.Name() == "vendor":
			complain("a vendor folder")
		}
		return nil
	})
	return problems
}

func TestSourceKeepsTheRulesOfTheBuilder(t *testing.T) {
	for _, root := range [][]string{nil, {"../source/worker/worker.go"}} {
		if problems := broken(stage(t, root...)); len(problems) > 0 {
			t.Errorf("%s: %v", root, problems)
		}
	}
	if problems := broken("../../.."); !slices.Contains(problems, "no Go file in the root") {
		t.Errorf("the repository itself: %v", problems)
	}
	for problem, breakIt := range map[string]func(source string) error{
		"no Go file in the root":       func(s string) error { return os.Remove(s + "/function.go") },
		"several packages in the root": func(s string) error { return os.WriteFile(s+"/x_test.go", []byte("package function_test"), 0o600) },
		"the root is a program":        func(s string) error { return os.WriteFile(s+"/function.go", []byte("package main"), 0o600) },
		"the root does not import":     func(s string) error { return os.WriteFile(s+"/function.go", []byte("package function"), 0o600) },
		"no go.mod":                    func(s string) error { return os.Remove(s + "/go.mod") },
		"no go.sum":                    func(s string) error { return os.Remove(s + "/go.sum") },
		"no dot in the first element":  func(s string) error { return os.WriteFile(s+"/go.mod", []byte("module labelhook/function\n"), 0o600) },
		"a symbolic link":              func(s string) error { return os.Symlink("core", s+"/link") },
		"a vendor folder":              func(s string) error { return os.Mkdir(s+"/vendor", 0o700) },
		"expected 'package'":           func(s string) error { return os.WriteFile(s+"/x.go", []byte("x"), 0o600) },
	} {
		source := stage(t)
		required.NoError(t, breakIt(source))
		if problems := broken(source); !strings.Contains(strings.Join(problems, "\n"), problem) {
			t.Errorf("%s: found %v", problem, problems)
		}
	}
}

// The source holds what the function needs, and nothing of another cloud, the
// command line or the tests.
func TestSourceHoldsWhatIsUsed(t *testing.T) {
	source := stage(t)
	imported := strings.Fields(run(t, source, "go", "list", "-deps", "./..."))
	filepath.WalkDir(source, func(name string, entry fs.DirEntry, err error) error {
		required.NoError(t, err)
		name, _ = filepath.Rel(source, name)
		if entry.IsDir() {
			return nil
		}
		top, _, _ := strings.Cut(filepath.ToSlash(name), "/")
		switch {
		case strings.HasSuffix(name, "_test.go") || strings.Contains(name, "testdata"):
			t.Errorf("%s is for tests", name)
		case slices.Contains([]string{"go.mod", "go.sum", "function.go"}, name):
		case !slices.Contains([]string{"core", "gcp", "internal", "server"}, top) || !strings.HasSuffix(name, ".go"):
			t.Errorf("%s is not needed", name)
		case !slices.Contains(imported, module+"/"+filepath.ToSlash(filepath.Dir(name))):
			t.Errorf("nothing imports the package of %s", name)
		}
		return nil
	})
}

func TestStageRefuses(t *testing.T) {
	full := t.TempDir()
	required.NoError(t, os.WriteFile(full+"/file", nil, 0o600))
	for name, test := range map[string]struct {
		args   []string
		status int
		says   string
	}{
		"no folder":         {nil, 2, "usage: stage.sh DEST"},
		"an empty name":     {[]string{""}, 2, "usage: stage.sh DEST"},
		"too much":          {[]string{"a", "b", "c"}, 2, "usage: stage.sh DEST"},
		"an option":         {[]string{"--force"}, 2, "stage.sh: no such option: --force; see --help"},
		"a folder with any": {[]string{full}, 1, "stage.sh: " + full + ": not empty; name a new folder"},
		"no such root":      {[]string{t.TempDir(), "none.go"}, 1, "stage.sh: none.go: no such file; name the Go file that is to be the root"},
		"help":              {[]string{"--help"}, 0, "usage: stage.sh DEST"},
	} {
		cmd := exec.Command("../stage.sh", test.args...)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != test.status || !strings.HasPrefix(string(out), test.says) {
			t.Errorf("%s: status %d: %s", name, cmd.ProcessState.ExitCode(), out)
		}
	}
}

// run returns what a command prints.
func run(t testing.TB, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0")
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", cmd, err, &failure)
	}
	return string(out)
}
