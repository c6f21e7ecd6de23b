package inbox

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// unprivileged runs f as a user whom file modes bind.
func unprivileged(t *testing.T, f func()) {
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := syscall.Setfsuid(65534)
		if err == nil {
			f()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		t.Skip("cannot be another user: ", err)
	}
}

// What cannot be written is known when the inbox is opened, not when the first
// delivery comes.
func TestOpenRefusesWhatItCannotWrite(t *testing.T) {
	for name, modes := range map[string]struct{ file, folder os.FileMode }{
		"file":       {0o444, 0o777},
		"folder":     {0o666, 0o555},
		"both":       {0o444, 0o555},
		"unreadable": {0o000, 0o777},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			if err := os.Chmod(filepath.Dir(folder), 0o755); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "labelhook.db")
			in := openAt(t, path)
			store(t, in, numbered(1))
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for at, mode := range map[string]os.FileMode{path: modes.file, folder: modes.folder} {
				if err := os.Chmod(at, mode); err != nil {
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { os.Chmod(folder, 0o755) })
			unprivileged(t, func() {
				in, err := Open(path)
				if err == nil {
					in.Close()
					t.Error("it opened")
				} else if text := err.Error(); !strings.Contains(text, path) || !strings.Contains(text, "change the permissions") || strings.Contains(text, "\n") {
					t.Errorf("it says %q", text)
				}
			})
			os.Chmod(path, 0o600)
			if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
				t.Errorf("the file was changed, %v", err)
			}
		})
	}
}
