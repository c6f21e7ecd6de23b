package decoded

import (
	"errors"
	"slices"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/internal/printable"
)

// maxRawDepth is how deep the raw JSON of an annotation may be. Readers of JSON
// end at some depth, older jq at 256, and what an annotation says is up to a third
// deeper than its raw JSON, where each answer has questions below.
const maxRawDepth = 150

var errDeep = errors.New("nested too deep to be shown")

// anyDeep reports whether the raw JSON of any annotation is nested too deep for
// other JSON.
func anyDeep(a *annotation.Set) bool {
	var raw [][]byte
	for _, o := range a.Objects {
		raw = append(raw, o.Raw)
	}
	for _, c := range a.Classifications {
		raw = append(raw, c.Raw)
	}
	for _, r := range a.Relationships {
		raw = append(raw, r.Raw)
	}
	return slices.ContainsFunc(slices.CompactFunc(raw, sameText), func(text []byte) bool { return printable.Deeper(text, maxRawDepth) })
}

// sameText reports whether two annotations were read from the one text.
func sameText(a, b []byte) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }
