package destination

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Folder keeps each delivery's body in a file of its own, named by
// [core.Delivery.ObjectName] below the folder. The name comes from the content,
// so a redelivery finds its file there and changes nothing. A file of that name
// that holds something else, such as one that was emptied, is replaced.
type Folder struct {
	dir   string
	swept atomic.Int64 // when last, in seconds since 1970
}

// NewFolder makes a folder destination; it creates the folder if need be.
// Unfinished files that are over an hour old are removed now, and every hour in
// which a delivery comes.
func NewFolder(dir string) (*Folder, error) {
	if dir == "" {
		return nil, errors.New("file: names no folder; write file:/path/to/folder")
	}
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = makeFolder(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	sweep(dir)
	f := &Folder{dir: dir}
	f.swept.Store(time.Now().Unix())
	return f, nil
}

// Handle implements [core.Handler]. It returns nil once the file stands under
// its name, complete, and it and every folder on the way to it are synced to
// disk. Two deliveries of the same content at the same time leave one file.
func (f *Folder) Handle(_ context.Context, d *core.Delivery) error {
	if err := f.keep(f.path(d), d.Body); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	last, now := f.swept.Load(), time.Now().Unix()
	if now-last > int64(incompleteAge.Seconds()) && f.swept.CompareAndSwap(last, now) {
		go sweep(f.dir)
	}
	return nil
}

// Locate implements [Bucket] with a file: URL.
func (f *Folder) Locate(d *core.Delivery) string {
	return f.uri(f.path(d))
}

func (f *Folder) uri(file string) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive's letter on Windows
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func (f *Folder) path(d *core.Delivery) string {
	return filepath.Join(f.dir, filepath.FromSlash(d.ObjectName()))
}

// keep syncs the folders even where it finds them and the file: the
// process that made them may be about to, or may have died before it could.
func (f *Folder) keep(path string, body []byte) error {
	day := filepath.Dir(path)
	for _, dir := range []string{filepath.Dir(day), day} {
		if err := makeFolder(dir); err != nil {
			return err
		}
	}
	if same, err := holds(path, body); err != nil {
		return err
	} else if same {
		return syncFolder(day)
	}
	return writeSynced(path, body)
}

// holds reports whether the file at path is there and has these bytes, which are
// on disk then: its writer may have died before they were.
func holds(path string, body []byte) (bool, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (info.Size() != int64(len(body)) || !info.Mode().IsRegular()) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		f, err = os.Open(path)
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	part := make([]byte, 64<<10)
	for len(body) > 0 {
		n, err := io.ReadFull(f, part[:min(len(part), len(body))])
		if err != nil || !bytes.Equal(part[:n], body[:n]) {
			return false, nil
		}
		body = body[n:]
	}
	return true, f.Sync()
}

// incomplete begins the names of files that are being written.
const incomplete = ".incomplete-"

// incompleteAge is how old an unfinished file must be for its writer to be dead
// for certain: other processes may write to the same folder.
const incompleteAge = time.Hour

// sweep removes what a process that was killed has left unfinished in the
// folders of the days below dir. It fails silently: nothing depends on it.
func sweep(dir string) {
	left, _ := fs.Glob(os.DirFS(dir), "*/*/"+incomplete+"*")
	for _, name := range left {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > incompleteAge {
			os.Remove(path)
		}
	}
}

// makeFolder creates a folder, and those above it that are missing, and syncs
// the entry of each: a file is as safe as the path to it.
func makeFolder(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeFolder(filepath.Dir(dir)); err != nil {
			return err
		}
		err = os.Mkdir(dir, 0o700)
	}
	made := err == nil
	if !made {
		if info, statErr := os.Stat(dir); statErr != nil || !info.IsDir() {
			return err
		}
	}
	err = syncFolder(filepath.Dir(dir))
	if !made && errors.Is(err, fs.ErrPermission) {
		return nil // the parent's owner made the folder
	}
	return err
}

// writeSynced writes a file beside its place and renames it there.
func writeSynced(path string, body []byte) error {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, incomplete+"*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // does nothing once renamed
	_, err = temporary.Write(body)
	if err := cmp.Or(err, temporary.Sync(), temporary.Close()); err != nil {
		return err
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return err
	}
	return syncFolder(dir)
}

func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
