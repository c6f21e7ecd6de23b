package printable

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep a payload may be nested: readers of JSON end between 256
// (older jq) and 10,000, and no label comes near.
const MaxDepth = 200

// Payload returns the body as compact JSON if every reader of JSON takes it and
// understands the same by it: I-JSON (RFC 7493), so valid UTF-8 without half
// surrogates, no name twice in an object and numbers in the range of float64,
// nested up to 200 deep. It leaves the body alone.
func Payload(body []byte) (compact []byte, ok bool) {
	v := jsontext.Value(body).Clone()
	if v.Compact(jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false)) != nil {
		return nil, false
	}
	for tokens := jsontext.NewDecoder(bytes.NewReader(v)); tokens.StackDepth() <= MaxDepth; {
		token, err := tokens.ReadToken()
		if err != nil {
			return v, true // its end: that it is valid has been seen
		}
		if token.Kind() != '0' {
			continue
		}
		if _, err := strconv.ParseFloat(token.String(), 64); err != nil {
			break
		}
	}
	return nil, false
}

// Deeper reports whether JSON is nested deeper than so many levels.
func Deeper(body []byte, levels int) bool {
	tokens := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for tokens.StackDepth() <= levels {
		if _, err := tokens.ReadToken(); err != nil {
			return false
		}
	}
	return true
}
