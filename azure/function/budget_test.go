package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// What is linked is loaded at every cold start: the budget is a ratio to a hello
// world. The time of a start is budgeted in bench/budgets.
const maxSizeRatio = 2.3

func TestSizeBudget(t *testing.T) {
	size := func(path string) float64 {
		info, err := os.Stat(path)
		required.NoError(t, err)
		return float64(info.Size())
	}
	a, b := size(handler(t)), size(hello(t))
	t.Logf("%.2f MB to %.2f MB: %.2f times", a/1e6, b/1e6, a/b)
	if a/b > maxSizeRatio {
		t.Errorf("the handler is %.2f times as large as a hello world, want at most %.1f", a/b, maxSizeRatio)
	}
}

func TestLinksNoOtherCloud(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	required.NoError(t, err)
	packages := strings.Fields(string(out))
	for _, p := range packages {
		for _, other := range []string{
			"github.com/aws/", "cloud.google.com/", "google.golang.org/", "github.com/googleapis/", "github.com/GoogleCloudPlatform/",
			"github.com/labelhook/labelhook/aws", "github.com/labelhook/labelhook/gcp", "modernc.org/", "github.com/spf13/",
		} {
			if strings.HasPrefix(p, other) {
				t.Errorf("links %s", p)
			}
		}
	}
	if !slices.Contains(packages, "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets") {
		t.Error("the list is not that of the handler")
	}
}
