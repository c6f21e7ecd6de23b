// Package required is what a test cannot go on without: the programs of others
// that it runs against, and calls that must succeed. Where a program is missing
// the test is skipped under its name, but on a machine that runs continuous
// integration (CI is set) it fails: there, what can be had must be had.
package required

import (
	"os"
	"os/exec"
	"testing"
)

// Program returns the path of a program. install says how to get it.
func Program(t testing.TB, name, install string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		Missing(t, name, install)
	}
	return path
}

// Missing skips the test, or fails it on CI, for want of something.
func Missing(t testing.TB, what, install string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is missing, and CI must have it: %s", what, install)
	}
	t.Skipf("%s is missing: %s", what, install)
}

// NoError ends the test with err, if there is one.
func NoError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
