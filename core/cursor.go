package core

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
)

// cursor walks JSON in place, forwards only, without building anything for
// what it passes over. It exists because identification must cost less than
// the HMAC: it may stop as soon as it knows enough, which no decoder of whole
// values can. What it reads it checks against the grammar of RFC 8259; at the
// first violation it sets bad and halts; every read after a halt is a no-op.
//
// It lets invalid UTF-8 through: Labelbox sends what its users typed.
//
// Between two reads it stands on the first byte of what comes next, never on
// white space, so that looking ahead costs nothing.
type cursor struct {
	b      []byte
	i      int
	passed int // the end of the value or mark passed last: white space may lie between it and i
	depth  int
	halted bool // there is nothing more to read, because of fail or halt
	bad    bool

	spent   int  // see afford
	crowded bool // the walk failed because it could not be afforded

	// unique makes a name that stands twice in one object a violation, since
	// two readers of the same body might take a different one of the two.
	unique bool
	names  *[48]span // of all objects open around i, the outermost first; nil until there are any
	named  int       // how many of them there are

	escaped bool   // whether the string passed last has escapes in it
	texts   []byte // memory that strings read share; see keep
}

// span is where a name stands in the cursor's bytes. Slices would do as well,
// but keep the cursor from living on the stack.
type span struct{ from, to int32 }

// maxDepth is jsontext's own limit of nesting.
const maxDepth = 10_000

func newCursor(b []byte) *cursor {
	c := &cursor{b: b}
	c.pass(0)
	return c
}

// halt ends the walk early, without calling the rest bad.
func (c *cursor) halt() { c.halted, c.i = true, len(c.b) }

func (c *cursor) fail() {
	c.halt()
	c.bad = true
}

// kind returns the first byte of what comes next: one of { [ " t f n - and
// digits for a well-formed value, 0 at the end.
func (c *cursor) kind() byte {
	if c.i < len(c.b) {
		return c.b[c.i]
	}
	return 0
}

// pass moves on to what comes after a value or mark that ends at i. Indented
// JSON is a third blanks, so those are passed up to eight at a time.
//
//go:noinline
func (c *cursor) pass(i int) {
	c.passed = i
	b := c.b
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
		if i < len(b) && b[i] != ' ' {
			continue // one alone, as behind a colon: nothing to count, so nothing to wait for
		}
		for i+8 <= len(b) {
			other := word(b, i) ^ ' '*lanes
			if other != 0 {
				i += bits.TrailingZeros64(other) / 8
				break
			}
			i += 8
		}
	}
	c.i = i
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
	seen := nameSet{outer: c.named}
	for !c.halted {
		if c.kind() != '"' {
			c.fail()
			return
		}
		name := c.quoted()
		if c.unique && !c.firstOf(name, &seen) || c.kind() != ':' {
			c.fail()
			return
		}
		c.pass(c.i + 1)
		if at := c.i; !yield(name) || c.halted {
			return
		} else if c.i == at {
			c.skip()
		}
		switch c.kind() {
		case ',':
			c.pass(c.i + 1)
		case '}':
			c.ascend()
			c.named = seen.outer
			return
		default:
			c.fail()
		}
	}
}

// end returns an error matching [ErrPayload] unless the walk was a clean one,
// over exactly one value.
func (c *cursor) end() error {
	if c.i < len(c.b) {
		c.fail() // something follows
	}
	if c.crowded {
		return fmt.Errorf("%w: it has more parts than its size can hold", ErrPayload)
	}
	if c.bad {
		return fmt.Errorf("%w: it is not well-formed JSON, or names a member twice", ErrPayload)
	}
	return nil
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
		if at := c.i; !yield(n) || c.halted {
			return
		} else if c.i == at {
			c.skip()
		}
		switch c.kind() {
		case ',':
			c.pass(c.i + 1)
		case ']':
			c.ascend()
			return
		default:
			c.fail()
		}
	}
}

func (c *cursor) descend() {
	c.pass(c.i + 1)
	if c.depth++; c.depth > maxDepth {
		c.fail()
	}
}

func (c *cursor) ascend() {
	c.pass(c.i + 1)
	c.depth--
}

// peek returns a cursor of its own on what comes next. It reads that by the
// grammar alone and changes nothing here.
func (c *cursor) peek() cursor {
	return cursor{b: c.b, i: c.i, passed: c.passed, spent: c.spent}
}

// vacant reports whether what comes next holds nothing: null, "", [] or {}.
func (c *cursor) vacant() bool {
	switch c.kind() {
	case 'n':
		return true
	case '"':
		return c.i+1 < len(c.b) && c.b[c.i+1] == '"'
	case '[', '{':
		end := cursor{b: c.b}
		end.pass(c.i + 1)
		return end.kind() == ']' || end.kind() == '}'
	}
	return false
}

// What is decoded may take this many bytes of memory for each byte of JSON, and
// the first so many for free. A label as Labelbox makes it takes one or two; the
// largest body that is received by default, made to take the most, fits into a
// function of 256 MB.
const (
	memoryPerByte = 8
	memoryForFree = 1 << 20
)

// afford reports whether the JSON read so far pays for n more bytes of memory,
// and takes them if so. Whoever makes something of a list's items asks first:
// a list of a million numbers must not become a million structs.
func (c *cursor) afford(n int) bool {
	if c.spent+n > memoryForFree+memoryPerByte*c.i {
		return false
	}
	c.spent += n
	return true
}

// mustAfford ends the walk with an error where afford would say no.
func (c *cursor) mustAfford(n int) bool {
	if !c.afford(n) {
		c.fail()
		c.crowded = true
	}
	return !c.crowded
}

// room makes room in a long list for what is still to come, as far as the share
// of the JSON read so far tells, so that the list is not copied over and over,
// and never for more than can be afforded.
func room[T any](list []T, c *cursor) []T {
	n := len(list)
	if n < cap(list) || n < 64 {
		return list
	}
	var item T
	total := int(1.02 * float64(n) * float64(len(c.b)) / float64(c.i+1))
	limit := 1 + (memoryForFree+memoryPerByte*len(c.b)-c.spent)/int(unsafe.Sizeof(item))
	return slices.Grow(list, max(1, min(max(n/4, min(total-n+1, 15*n)), limit)))
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

// raw passes over one value and returns it.
func (c *cursor) raw() jsontext.Value {
	from := c.here()
	c.skip()
	return c.since(from)
}

// here is where the next value begins; since returns that value once it has
// been passed. Its bytes are the body's own.
func (c *cursor) here() int { return c.i }

func (c *cursor) since(from int) jsontext.Value {
	if c.bad {
		return nil
	}
	return jsontext.Value(c.b[from:c.passed:c.passed])
}

// text reads a string. A number or a truth value is given as it is spelled;
// null, objects and arrays are "".
func (c *cursor) text() string {
	switch c.kind() {
	case '"':
		return c.unescape(c.quoted())
	case 'n', '{', '[':
		c.skip()
		return ""
	}
	return c.keep(c.raw())
}

// chunk is how much memory is taken at a time for short strings, in bytes.
const chunk = 256

// keep makes a string of b. Short ones stand side by side in one allocation:
// most are ids, and a payload has dozens of them.
func (c *cursor) keep(b []byte) string {
	if len(b) > chunk/4 {
		return string(b)
	}
	if cap(c.texts)-len(c.texts) < len(b) {
		c.texts = make([]byte, 0, chunk)
	}
	from := len(c.texts)
	c.texts = append(c.texts, b...)
	// What stands in the chunk once is never written again.
	return unsafe.String(unsafe.SliceData(c.texts[from:]), len(b))
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

// number reads a finite number, or a string that holds one; anything else is 0.
func (c *cursor) number() float64 {
	n, _ := c.real()
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

// moment reads a timestamp in any form Labelbox has been seen to write, or
// nearly so. One that does not parse, or that UTC has outside the years 1 to
// 9999, where JSON, CloudEvents and object names end, is the zero time: it must
// not cost the event.
func (c *cursor) moment() (t time.Time) {
	if c.kind() != '"' {
		c.skip()
		return t
	}
	text := c.quoted()
	if len(text) > 64 {
		return t // nor is it worth an error that quotes it
	}
	if t.UnmarshalText(text) == nil { // RFC 3339, without making a string
		return fourDigits(t)
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			return fourDigits(t)
		}
	}
	return time.Time{}
}

// fourDigits is t in UTC, or zero where its year has not four digits there.
func fourDigits(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// quoted passes over a string and returns what stands between its quotes,
// escapes and all.
func (c *cursor) quoted() []byte {
	b, from := c.b, c.i+1
	c.escaped = false
	for i := from; ; {
		for i+8 <= len(b) {
			stop := stops(word(b, i))
			if stop != 0 {
				i += bits.TrailingZeros64(stop) / 8
				break
			}
			i += 8
		}
		switch {
		case i < len(b) && b[i] == '"':
			c.pass(i + 1)
			return b[from:i]
		case i < len(b) && b[i] == '\\' && escapeLen(b[i:]) > 0:
			i += escapeLen(b[i:])
			c.escaped = true
		case i < len(b) && b[i] >= ' ' && b[i] != '\\':
			i++ // one of the last seven
		default:
			c.fail()
			return nil
		}
	}
}

// word is the eight bytes at b[i], the first one lowest. Without a capacity of
// its own the slice would be masked against its bounds, and the walk, which
// cannot know where a string ends before it has seen these bytes, would wait
// for that.
func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8 : i+8]) }

// lanes times a byte is that byte in each of a word's eight.
const lanes = 0x0101010101010101

// stops marks the bytes among a string's next eight that end a run of plain
// ones: quotes, backslashes and control characters. The lowest bit set is the
// top bit of the first such byte; those above it mean nothing.
func stops(eight uint64) uint64 {
	quote, slash := eight^'"'*lanes, eight^'\\'*lanes
	// A lane's top bit is set where the subtraction borrowed: quote and slash
	// are 0 there, or the byte is below a blank. Lanes above the first such may be
	// set by its borrow alone, so only the first counts.
	return ((quote - lanes) | (slash - lanes) | (eight - ' '*lanes)) &^ eight & (0x80 * lanes)
}

// unescape gives the text that the inside of a string literal stands for, in
// the cursor's shared memory.
func (c *cursor) unescape(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return c.keep(inside)
	}
	if len(inside) > chunk/4 {
		return unescape(inside)
	}
	var buf [chunk / 4]byte
	return c.keep(appendUnescaped(buf[:0], inside))
}

// unescape gives the text that the inside of a string literal stands for.
func unescape(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	return string(appendUnescaped(make([]byte, 0, len(inside)), inside))
}

// appendUnescaped appends the text that the inside of a well-formed string
// literal stands for. It is never longer than the literal. Half of a surrogate
// pair becomes U+FFFD, as encoding/json has it.
func appendUnescaped(dst, inside []byte) []byte {
	for {
		i := bytes.IndexByte(inside, '\\')
		if i < 0 {
			return append(dst, inside...)
		}
		dst = append(dst, inside[:i]...)
		c := inside[i+1]
		if c != 'u' {
			if k := strings.IndexByte("bfnrt", c); k >= 0 {
				c = "\b\f\n\r\t"[k]
			}
			dst, inside = append(dst, c), inside[i+2:]
			continue
		}
		r := hexadecimal(inside[i+2 : i+6])
		inside = inside[i+6:]
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(inside) >= 6 && inside[0] == '\\' && inside[1] == 'u' {
				low = hexadecimal(inside[2:6])
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				inside = inside[6:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
}

func hexadecimal(digits []byte) (r rune) {
	for _, d := range digits {
		switch {
		case d <= '9':
			d -= '0'
		default:
			d = d | 0x20 - 'a' + 10
		}
		r = r<<4 | rune(d)
	}
	return r
}

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
	c.pass(c.i + len(word))
}

// numeral passes over a number: -? (0|[1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?
func (c *cursor) numeral() {
	if c.kind() == '-' {
		c.i++
	}
	if c.kind() == '0' {
		c.i++
	} else if !c.digits() {
		return
	}
	if c.kind() == '.' {
		if c.i++; !c.digits() {
			return
		}
	}
	if c.kind()|0x20 == 'e' {
		c.i++
		if sign := c.kind(); sign == '+' || sign == '-' {
			c.i++
		}
		if !c.digits() {
			return
		}
	}
	c.pass(c.i)
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
