package endtoend_test

import (
	"fmt"
	"slices"

	"github.com/labelhook/labelhook/internal/endtoend"
)

func ExampleOf() {
	fmt.Println(endtoend.Of(slices.Values([]string{"traceparent", "X-Api-Key", "x-labelbox-retry", "TraceParent"})))
	// Output: [Traceparent x-labelbox-retry]
}
