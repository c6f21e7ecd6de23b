package diff_test

import (
	"fmt"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/diff"
)

// What a labeler did between two deliveries of one label.
func Example() {
	read := func(content string) *annotation.Set {
		set, err := annotation.Read(annotation.AssetSize{}, annotation.Content{JSON: []byte(content)})
		if err != nil {
			panic(err)
		}
		return set
	}
	before := read(`{"objects":[{"feature_id":"1","name":"car","bounding_box":{"top":20,"left":10,"height":40,"width":30}}]}`)
	after := read(`{"objects":[{"feature_id":"1","name":"car","bounding_box":{"top":25,"left":10,"height":40,"width":30}},
		{"feature_id":"2","name":"tree","point":{"x":5,"y":6}}]}`)
	for _, change := range diff.Of(before, after) {
		fmt.Println(change)
	}
	// Output:
	// changed object car 1: moved by 0, 5
	// added object tree 2: point
}
