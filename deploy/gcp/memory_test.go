package gcp_test

import (
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/test/required"
)

// What one instance may be sent at once fits into the memory that deploy.sh gives
// it, for the default limit on bodies and for the highest that it takes.
func TestMemoryFitsBodiesAndConcurrency(t *testing.T) {
	const (
		process    = 40 << 20 // the function without a request, with its clients
		connection = 64 << 10 // buffers and stacks
		garbage    = 2        // Go's collector lets the heap grow to twice what is in use
		small      = 8 << 20  // of the room: no destination copies all of these at once
	)
	text, err := os.ReadFile("deploy.sh")
	required.NoError(t, err)
	number := func(pattern string) int {
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("deploy.sh has no %s", pattern)
		}
		n, _ := strconv.Atoi(string(found[1]))
		return n
	}
	memory, concurrency := number(`\bmemory=(\d+)Mi\b`)<<20, number(`--concurrency=(\d+)`)
	for name, limit := range map[string]int{
		"default":  core.DefaultMaxBody,
		"greatest": number(`check_number --max-body "\$max_body" 1 (\d+)`),
	} {
		room := nethttp.Room(limit)
		if needed := process + garbage*room + (room - small) + concurrency*connection; needed > memory {
			t.Errorf("%s limit: %d bodies at once need %d MiB, and the function has %d", name, concurrency, needed>>20, memory>>20)
		}
	}
}
