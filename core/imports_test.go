package core_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestCoreImports keeps core free of I/O frameworks and clouds: the standard
// library without net/http, and the JSON package that Go 1.27 takes in.
func TestCoreImports(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		seen++
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			path, _ := strconv.Unquote(spec.Path.Value)
			standard := !strings.Contains(strings.Split(path, "/")[0], ".")
			if path == "net/http" || !standard && !strings.HasPrefix(path, "github.com/go-json-experiment/json") {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d files looked at", seen)
	}
}
