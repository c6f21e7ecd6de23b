package core

import (
	"bytes"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor walks JSON in place, forwards only, without building anything for
// what it passes over. It exists because identification must cost less than
// the HMAC: it may stop as soon as it knows enough, which no decoder of whole
// values can. What it reads it checks against the grammar of RFC 8259; at the
// first violation it sets bad and halts; every read after a halt is a no-op.
//
// It does not look for duplicate names or invalid UTF-8. Decoding does that
// with jsontext over the whole body before a cursor walks it.
type cursor struct {
	b      []byte
	i      int
	depth  int
	halted bool // there is nothing more to read, because of fail or halt
	bad    bool
}

// maxDepth is jsontext's own limit of nesting.
const maxDepth = 10_000

// halt ends the walk early, without calling the rest bad.
func (c *cursor) halt() { c.halted, c.i = true, len(c.b) }

func (c *cursor) fail() {
	c.halt()
	c.bad = true
}

// kind skips white space and returns the first byte of the next value: one of
// { [ " t f n - and digits for a well-formed one, 0 at the end.
func (c *cursor) kind() byte {
	for c.i < len(c.b) {
		switch ch := c.b[c.i]; ch {
		case ' ', '\n', '\t', '\r':
			c.i++
		default:
			return ch
		}
	}
	return 0
}

// members yields the undecoded name of each member of the object that follows;
// the loop's body reads the value or leaves it, and what it leaves is skipped.
// A value that is not an object is skipped and has no members.
func (c *cursor) members(yield func(name []byte) bool) {
	if c.kind() != '{' {
		c.skip()
		return
	}
	if c.descend(); c.kind() == '}' {
		c.ascend()
		return
	}
	for !c.halted {
		if c.kind() != '"' {
			c.fail()
			return
		}
		name := c.quoted()
		if c.kind() != ':' {
			c.fail()
			return
		}
		c.i++
		c.kind()
		if at := c.i; !yield(name) || c.halted {
			return
		} else if c.i == at {
			c.skip()
		}
		switch c.kind() {
		case ',':
			c.i++
		case '}':
			c.ascend()
			return
		default:
			c.fail()
		}
	}
}

// elements yields the index of each element of the array that follows, by the
// same rules as members.
func (c *cursor) elements(yield func(i int) bool) {
	if c.kind() != '[' {
		c.skip()
		return
	}
	if c.descend(); c.kind() == ']' {
		c.ascend()
		return
	}
	for n := 0; !c.halted; n++ {
		c.kind()
		if at := c.i; !yield(n) || c.halted {
			return
		} else if c.i == at {
			c.skip()
		}
		switch c.kind() {
		case ',':
			c.i++
		case ']':
			c.ascend()
			return
		default:
			c.fail()
		}
	}
}

func (c *cursor) descend() {
	c.i++
	if c.depth++; c.depth > maxDepth {
		c.fail()
	}
}

func (c *cursor) ascend() {
	c.i++
	c.depth--
}

// skip passes over one value.
func (c *cursor) skip() {
	switch c.kind() {
	case '{':
		for range c.members {
		}
	case '[':
		for range c.elements {
		}
	case '"':
		c.quoted()
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	default:
		c.numeral()
	}
}

// raw passes over one value and returns its bytes, which are the body's own.
func (c *cursor) raw() jsontext.Value {
	c.kind()
	from := c.i
	c.skip()
	if c.bad {
		return nil
	}
	return jsontext.Value(c.b[from:c.i:c.i])
}

// until returns the value that c was at when from was copied of it, now that c
// has passed it.
func (from cursor) until(c *cursor) jsontext.Value {
	if c.bad {
		return nil
	}
	from.kind()
	return jsontext.Value(c.b[from.i:c.i:c.i])
}

// text reads a string. A number or a truth value is given as it is spelled;
// null, objects and arrays are "".
func (c *cursor) text() string {
	switch c.kind() {
	case '"':
		return unescape(c.quoted())
	case 'n', '{', '[':
		c.skip()
		return ""
	}
	return string(c.raw())
}

// id reads the "id" member of an object.
func (c *cursor) id() (id string) {
	for name := range c.members {
		if string(name) == "id" {
			id = c.text()
		}
	}
	return id
}

// number reads a number, or a string that holds one; anything else is 0.
func (c *cursor) number() float64 {
	text := c.text()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return n
}

// count reads 1 as well as {"Int32":1,"Valid":true}.
func (c *cursor) count() float64 {
	if c.kind() != '{' {
		return c.number()
	}
	n, valid := 0.0, true
	for name := range c.members {
		switch string(name) {
		case "Int32", "Int64":
			n = c.number()
		case "Valid":
			valid = c.truth()
		}
	}
	if !valid {
		return 0
	}
	return n
}

// truth reads true; anything else is false.
func (c *cursor) truth() bool { return string(c.raw()) == "true" }

// parseTime reads a timestamp in any form Labelbox has been seen to write, or
// nearly so. One that does not parse is the zero time: it must not cost the
// event.
func parseTime(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// quoted passes over a string and returns what stands between its quotes,
// escapes and all.
func (c *cursor) quoted() []byte {
	from := c.i + 1
	for i := from; i < len(c.b); i++ {
		switch stops[c.b[i]] {
		case 0:
			continue
		case '"':
			c.i = i + 1
			return c.b[from:i]
		case '\\':
			n := escapeLen(c.b[i:])
			if n == 0 {
				c.fail()
				return nil
			}
			i += n - 1
		default:
			c.fail()
			return nil
		}
	}
	c.fail()
	return nil
}

// unescape gives the text that the inside of a string literal stands for.
func unescape(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	literal := append(append([]byte{'"'}, inside...), '"')
	text, _ := jsontext.AppendUnquote(nil, literal) // an error would mean invalid UTF-8, replaced by U+FFFD
	return string(text)
}

// stops marks the bytes at which a scan through a string must halt: its end,
// an escape, and (as 1) the control characters that may not stand in one.
var stops = func() (t [256]byte) {
	for i := range 0x20 {
		t[i] = 1
	}
	t['"'], t['\\'] = '"', '\\'
	return t
}()

// escapeLen returns the length of the escape at the start of b, 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, h := range b[2:6] {
			if !('0' <= h && h <= '9' || 'a' <= h|0x20 && h|0x20 <= 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}

func (c *cursor) literal(word string) {
	if len(c.b)-c.i < len(word) || string(c.b[c.i:c.i+len(word)]) != word {
		c.fail()
		return
	}
	c.i += len(word)
}

// numeral passes over a number: -? (0|[1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?
func (c *cursor) numeral() {
	if c.peek() == '-' {
		c.i++
	}
	if c.peek() == '0' {
		c.i++
	} else if !c.digits() {
		return
	}
	if c.peek() == '.' {
		if c.i++; !c.digits() {
			return
		}
	}
	if c.peek()|0x20 == 'e' {
		c.i++
		if sign := c.peek(); sign == '+' || sign == '-' {
			c.i++
		}
		c.digits()
	}
}

func (c *cursor) peek() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

func (c *cursor) digits() bool {
	from := c.i
	for c.i < len(c.b) && '0' <= c.b[c.i] && c.b[c.i] <= '9' {
		c.i++
	}
	if c.i == from {
		c.fail()
		return false
	}
	return true
}
