//go:build !unix

package inbox

import "os"

// mayWrite reports whether the file is meant to be written to. Of a folder
// Windows does not say.
func mayWrite(path string) bool {
	info, err := os.Stat(path)
	return err == nil && (info.IsDir() || info.Mode().Perm()&0o222 != 0)
}
