package core_test

import (
	"os/exec"
	"slices"
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
		".":                    {"core/payload", "core/annotation", "core/secret", "internal/endtoend", "internal/floodlog", "internal/jsonscan"},
		"secret":               {},
		"payload":              {"core/annotation", "internal/jsonscan"},
		"annotation":           {"internal/jsonscan"},
		"annotation/diff":      {"core/annotation"},
		"annotation/draw":      {"core/annotation"},
		"decoded":              {"core", "core/payload", "core/annotation", "internal/printable"},
		"../internal/jsonscan": {},
		"../internal/endtoend": {},
		"../internal/floodlog": {},
	} {
		list, err := exec.Command("go", "list", "-f", `{{join .Imports "\n"}}`, "./"+folder).Output()
		if err != nil || len(list) == 0 {
			t.Fatalf("%s: %v", folder, err)
		}
		for path := range strings.FieldsSeq(string(list)) {
			own, isOwn := strings.CutPrefix(path, module)
			standard := !strings.Contains(strings.Split(path, "/")[0], ".")
			switch {
			case isOwn && slices.Contains(may, own):
			case !isOwn && strings.HasPrefix(path, "github.com/go-json-experiment/json"):
			case standard && path != "net/http":
			default:
				t.Errorf("%s imports %s", folder, path)
			}
		}
	}
}
