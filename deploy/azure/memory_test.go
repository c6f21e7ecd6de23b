package azure_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The bodies that an instance takes at once fit into its memory, beside the
// Functions host.
func TestMemoryFitsBodies(t *testing.T) {
	const (
		host    = 250 << 20
		process = 40 << 20
		garbage = 3        // Go's collector lets the heap double, and a destination may copy a body
		large   = 80 << 20 // an envelope of the largest body, should a host send those
	)
	number := func(file, pattern string) int {
		text, err := os.ReadFile(file)
		required.NoError(t, err)
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		n, _ := strconv.Atoi(string(found[1]))
		return n
	}
	memory := number("deploy.sh", `\bmemory=(\d+)\b`) << 20
	if inBicep := number("main.bicep", `param instanceMemoryMB int = (\d+)`) << 20; inBicep != memory {
		t.Errorf("deploy.sh gives %d MiB, main.bicep %d", memory>>20, inBicep>>20)
	}
	needed := host + process + garbage*nethttp.Room(number("main.bicep", `param maxBody int = (\d+)`)) + large
	if needed > memory {
		t.Errorf("needed are %d MiB, and the instance has %d", needed>>20, memory>>20)
	}
}
