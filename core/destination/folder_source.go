package destination

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// FolderSource is a [Folder] that is read too: a [Lister].
type FolderSource struct{ *Folder }

// OpenFolder opens a folder that is there, to read it.
func OpenFolder(dir string) (*FolderSource, error) {
	path, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	if info, err := os.Stat(path); dir == "" || err != nil || !info.IsDir() {
		return nil, errors.New("file: there is no such folder")
	}
	return &FolderSource{&Folder{dir: path}}, nil
}

// Has implements [Reader].
func (f *FolderSource) Has(uri string) bool {
	_, err := f.name(uri)
	return err == nil
}

// name returns the path below the folder of a file: URL.
func (f *FolderSource) name(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("this is not the URL of a file")
	}
	path := u.Path
	if runtime.GOOS == "windows" {
		path = strings.TrimPrefix(path, "/")
	}
	name, err := filepath.Rel(f.dir, filepath.FromSlash(path))
	if err == nil && (name == "." || !filepath.IsLocal(name)) {
		err = errors.New("this file is not in the folder")
	}
	return name, err
}

// List implements [Lister].
func (f *FolderSource) List(_ context.Context, begin, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		start, last := path.Split(begin) // begin may end within a name
		err := fs.WalkDir(os.DirFS(f.dir), path.Clean(start), func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist) && name == path.Clean(start):
				return nil
			case err != nil:
				return err
			case !strings.HasPrefix(name+"/", start+last) && !strings.HasPrefix(start+last, name+"/") && name != ".":
				if entry.IsDir() {
					return fs.SkipDir
				}
			case entry.Type().IsRegular() && name >= from && strings.HasPrefix(name, begin):
				if !yield(f.uri(filepath.Join(f.dir, filepath.FromSlash(name))), nil) {
					return fs.SkipAll
				}
			}
			return nil
		})
		if err != nil {
			yield("", fmt.Errorf("file: %w", err))
		}
	}
}

// Get implements [Reader]. Of a file's attributes only those are known that its name
// tells: type and labelboxkey. A link that leads out of the folder is not followed.
func (f *FolderSource) Get(_ context.Context, uri string, limit int) (Object, error) {
	name, err := f.name(uri)
	if err != nil {
		return Object{}, fmt.Errorf("file: %w", err)
	}
	file, err := os.OpenInRoot(f.dir, name)
	if err != nil {
		return Object{}, fmt.Errorf("file: %w", err)
	}
	content, err := ReadContent(file, limit)
	event, _, key := ParseObjectName(filepath.ToSlash(name))
	return Object{map[string]string{"type": "com.labelbox." + event, "labelboxkey": key}, content}, err
}
