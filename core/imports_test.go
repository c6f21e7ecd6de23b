package core_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestImports holds which way arrows go: core knows secrets and payloads,
// payloads know annotations, those know the scanner, and none of them knows a cloud, net/http
// or anything else but the standard library and the JSON package that Go 1.27
// takes in.
func TestImports(t *testing.T) {
	const module = "github.com/labelhook/labelhook/"
	for folder, may := range map[string][]string{
		".":                    {"core/payload", "core/annotation", "core/secret", "internal/floodlog"},
		"secret":               {},
		"payload":              {"core/annotation", "internal/jsonscan"},
		"annotation":           {"internal/jsonscan"},
		"decoded":              {"core", "core/payload", "core/annotation", "internal/printable"},
		"../internal/jsonscan": {},
		"../internal/floodlog": {},
	} {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%s has %d files (%v)", folder, len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				path, _ := strconv.Unquote(spec.Path.Value)
				own, isOwn := strings.CutPrefix(path, module)
				standard := !strings.Contains(strings.Split(path, "/")[0], ".")
				switch {
				case isOwn && slices.Contains(may, own):
				case !isOwn && strings.HasPrefix(path, "github.com/go-json-experiment/json"):
				case standard && path != "net/http":
				default:
					t.Errorf("%s imports %s", file, path)
				}
			}
		}
	}
}
