package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever ends the process, the file names what is left and nothing else.
func TestLeftFileIsTrueAtEveryMoment(t *testing.T) {
	keys := []string{strings.Repeat("a", 32), strings.Repeat("b", 32), strings.Repeat("c", 32)}
	path := filepath.Join(t.TempDir(), "left.txt")
	left := func() string { return strings.Join(strings.Fields(textOf(t, path)), " ") }
	f, err := createLeftFile(path, []byte(strings.Join(keys, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := left(); got != strings.Join(keys, " ") {
		t.Errorf("at first: %s", got)
	}
	f.strike(1)
	if got := left(); got != keys[0]+" "+keys[2] {
		t.Errorf("one taken: %s", got)
	}
	f.strike(0)
	if got := left(); got != keys[2] {
		t.Errorf("two taken: %s", got)
	}
	if _, err := createLeftFile(path, []byte(strings.Join(keys, "\n")+"\n")); err != nil { // as a kill leaves it, with blank lines
		t.Error(err)
	}
	if err := f.finish(keys[2:]); err != nil || left() != keys[2] {
		t.Errorf("at last: %s, %v", left(), err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
		t.Errorf("there are %d files", len(entries))
	}
}
