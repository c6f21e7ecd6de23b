package inbox

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// copies returns a copy of the files of an open inbox of three deliveries, those
// with the suffixes, in a folder of its own.
func copies(t *testing.T, suffixes ...string) (path string) {
	t.Helper()
	in := open(t)
	store(t, in, numbered(1), numbered(2), numbered(3))
	folder := t.TempDir()
	for _, suffix := range suffixes {
		content, err := os.ReadFile(in.path + suffix)
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, "copy.db"+suffix), content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(folder, "copy.db")
}

// protect takes the right to write from files and folder until the test ends.
func protect(t *testing.T, path string, fileMode, folderMode os.FileMode) {
	t.Helper()
	folder := filepath.Dir(path)
	names, err := filepath.Glob(path + "*")
	for _, name := range names {
		if err == nil {
			err = os.Chmod(name, fileMode)
		}
	}
	if err == nil {
		err = os.Chmod(folder, folderMode)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder, 0o755) })
}

func TestAnInboxIsReadWhereNothingMayBeWritten(t *testing.T) {
	whole := func(t *testing.T) string { // closed, so that the main file is all
		path := copies(t, "", "-wal")
		in := openAt(t, path)
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, test := range map[string]struct {
		files        func(t *testing.T) string
		file, folder os.FileMode
	}{
		"the file alone":                      {whole, 0o444, 0o555},
		"the file alone in an open folder":    {whole, 0o444, 0o755},
		"a writable file in a closed folder":  {whole, 0o644, 0o555},
		"with the log":                        {func(t *testing.T) string { return copies(t, "", "-wal") }, 0o444, 0o555},
		"with the log in an open folder":      {func(t *testing.T) string { return copies(t, "", "-wal") }, 0o444, 0o755},
		"with the log and its index":          {func(t *testing.T) string { return copies(t, "", "-wal", "-shm") }, 0o444, 0o555},
		"with a stray index and an empty log": {func(t *testing.T) string { return strayed(t, whole(t)) }, 0o444, 0o555},
	} {
		t.Run(name, func(t *testing.T) {
			path := test.files(t)
			protect(t, path, test.file, test.folder)
			link := filepath.Join(t.TempDir(), "link.db")
			if err := os.Symlink(path, link); err != nil {
				t.Skip(err)
			}
			before := fingerprints(t, path)
			for _, name := range []string{path, link} {
				r, err := OpenReadOnly(name)
				if err != nil {
					t.Fatal(err)
				}
				if records := list(t, r, Query{}); len(records) != 3 || len(records[2].Body) == 0 {
					t.Errorf("%d deliveries, want 3", len(records))
				}
				if records, err := r.Get(context.Background(), numbered(2).Key()); err != nil || len(records) != 1 {
					t.Errorf("a key stands for %d deliveries, %v", len(records), err)
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
			}
			if after := fingerprints(t, path); after != before {
				t.Errorf("reading changed the folder from %s to %s", before, after)
			}
		})
	}
}

// strayed puts an empty log and an index beside the file.
func strayed(t *testing.T, path string) string {
	for suffix, size := range map[string]int{"-wal": 0, "-shm": 32768} {
		if err := os.WriteFile(path+suffix, make([]byte, size), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// fingerprints are names and contents of the files of an inbox.
func fingerprints(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(e.Name() + " " + sum(content) + "\n")
	}
	return all.String()
}

func TestWhatIsWrittenWhileItIsReadWithoutLocksIsNotTrusted(t *testing.T) {
	path := copies(t, "", "-wal")
	protect(t, path, 0o444, 0o555)
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	protect(t, path, 0o644, 0o755)
	in := openAt(t, path)
	store(t, in, numbered(4))
	var last error
	for _, err := range r.Heads(context.Background(), Query{}) {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "while it was read") {
		t.Errorf("the list ends with %v", last)
	}
	if _, err := r.Count(context.Background(), Query{}); err == nil {
		t.Error("what may be wrong was counted")
	}
}
