package sender

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

const (
	maxPaths = 4096 // of a payload, that are compared
	maxWidth = 8    // elements of an array: the others are like them
	maxDepth = 16
)

// nearest returns the path of the payload that is most like path, "" if none is
// much like it. Case, and how words and steps are joined, are no difference; a
// path that ends in the same name is near wherever it begins.
func nearest(payload []byte, path string) string {
	wanted := fold(path)
	best, least := "", max(2, len(wanted)/3)+1
	paths := 0
	var walk func(at gjson.Result, above string, depth int)
	walk = func(at gjson.Result, above string, depth int) {
		n := -1
		at.ForEach(func(name, value gjson.Result) bool {
			n++
			step := escape(name.Str)
			if at.IsObject() && step == "" {
				return true // no path leads there
			}
			if at.IsArray() {
				step = strconv.Itoa(n)
			}
			if paths++; paths > maxPaths || at.IsArray() && n >= maxWidth {
				return false
			}
			here := strings.TrimPrefix(above+"."+step, ".")
			if d := unlike(fold(here), wanted); d < least {
				best, least = here, d
			}
			if depth < maxDepth && (value.IsObject() || value.IsArray()) {
				walk(value, here, depth+1)
			}
			return true
		})
	}
	walk(gjson.ParseBytes(payload), "", 1)
	return best
}

// fold leaves of a path what people remember of it.
func fold(path string) string {
	return strings.NewReplacer("_", "", "-", "", "\\", "", "]", "", "[", ".", "/", ".").Replace(strings.ToLower(path))
}

// unlike is how much a path differs from the one wanted, in changed characters;
// more than any slip where half of them have changed.
func unlike(path, wanted string) int {
	d := distance(path, wanted)
	if last := wanted[strings.LastIndexByte(wanted, '.')+1:]; len(last) > 1 && (path == last || strings.HasSuffix(path, "."+last)) {
		return min(d, 2)
	}
	if 2*d > len(wanted) {
		return len(path) + len(wanted)
	}
	return d
}

// distance is how many characters have to be put in, taken out or changed to
// make b of a.
func distance(a, b string) int {
	if len(a) > 256 || len(b) > 256 {
		return len(a) + len(b) // too long to be a slip of each other
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
