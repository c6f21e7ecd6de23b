package emulators

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/labelhook/labelhook/internal/test/required"
)

//go:embed *.js package.json package-lock.json
var files embed.FS

const howTo = "install Node.js 18 or later with npm (Debian: apt-get install nodejs npm, macOS: brew install node), and let npm reach its registry"

// program returns the commands node and a script of this package, installed
// together with its dependencies.
func program(t testing.TB, script string) *exec.Cmd {
	t.Helper()
	node := required.Program(t, "node", howTo)
	npm := required.Program(t, "npm", howTo)
	dir, err := installed(npm)
	if err != nil {
		required.Missing(t, "what "+script+" needs", howTo+" ("+err.Error()+")")
	}
	return exec.Command(node, filepath.Join(dir, script))
}

var once struct {
	sync.Mutex
	dir string
}

// installed returns the folder of this version of the files, and installs it
// if no test of this or another process has.
func installed(npm string) (dir string, err error) {
	once.Lock()
	defer once.Unlock()
	if once.dir != "" {
		return once.dir, nil
	}
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(root, ".tools", "emulators-"+version())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, "lock")).Lock()
	if err != nil {
		return "", err
	}
	defer unlock()
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); errors.Is(err, fs.ErrNotExist) {
		if err := install(npm, dir); err != nil {
			return "", err
		}
		if err := os.WriteFile(complete, nil, 0o644); err != nil {
			return "", err
		}
	}
	once.dir = dir
	return dir, nil
}

func install(npm, dir string) error {
	names, err := fs.Glob(files, "*")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o644)
		}
		if err != nil {
			return err
		}
	}
	ci := exec.Command(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	ci.Dir = dir
	if output, err := ci.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w: %s", err, output)
	}
	return nil
}

// version names the content of the files.
func version() string {
	h := sha256.New()
	names, _ := fs.Glob(files, "*") // the pattern is good
	for _, name := range names {
		content, _ := files.ReadFile(name)
		h.Write(content)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// moduleRoot walks up from the package under test.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}
