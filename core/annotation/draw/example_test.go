package draw_test

import (
	"fmt"
	"os"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/draw"
)

// The picture of a label has a scene for each frame or page, and names what it
// cannot show.
func Example() {
	set, err := annotation.Read(annotation.AssetSize{Width: 640, Height: 480}, annotation.Content{JSON: []byte(`{"objects":[
		{"feature_id":"1","name":"car","bounding_box":{"top":20,"left":10,"height":40,"width":30}},
		{"feature_id":"2","name":"tree"}]}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	picture := draw.Of(set)
	for _, u := range picture.Undrawn {
		fmt.Printf("%s is not drawn: %s\n", set.Objects[u.Object].Name, u.Reason)
	}
	if err := picture.WriteSVG(os.Stdout, 0, draw.Options{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// tree is not drawn: its geometry is missing, damaged or of a form unknown here
	// <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480" role="img" aria-label="Image: 1 × car" data-kind="image" fill="none" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"><rect x="0" y="0" width="640" height="480" stroke="#888888" stroke-width="1" vector-effect="non-scaling-stroke" data-media=""/>
	// <rect data-object="0" data-class="car" data-form="rectangle" stroke="#e69f00" vector-effect="non-scaling-stroke" x="10" y="20" width="30" height="40" fill="#e69f00" fill-opacity="0.15"><title>car (1)</title></rect>
	// </svg>
}
