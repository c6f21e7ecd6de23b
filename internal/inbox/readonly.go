package inbox

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// access is how a reader gets at the file.
type access int

const (
	shared   access = iota // with SQLite's locks and files, as a process that may write has it
	sharedRO               // with the locks and files that a writer has made
	unlocked               // with the log, if there is one, and no locks: no index of the log may be made
)

// accessTo says how to read the file at path. SQLite makes files beside an
// inbox even to read it; whoever may not must not leave some behind
// either, since those of another owner would keep the writer out.
func accessTo(path string) access {
	path = realPath(path)
	if mayWrite(path) && mayWrite(filepath.Dir(path)) {
		return shared
	}
	for _, suffix := range suffixes[1:] {
		if _, err := os.Stat(path + suffix); err != nil {
			return unlocked
		}
	}
	return sharedRO
}

// parameters are those of a connection.
func (a access) parameters(path string) url.Values {
	switch {
	case a == shared:
		return url.Values{"mode": {"rw"}} // the file is never created here, see create
	case a == sharedRO:
		return url.Values{"mode": {"ro"}, "readonly_shm": {"1"}}
	case stampOf(path)[1].size == 0:
		return url.Values{"mode": {"ro"}, "immutable": {"1"}}
	}
	system := "unix-none"
	if runtime.GOOS == "windows" {
		system = "win32-none"
	}
	// Whoever has the file alone keeps the index of the log in memory.
	return url.Values{"mode": {"ro"}, "vfs": {system}, "_pragma": {"locking_mode(EXCLUSIVE)"}}
}

// realPath is where symbolic links lead, beside which SQLite has its files.
func realPath(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// stamp is what a file and its log look like from outside. A reader without
// locks compares it: what was written meanwhile may have been read half.
type stamp [2]struct {
	size     int64
	modified time.Time
}

func stampOf(path string) (s stamp) {
	for i := range s {
		if info, err := os.Stat(path + suffixes[i]); err == nil {
			s[i].size, s[i].modified = info.Size(), info.ModTime()
		}
	}
	return s
}

// explain is [explain] for what was read. Whatever was read is doubtful if the
// files were written to while no lock could be held.
func (r *Reader) explain(err error) error {
	if r.access == unlocked && stampOf(r.real) != r.stamp {
		return fmt.Errorf("inbox %s: it was written to while it was read, so what was read may be wrong; try again, or as a user who may write beside it, for whom it is locked", r.path)
	}
	return explain(r.path, err)
}

// forbidden returns the error that the system gives when the files are opened
// for reading, which SQLite keeps to itself.
func forbidden(path string) error {
	path = realPath(path)
	for _, suffix := range suffixes {
		file, err := os.Open(path + suffix)
		switch {
		case err == nil:
			file.Close()
		case suffix == "" || !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}
