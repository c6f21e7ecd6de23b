package conformance_test

import (
	"fmt"

	"github.com/labelhook/labelhook/internal/test/conformance"
)

// The tables are plain data, so they can also be read.
func Example() {
	for _, c := range conformance.WithoutSecret() {
		fmt.Printf("%s: %d %s\n", c.Name, c.Want.Status, c.Want.Code)
	}
	// Output:
	// signed with the real secret: 503 secret_unavailable
	// signed with the unresolved reference: 503 secret_unavailable
	// signed with an empty secret: 503 secret_unavailable
	// not signed: 503 secret_unavailable
	// not a webhook at all: 405 method_not_allowed
}
