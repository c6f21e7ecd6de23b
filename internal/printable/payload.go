package printable

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep a payload may be nested: readers of JSON end between 256
// (older jq) and 10,000, and no label comes near.
const maxDepth = 200

// Payload returns the body as compact JSON if every reader of JSON takes it and
// understands the same by it: I-JSON (RFC 7493), so valid UTF-8 without half
// surrogates, no name twice in an object and numbers in the range of float64,
// nested up to 200 deep. It leaves the body alone.
func Payload(body []byte) (compact []byte, ok bool) {
	v := jsontext.Value(body).Clone()
	if v.Compact(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false)) != nil || !moderate(v) {
		return nil, false
	}
	return v, true
}

// moderate reports whether valid, compact JSON keeps to the depth and the
// numbers of [Payload].
func moderate(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '{', c == '[':
			if depth++; depth > maxDepth {
				return false
			}
		case c == '}', c == ']':
			depth--
		case c == '-', '0' <= c && c <= '9':
			from := i
			for i+1 < len(text) && inNumber(text[i+1]) {
				i++
			}
			if !finite(text[from : i+1]) {
				return false
			}
		}
	}
	return true
}

func inNumber(c byte) bool {
	return '0' <= c && c <= '9' || c == '.' || c == 'e' || c == 'E' || c == '+' || c == '-'
}

// finite reports whether a number is in the range of float64. Few digits without
// an exponent need no look.
func finite(number []byte) bool {
	if len(number) < 300 {
		plain := true
		for _, c := range number {
			plain = plain && c != 'e' && c != 'E'
		}
		if plain {
			return true
		}
	}
	_, err := strconv.ParseFloat(string(number), 64)
	return err == nil
}
