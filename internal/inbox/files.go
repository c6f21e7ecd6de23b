package inbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// files are the files of an open inbox as they stand in their folder: the main
// one, its log and the index of the log. SQLite keeps writing to files that
// were moved or removed; what it commits there nobody finds at the path.
//
// They are looked at by name only. Opening the main file a second time and
// closing it again would release SQLite's locks on it.
type files struct {
	path, real string         // absolute; real is where symbolic links lead
	known      [3]os.FileInfo // in the order of suffixes
	size       int64          // of the main file, when last looked at
	modified   time.Time
}

var suffixes = [3]string{"", "-wal", "-shm"}

// change is what has become of the files since they were opened.
type change string

const (
	unchanged   change = ""
	moved       change = "was moved, removed or replaced while it was open"
	unaided     change = "has lost its -wal or -shm file while it was open"
	overwritten change = "was emptied or written over while it was open"
	touched     change = "may have been written to by another program" // which is no fault if that was SQLite
)

// smallest is the size of the smallest file that SQLite writes, in bytes.
const smallest = 512

// lookAt remembers the files of an inbox that was just opened.
func lookAt(path string) (f files, err error) {
	if f.path, err = filepath.Abs(path); err == nil {
		f.real, err = filepath.EvalSymlinks(f.path)
	}
	for i := range suffixes {
		if err == nil {
			f.known[i], err = os.Lstat(f.real + suffixes[i])
		}
	}
	if err != nil {
		return f, denied(path, err)
	}
	f.size, f.modified = f.known[0].Size(), f.known[0].ModTime()
	return f, nil
}

// look compares the files with those remembered. After a commit of our own the
// main file may have grown.
func (f *files) look(afterCommit bool) change {
	main, err := os.Lstat(f.real)
	if err != nil || !os.SameFile(main, f.known[0]) {
		return moved
	}
	if f.path != f.real {
		if there, err := os.Stat(f.path); err != nil || !os.SameFile(there, f.known[0]) {
			return moved
		}
	}
	for i := 1; i < len(suffixes); i++ {
		if there, err := os.Lstat(f.real + suffixes[i]); err != nil || !os.SameFile(there, f.known[i]) {
			return unaided
		}
	}
	was, wasModified := f.size, f.modified
	f.size, f.modified = main.Size(), main.ModTime()
	switch {
	case f.size < smallest:
		return overwritten
	case f.size < was, !afterCommit && (f.size != was || !f.modified.Equal(wasModified)):
		return touched
	}
	return unchanged
}

// asideSuffix ends the name that a file has while SQLite lets go of it.
const asideSuffix = ".overwritten-while-open"

// recoverAside gives a file its name back where a process died before it could.
func recoverAside(path string) {
	if link, err := os.Readlink(path); err == nil {
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		_ = os.Rename(path+asideSuffix, path) // there is nearly never one
	}
}

// removeAids removes log and index where they are those remembered: without the
// file that they belong to they would spoil the next one at its path.
func (f *files) removeAids() error {
	var errs []error
	for i := 1; i < len(suffixes); i++ {
		if there, err := os.Lstat(f.real + suffixes[i]); err == nil && os.SameFile(there, f.known[i]) {
			if err := os.Remove(f.real + suffixes[i]); !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}
