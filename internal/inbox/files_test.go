package inbox

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// Whatever happens to the files of an open inbox, what is acknowledged
// afterwards is in the file that the user finds at the path, and what was
// acknowledged before is still where the user has put it.
func TestAcknowledgedIsInTheFileAtThePath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files cannot be moved or removed there")
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	copied := func(t *testing.T, from, to string) {
		content, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, content, 0o600))
	}
	const says = "while it was open"
	for name, test := range map[string]struct {
		happens func(t *testing.T, path string)
		before  string // where the deliveries of before are then; "" if they are gone
		says    string
		mend    func(t *testing.T, path string) // what the user must do before it goes on
	}{
		"nothing": {func(*testing.T, string) {}, "labelhook.db", "", nil},
		"removed": {func(t *testing.T, path string) { must(t, os.Remove(path)) }, "", says, nil},
		"removed with its log": {func(t *testing.T, path string) {
			for _, suffix := range suffixes {
				must(t, os.Remove(path+suffix))
			}
		}, "", says, nil},
		"moved": {func(t *testing.T, path string) { must(t, os.Rename(path, path+".monday")) }, "labelhook.db.monday", says, nil},
		"moved with its log": {func(t *testing.T, path string) {
			for _, suffix := range suffixes {
				must(t, os.Rename(path+suffix, path+".monday"+suffix))
			}
		}, "labelhook.db.monday", says, nil},
		"replaced by an empty file": {func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.WriteFile(path, nil, 0o600))
		}, "", says, nil},
		"replaced by a copy of itself": {func(t *testing.T, path string) {
			copied(t, path, path+".copy")
			must(t, os.Rename(path+".copy", path))
		}, "labelhook.db", says, nil},
		"replaced by a symbolic link to itself": {func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".real"))
			must(t, os.Symlink(path+".real", path))
		}, "labelhook.db.real", says, nil},
		"log removed":                  {func(t *testing.T, path string) { must(t, os.Remove(path+"-wal")) }, "labelhook.db", says, nil},
		"index of log removed":         {func(t *testing.T, path string) { must(t, os.Remove(path+"-shm")) }, "labelhook.db", says, nil},
		"emptied":                      {func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) }, "", says, nil},
		"overwritten by an older copy": {func(t *testing.T, path string) { copied(t, path+".older", path) }, "", says, nil},
		"overwritten by a text": {func(t *testing.T, path string) {
			must(t, os.WriteFile(path, []byte(strings.Repeat("text ", 10000)), 0o600))
		}, "", says, func(t *testing.T, path string) { must(t, os.Remove(path)) }},
		"folder moved": {func(t *testing.T, path string) {
			must(t, os.Rename(filepath.Dir(path), filepath.Dir(path)+"-away"))
		}, "../folder-away/labelhook.db", says, func(t *testing.T, path string) { must(t, os.Mkdir(filepath.Dir(path), 0o700)) }},
	} {
		for _, tidied := range []bool{true, false} {
			if strings.HasPrefix(name, "overwritten") && !tidied {
				continue // the log still has what was committed last; it is seen once that has been moved
			}
			t.Run(name+map[bool]string{true: "", false: ", log not moved yet"}[tidied], func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "folder", "labelhook.db")
				must(t, os.Mkdir(filepath.Dir(path), 0o700))
				must(t, openAt(t, path).Close())
				copied(t, path, path+".older")
				in, err := openIdle(path)
				must(t, err)
				start := sync.OnceFunc(in.start)
				defer in.Close()
				defer start()
				write := func(n int) error {
					results, _ := in.writer.write([]*job{{delivery: numbered(n), status: Accepted}})
					return results[0]
				}
				must(t, write(1))
				if tidied {
					in.writer.tidy()
				}
				test.happens(t, path)
				err = write(2)
				if test.says == "" {
					must(t, err)
				} else if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "\n") {
					t.Errorf("the next delivery: %v", err)
				}
				if test.mend != nil {
					if err := write(2); err == nil {
						t.Error("it went on before it could")
					}
					test.mend(t, path)
				}
				must(t, write(2))
				must(t, write(3))
				if test.before != "" && !(strings.HasPrefix(name, "replaced by a copy") && !tidied) { // what was copied had no log
					at := filepath.Join(filepath.Dir(path), test.before)
					if n, err := countIn(at, "id-1"); n != 1 || err != nil {
						t.Errorf("the delivery of before is %d times in %s: %v", n, at, err)
					}
				}
				for _, id := range []string{"id-2", "id-3"} {
					if n, err := countIn(path, id); n != 1 || err != nil {
						t.Errorf("%s is there %d times: %v", id, n, err)
					}
				}
				start()
				must(t, in.Close())
				for _, id := range []string{"id-2", "id-3"} {
					if n, err := countIn(path, id); n != 1 || err != nil {
						t.Errorf("after the end %s is there %d times: %v", id, n, err)
					}
				}
			})
		}
	}
}

// Of those that wait when the file is found to be another, one hears of it, and
// the new file has the others.
func TestOneDeliveryHasTheNewsOfAReplacedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files cannot be removed there")
	}
	in := idle(t)
	if err := os.Remove(in.path); err != nil {
		t.Fatal(err)
	}
	var ds []*core.Delivery
	for i := range 50 {
		ds = append(ds, numbered(i))
	}
	failed := 0
	for i, err := range together(t, in, ds...) {
		if err != nil {
			failed++
			if !strings.Contains(err.Error(), "opened anew") || core.IsPermanent(err) {
				t.Error(err)
			}
		}
		want := 1
		if err != nil {
			want = 0
		}
		if n, err := countIn(in.path, fmt.Sprint("id-", i)); n != want && (n != 0 || want != 0) {
			t.Errorf("delivery %d is there %d times, %v", i, n, err)
		}
	}
	if failed != 1 {
		t.Errorf("%d deliveries have the news", failed)
	}
}

// What was stored in a file that has gone meanwhile is stored in the new one, as
// what became of it.
func TestNotingGoesOnInAReplacedFile(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("open files cannot be removed there")
	}
	in := open(t)
	handler := in.Noting(core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		if err := in.Handle(ctx, d); err != nil {
			t.Error(err)
		}
		if err := os.Remove(in.path); err != nil {
			t.Error(err)
		}
		_ = in.Handle(context.Background(), numbered(2)) // has the news
		return nil
	}))
	if err := handler.Handle(t.Context(), numbered(1)); err != nil {
		t.Error(err)
	}
	if got := list(t, in.Reader, Query{}); len(got) != 1 || got[0].ID != "id-1" || got[0].Status != Accepted {
		t.Errorf("the new file has %v", got)
	}
}

// A process that dies while the file has another name does not take it along.
func TestAFileThatWasSetAsideIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labelhook.db")
	in := openAt(t, path)
	store(t, in, numbered(1))
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+asideSuffix); err != nil {
		t.Fatal(err)
	}
	if got := list(t, openAt(t, path).Reader, Query{}); len(got) != 1 {
		t.Errorf("%d deliveries", len(got))
	}
	if _, err := os.Stat(path + asideSuffix); err == nil {
		t.Error("it has both names")
	}
}

func countIn(path, id string) (int, error) {
	r, err := OpenReadOnly(path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	found, err := r.Get(context.Background(), id)
	return len(found), err
}
