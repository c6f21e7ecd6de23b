package core

import (
	"bytes"
	"math"
	"strconv"
)

// fold brings a member's name into the one spelling that the readers of
// annotations switch on: lower case without separators. Labelbox writes
// feature_id, featureId, instanceURI and text-bbox, depending on version and
// age, and a name that differs in spelling only never means something else.
// The result is name itself or a part of buf.
func fold(name []byte, buf *[40]byte) []byte {
	if bytes.IndexByte(name, '\\') >= 0 {
		name = []byte(unescape(name))
	}
	if len(name) > len(buf) {
		return name // longer than any name known here
	}
	n := 0
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == ' ':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

// each calls read at every item of a list. Labelbox writes a list as an array,
// as an array of arrays, or as an object that names each item by its id; id is
// nil in arrays. Nulls are no items, and a value that is neither array nor
// object is no list.
func (c *cursor) each(read func(id []byte)) {
	switch c.kind() {
	case '[':
		c.flatten(nil, read)
	case '{':
		for id := range c.members {
			c.flatten(id, read)
		}
	default:
		c.skip()
	}
}

func (c *cursor) flatten(id []byte, read func(id []byte)) {
	switch c.kind() {
	case '[':
		for range c.elements {
			c.flatten(id, read)
		}
	case 'n':
		c.skip()
	default:
		read(id)
	}
}

// textInto reads a string into s, unless it is empty.
func (c *cursor) textInto(s *string) {
	if text := c.text(); text != "" {
		*s = text
	}
}

// real reads a finite number, or a string that holds one.
func (c *cursor) real() (float64, bool) {
	var numeral []byte
	switch k := c.kind(); {
	case k == '"':
		numeral = bytes.TrimSpace(c.quoted())
	case k == '-' || '0' <= k && k <= '9':
		from := c.here()
		c.numeral()
		numeral = c.since(from)
	default:
		c.skip()
		return 0, false
	}
	return parseReal(numeral)
}

// integer reads a number that real reads, rounded.
func (c *cursor) integer() (int, bool) {
	n, ok := c.real()
	return whole(n), ok
}

// parseInteger reads an integer out of a member's name.
func parseInteger(name []byte) (int, bool) {
	n, ok := parseReal(name)
	return whole(n), ok
}

func parseReal(numeral []byte) (float64, bool) {
	if n, ok := shortInteger(numeral); ok {
		return float64(n), true
	}
	n, err := strconv.ParseFloat(string(numeral), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, false
	}
	return n, true
}

// shortInteger reads what most numbers are, a few digits, many times as fast as
// strconv does.
func shortInteger(numeral []byte) (n int, ok bool) {
	for _, c := range numeral {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, 0 < len(numeral) && len(numeral) < 10
}

// whole rounds n, within the integers that a float64 holds exactly.
func whole(n float64) int {
	const limit = 1 << 53
	return int(math.Round(min(max(n, -limit), limit)))
}
