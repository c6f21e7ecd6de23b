package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/labelhook/labelhook/core"
)

// Folder keeps each delivery's body in a file of its own, named by
// [core.Delivery.ObjectName] below the folder. The name comes from the content,
// so a redelivery finds its file there and changes nothing.
type Folder struct{ dir string }

// NewFolder makes a folder destination; it creates the folder if need be.
func NewFolder(dir string) (*Folder, error) {
	if dir == "" {
		return nil, fmt.Errorf("file: names no folder; write file:/path/to/folder")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	return &Folder{dir}, nil
}

// Handle implements [core.Handler]. The file appears under its name complete
// and synced to disk, or not at all.
func (f *Folder) Handle(_ context.Context, d *core.Delivery) error {
	path := filepath.Join(f.dir, filepath.FromSlash(d.ObjectName()))
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := f.makeParents(path); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	if err := writeSynced(path, d.Body); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	return nil
}

// makeParents creates the folders of event and day, and syncs the entry of
// each: a file is as safe as the path to it.
func (f *Folder) makeParents(path string) error {
	day := filepath.Dir(path)
	for _, dir := range []string{filepath.Dir(day), day} {
		err := os.Mkdir(dir, 0o700)
		if err == nil {
			err = syncFolder(filepath.Dir(dir))
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}

// writeSynced writes a file beside its place and renames it there.
func writeSynced(path string, body []byte) error {
	dir := filepath.Dir(path)
	temporary, err := os.CreateTemp(dir, ".incomplete-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // does nothing once renamed
	_, err = temporary.Write(body)
	if err == nil {
		err = temporary.Sync()
	}
	if closed := temporary.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err == nil {
		err = syncFolder(dir)
	}
	return err
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
