package jsonscan_test

import (
	"fmt"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

func Example() {
	s := jsonscan.New([]byte(`{"id":"l1","annotations":{"objects":[1,2,3]},"skipped":false}`))
	for name := range s.Members {
		switch string(name) {
		case "id":
			fmt.Println(s.Text())
		case "annotations":
			fmt.Println(string(s.Raw()))
		}
	}
	fmt.Println(s.End())
	// Output:
	// l1
	// {"objects":[1,2,3]}
	// <nil>
}
