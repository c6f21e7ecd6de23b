package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestReadmePrograms builds every complete Go program of the documents, as a
// reader who pastes it would.
func TestReadmePrograms(t *testing.T) {
	programs := 0
	for _, document := range documents(t) {
		text := textOf(t, document)
		for _, m := range regexp.MustCompile("(?s)```go\n(package main\n.*?)```").FindAllStringSubmatch(text, -1) {
			programs++
			file := fileOf(t, filepath.Join(t.TempDir(), "main.go"), m[1])
			if out, err := exec.Command("go", "vet", file).CombinedOutput(); err != nil {
				t.Errorf("%s: a program does not build: %s", document, out)
			}
		}
	}
	if programs == 0 {
		t.Error("there is no program in the documents")
	}
}

// TestDocumentsNameOnlyWhatExists checks every labelhook command line in the
// documents against the real commands and flags.
func TestDocumentsNameOnlyWhatExists(t *testing.T) {
	root := (&tool{getenv: func(string) string { return "" }}).root()
	lines := 0
	for _, document := range documents(t) {
		text := textOf(t, document)
		for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
			for line := range strings.Lines(m[1]) {
				_, words, found := strings.Cut(line, "labelhook ")
				if !found || strings.HasPrefix(strings.TrimSpace(line), "#") {
					continue
				}
				words, _, _ = strings.Cut(words, " #")
				words, _, _ = strings.Cut(words, "|")
				words, _, _ = strings.Cut(words, ">")
				lines++
				checkCommandLine(t, root, document, strings.Fields(words))
			}
		}
	}
	if lines == 0 {
		t.Error("there is no command line in the documents")
	}
}

func checkCommandLine(t *testing.T, root *cobra.Command, document string, words []string) {
	t.Helper()
	cmd, rest, err := root.Find(words)
	if err != nil || cmd == root {
		t.Errorf("%s: no command %q", document, words)
		return
	}
	for _, word := range rest {
		if name, isFlag := strings.CutPrefix(word, "--"); isFlag && cmd.Flag(name) == nil {
			t.Errorf("%s: %s has no flag --%s", document, cmd.CommandPath(), name)
		}
	}
}

// TestPathsOfTheMapExist looks for every path that stands in backticks where the
// repository is described: a word with a slash, or with the ending of a file.
func TestPathsOfTheMapExist(t *testing.T) {
	path := regexp.MustCompile(`^(\./|[a-z.])[\w.-]*/[\w./-]*$|^[\w-]+\.(go|md|mod|yaml|sh)$`)
	for _, document := range []string{"../../docs/architecture.md", "../../CONTRIBUTING.md"} {
		text := textOf(t, document)
		paths := 0
		for _, span := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(text, -1) {
			for word := range strings.FieldsSeq(span[1]) {
				if !path.MatchString(word) {
					continue
				}
				paths++
				if _, err := os.Stat(filepath.Join("../..", strings.TrimSuffix(word, "..."))); err != nil {
					t.Errorf("%s names %s: %v", document, word, err)
				}
			}
		}
		if paths < 10 {
			t.Errorf("%s names %d paths", document, paths)
		}
	}
}

func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(pages, err)
	}
	return append(pages, "../../README.md", "../../CONTRIBUTING.md")
}
