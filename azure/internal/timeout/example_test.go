package timeout_test

import (
	"fmt"

	"github.com/labelhook/labelhook/azure/internal/timeout"
)

// An app setting counts before host.json; a quarter of it is kept for the host.
func Example() {
	settings := map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:01:00"}
	fmt.Println(timeout.Limit(func(name string) string { return settings[name] }))
	// Output: 45s
}
