package labelbox_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A program that only calls Labelbox's API links no receiver, no load generator
// and no database.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	may := []string{"labelbox", "core/secret", "internal/httpclient", "internal/loopback", "internal/printable"}
	for path := range strings.FieldsSeq(string(out)) {
		own, isOwn := strings.CutPrefix(path, "github.com/labelhook/labelhook/")
		outside := strings.HasPrefix(path, "github.com/cenkalti/backoff/") || strings.HasPrefix(path, "github.com/go-json-experiment/json")
		if isOwn && !slices.Contains(may, own) || !isOwn && !outside {
			t.Errorf("labelbox links %s", path)
		}
	}
}
