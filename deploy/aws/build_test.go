package aws_test

import (
	"bytes"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// sam build runs make in a copy of the repository, and sam deploy uploads
// nothing new for the same bytes: so they must not depend on the folder, nor on
// whether git knows it.
func TestBuildIsTheSameFromAnyFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the function twice")
	}
	temporary := t.TempDir()
	plain, cloned := filepath.Join(temporary, "plain"), filepath.Join(temporary, "cloned", "elsewhere")
	copyAsSAMDoes(t, "../..", plain)
	copyAsSAMDoes(t, "../..", cloned)
	git := required.Program(t, "git", "apt-get install git")
	for _, arguments := range []string{"init --quiet", "add .", "-c user.name=test -c user.email=test@example.com commit --quiet --message all"} {
		cmd := exec.Command(git, strings.Fields(arguments)...)
		cmd.Dir = cloned
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", arguments, err, out)
		}
	}

	var programs [][]byte
	for _, target := range []string{"build-Receiver", "build-WorkerFunction"} {
		here, there := build(t, plain, target), build(t, cloned, target)
		if !bytes.Equal(here, there) {
			t.Errorf("the two builds differ: %d and %d bytes", len(here), len(there))
		}
		isForLambda(t, here, temporary)
		programs = append(programs, here)
	}
	if bytes.Equal(programs[0], programs[1]) {
		t.Error("the worker is the receiver")
	}
}

// isForLambda says why a program would not start there.
func isForLambda(t *testing.T, here []byte, temporary string) {
	t.Helper()
	program, err := elf.NewFile(bytes.NewReader(here))
	required.NoError(t, err)
	if program.Machine != elf.EM_AARCH64 {
		t.Errorf("bootstrap is for %v, but the function for arm64", program.Machine)
	}
	for _, segment := range program.Progs {
		if segment.Type == elf.PT_INTERP {
			t.Error("bootstrap is linked dynamically")
		}
	}
	if program.Section(".debug_info") != nil || program.Section(".symtab") != nil {
		t.Error("bootstrap has symbols in it, which only make it start later")
	}
	if bytes.Contains(here, []byte(temporary)) {
		t.Errorf("bootstrap names the folder it was built in, %s", temporary)
	}
}

// build runs the target that SAM would, the way it does, and returns the
// function's one file.
func build(t *testing.T, folder, target string) []byte {
	t.Helper()
	artifacts := t.TempDir()
	cmd := exec.Command(required.Program(t, "make", "apt-get install make"),
		"--makefile", filepath.Join(folder, "deploy/aws/Makefile"), target)
	cmd.Dir = folder
	// What a user's machine may add by itself, whatever this one is set to.
	cmd.Env = append(withoutMake(os.Environ()), "ARTIFACTS_DIR="+artifacts, "GOFLAGS=-buildvcs=auto")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", target, err, out)
	}
	files, err := os.ReadDir(artifacts)
	if err != nil || len(files) != 1 {
		t.Fatalf("the build leaves %v, %v; want bootstrap alone", files, err)
	}
	bootstrap, err := os.ReadFile(filepath.Join(artifacts, "bootstrap"))
	required.NoError(t, err)
	return bootstrap
}

// withoutMake leaves out what a make that runs the tests tells its own makes.
func withoutMake(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool {
		return strings.HasPrefix(variable, "MAKE") || strings.HasPrefix(variable, "MFLAGS")
	})
}

// copyAsSAMDoes copies the repository less what git and SAM keep in it. What
// other builds and tests leave there is left out too, to save time.
func copyAsSAMDoes(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(from, path)
		target := filepath.Join(to, name)
		switch {
		case slices.Contains([]string{".git", ".aws-sam", ".tools", "dist"}, name) && entry.IsDir():
			return filepath.SkipDir
		case name == ".git": // of a worktree
			return nil
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	required.NoError(t, err)
}
