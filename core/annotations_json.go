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
// The result is a part of buf, nil if the name is longer than any known here.
func fold(name []byte, buf *[40]byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return foldPlain(name, buf)
	}
	var plain [6 * len(buf)]byte
	if len(name) > len(plain) {
		return nil
	}
	return foldPlain(appendUnescaped(plain[:0], name), buf)
}

func foldPlain(name []byte, buf *[40]byte) []byte {
	if len(name) > len(buf) {
		return nil
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

// each calls read at every item of a list that holds anything. Labelbox writes
// a list as an array, as an array of arrays, or as an object that names each
// item by its id; id is nil in arrays. A value that is neither array nor object
// is no list: it is an item itself.
func (c *cursor) each(read func(id []byte)) {
	if c.kind() != '{' {
		c.flatten(nil, read)
		return
	}
	for id := range c.members {
		c.flatten(id, read)
	}
}

// flatten calls read at each item of an array, or at what is there instead.
// What is empty is no item, unless it has an id.
func (c *cursor) flatten(id []byte, read func(id []byte)) {
	switch k := c.kind(); {
	case k == '[':
		for range c.elements {
			c.flatten(id, read)
		}
	case k == 'n' || id == nil && c.vacant():
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

// coordinate reads a finite number. Unlike real it takes no string for one:
// where something is must never be a guess.
func (c *cursor) coordinate() (float64, bool) {
	if k := c.kind(); k != '-' && (k < '0' || k > '9') {
		c.skip()
		return 0, false
	}
	return c.real()
}

// integer reads a whole number, or a string that holds one.
func (c *cursor) integer() (int, bool) { return whole(c.real()) }

// parseInteger reads a whole number out of a member's name.
func parseInteger(name []byte) (int, bool) { return whole(parseReal(name)) }

func parseReal(numeral []byte) (float64, bool) {
	if n, ok := shortInteger(numeral); ok {
		return float64(n), true
	}
	if len(numeral) == 0 || numeral[0] != '-' && numeral[0] != '+' && numeral[0] != '.' && (numeral[0] < '0' || numeral[0] > '9') {
		return 0, false // without the cost of an error
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

// whole converts n unless that would change it. Beyond 2^53 a float64 no longer
// tells neighbors apart.
func whole(n float64, ok bool) (int, bool) {
	if !ok || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, false
	}
	return int(n), true
}
