package bench_test

import (
	"fmt"

	"github.com/labelhook/labelhook/bench"
)

func ExampleBodies() {
	for _, body := range bench.Bodies() {
		fmt.Println(body.Name, len(body.Bytes))
	}
	// Output:
	// 2.4 KB 2361
	// 1 MB 1049708
}
