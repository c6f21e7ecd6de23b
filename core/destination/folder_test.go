package destination_test

import (
	"bytes"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func folder(t testing.TB, dir string) *destination.Folder {
	f, err := destination.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// files lists everything below dir that is not a folder, with slashes.
func files(t testing.TB, dir string) (names []string) {
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestFilesAreNamedByEventAndDayAndReadByTheirOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	handle(t, folder(t, dir), destinationtest.Label(t))
	got := files(t, dir)
	if len(got) != 1 || !strings.HasPrefix(got[0], "event=label.created/dt=2024-05-06/20240506T171848.000Z-") {
		t.Fatalf("files %q", got)
	}
	if info, err := os.Stat(filepath.Join(dir, got[0])); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("it may be read by others: %v, %v", info.Mode(), err)
	}
}

// The name of a file says what should be in it, not what is.
func TestFolderTrustsAFileForItsContentOnly(t *testing.T) {
	d := destinationtest.Label(t)
	changed := bytes.Clone(d.Body)
	changed[len(changed)/2] ^= 1
	for name, content := range map[string][]byte{
		"the same": d.Body, "emptied": nil, "cut short": d.Body[:100], "with more behind": append(bytes.Clone(d.Body), ' '), "a byte changed": changed,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f := folder(t, dir)
			path := filepath.Join(dir, filepath.FromSlash(d.ObjectName()))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, content, 0o600)); err != nil {
				t.Fatal(err)
			}
			before, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			handle(t, f, d)
			if body, err := os.ReadFile(path); !bytes.Equal(body, d.Body) {
				t.Errorf("it holds %d bytes that are not the delivery's, %v", len(body), err)
			}
			if after, err := os.Stat(path); err != nil || os.SameFile(before, after) != (name == "the same") {
				t.Errorf("written again: %v, %v", !os.SameFile(before, after), err)
			}
		})
	}
}

func TestNewFolderSweepsWhatWasLeftUnfinished(t *testing.T) {
	dir := t.TempDir()
	day := filepath.Join(dir, "event=label.created", "dt=2026-11-23")
	if err := os.MkdirAll(day, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{".incomplete-old": 2 * time.Hour, ".incomplete-new": time.Minute, "old.json": 2 * time.Hour} {
		write(t, filepath.Join(day, name), age)
	}
	folder(t, dir)
	if got := files(t, day); !slices.Equal(got, []string{".incomplete-new", "old.json"}) {
		t.Errorf("left are %q", got)
	}
}

// Another process may be killed while this one runs for months.
func TestFolderSweepsWhileItIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		f := folder(t, dir)
		d := destinationtest.Label(t)
		handle(t, f, d)
		synctest.Wait()
		left := filepath.Join(dir, filepath.FromSlash(path.Dir(d.ObjectName())), ".incomplete-1")
		write(t, left, 2*time.Hour)
		handle(t, f, d)
		synctest.Wait()
		if n := len(files(t, dir)); n != 2 {
			t.Errorf("within an hour %d files are there, want 2", n)
		}
		time.Sleep(time.Hour + 2*time.Second)
		handle(t, f, d)
		synctest.Wait()
		if got := files(t, dir); !slices.Equal(got, []string{d.ObjectName()}) {
			t.Errorf("after an hour %q are there", got)
		}
	})
}

func TestFolderComesBackWhenItWasRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	f := folder(t, dir)
	for range 2 {
		handle(t, f, destinationtest.Label(t))
		if len(files(t, dir)) != 1 {
			t.Error("no file")
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFolderFailsForNowAndLeavesNothingBehind(t *testing.T) {
	for name, obstruct := range map[string]func(t *testing.T, dir string, d *core.Delivery){
		"a file where the event's folder belongs": func(t *testing.T, dir string, d *core.Delivery) {
			write(t, filepath.Join(dir, "event="+string(d.Event)), 0)
		},
		"a file where the folder was": func(t *testing.T, dir string, _ *core.Delivery) {
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			write(t, dir, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "folder")
			f, d := folder(t, dir), destinationtest.Label(t)
			obstruct(t, dir, d)
			before := files(t, filepath.Dir(dir))
			err := f.Handle(t.Context(), d)
			if err == nil || core.IsPermanent(err) || errors.Is(err, core.ErrIgnored) || !strings.HasPrefix(err.Error(), "file: ") {
				t.Errorf("got %v", err)
			}
			if after := files(t, filepath.Dir(dir)); !slices.Equal(before, after) {
				t.Errorf("left behind %q", after)
			}
		})
	}
}

// write makes an empty file of that age.
func write(t *testing.T, path string, age time.Duration) {
	then := time.Now().Add(-age)
	if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, then, then)); err != nil {
		t.Fatal(err)
	}
}

func TestNewFolderRefusesWhatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, 0)
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if _, err := destination.NewFolder(dir); err == nil {
			t.Errorf("took %q", dir)
		}
	}
}

func TestFolderLocatesItsFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "with blank")
	f, d := folder(t, dir), destinationtest.Label(t)
	handle(t, f, d)
	var bucket destination.Bucket = f
	u, err := url.Parse(bucket.Locate(d))
	if err != nil || u.Scheme != "file" {
		t.Fatalf("located at %s, %v", u, err)
	}
	if body, err := os.ReadFile(filepath.FromSlash(u.Path)); err != nil || !bytes.Equal(body, d.Body) {
		t.Errorf("found %q, %v", body, err)
	}
}
