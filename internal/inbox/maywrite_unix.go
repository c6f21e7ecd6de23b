//go:build unix

package inbox

import (
	"os"
	"syscall"
)

// mayWrite reports whether the file or folder is meant to be written to, and by
// this user. It does not open it, see [files].
func mayWrite(path string) bool {
	const writing = 2
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o222 != 0 && syscall.Access(path, writing) == nil
}
