package inbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestOpenRefusesWhatIsNoInbox(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	write := func(name, text string) string {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return at(name)
	}
	inbox := func(name string, change string) string {
		in := openAt(t, at(name))
		store(t, in, numbered(1))
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if change != "" {
			raw(t, at(name))(change)
		}
		return at(name)
	}
	foreign := write("foreign.db", "")
	raw(t, foreign)("CREATE TABLE other (a)")
	damaged := inbox("damaged.db", "")
	content, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	copy(content[100:], strings.Repeat("\xff", 4000)) // the first page, behind the header
	write("damaged.db", string(content))

	for name, test := range map[string]struct {
		path string
		says string // what to do about it
		is   error
	}{
		"a text":              {write("text.db", strings.Repeat("not a database ", 100)), "name another file", ErrNotInbox},
		"another's database":  {foreign, "name another file", ErrNotInbox},
		"a newer schema":      {inbox("newer.db", "PRAGMA user_version = 99"), "update labelhook", ErrNewer},
		"a damaged file":      {damaged, "--salvage", ErrDamaged},
		"a folder":            {folder, "name a file in it", nil},
		"a missing folder":    {at("none/labelhook.db"), "create it", fs.ErrNotExist},
		"a file for a folder": {filepath.Join(foreign, "labelhook.db"), "change the permissions", nil},
		"no name":             {"", "name one", nil},
	} {
		t.Run(name, func(t *testing.T) {
			before, _ := os.ReadFile(test.path)
			check := func(who string, err error) {
				t.Helper()
				if err == nil {
					t.Fatalf("%s took it", who)
				}
				text := err.Error()
				if !strings.Contains(text, test.path) || !strings.Contains(text, test.says) || strings.Contains(text, "\n") {
					t.Errorf("%s: %q is not one line with %q and %q", who, text, test.path, test.says)
				}
				if test.is != nil && !errors.Is(err, test.is) {
					t.Errorf("%s: %v is not %v", who, err, test.is)
				}
			}
			_, err := Open(test.path)
			check("Open", err)
			_, err = OpenReadOnly(test.path)
			check("OpenReadOnly", err)
			if after, _ := os.ReadFile(test.path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestOpenReadOnlyNeverCreates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labelhook.db")
	if _, err := OpenReadOnly(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file was created")
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(path); !errors.Is(err, ErrNotInbox) {
		t.Errorf("got %v for an empty file", err)
	}
}

func TestOpenInAFolderWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("permissions do not bind this user")
	}
	folder := t.TempDir()
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := Open(filepath.Join(folder, "labelhook.db"))
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "change the permissions") {
		t.Errorf("got %v", err)
	}
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no file modes")
	}
	in := open(t)
	store(t, in, numbered(1))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(in.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", info.Name(), info.Mode())
		}
	}
}

func TestCloseLeavesOneFile(t *testing.T) {
	in := open(t)
	store(t, in, numbered(1))
	list(t, in.Reader, Query{})
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(in.path + "*"); len(files) != 1 {
		t.Errorf("there are %v", files)
	}
	r, err := OpenReadOnly(in.path)
	if err != nil {
		t.Fatal(err)
	}
	list(t, r, Query{})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if files, _ := filepath.Glob(in.path + "*"); len(files) != 1 {
		t.Errorf("after reading there are %v", files)
	}
}

func TestPathsAreTakenLiterally(t *testing.T) {
	for _, name := range []string{"with blank.db", "a?mode=memory", "100%41.db", "a#b", ":memory:", "file:x", "ü.db"} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.ContainsAny(name, ":?") {
				t.Skip("no such name")
			}
			t.Chdir(t.TempDir())
			in := openAt(t, name)
			store(t, in, numbered(1))
			if _, err := os.Stat(name + "-wal"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestCommitsReachTheDisk(t *testing.T) {
	in := open(t)
	store(t, in, numbered(1))
	for pragma, want := range map[string]int64{"synchronous": 2, "fullfsync": 1, "wal_autocheckpoint": 512} {
		if got := setting(t, in.writer, pragma); got != want {
			t.Errorf("%s = %v, want %d", pragma, got, want)
		}
	}
}
