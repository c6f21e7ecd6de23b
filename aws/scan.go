package aws

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON in place, once and forwards, and builds nothing for what
// it passes over: of the members of an event, a dozen matter. It exists because
// decoding the event costs more than proving the delivery does, whatever
// decoder of whole values one takes.
//
// It accepts what encoding/json accepts. At the first violation of the grammar
// it sets bad and moves to the end, where every further read is a no-op.
type scanner struct {
	b       []byte
	i       int // the next byte to read
	depth   int
	bad     bool
	escaped bool // whether the string that quoted passed has escapes in it
}

// maxDepth is encoding/json's own limit of nesting.
const maxDepth = 10_000

func (s *scanner) fail() { s.bad, s.i = true, len(s.b) }

// peek passes over white space and returns the first byte of what comes next,
// 0 at the end.
func (s *scanner) peek() byte {
	for s.i < len(s.b) {
		switch c := s.b[s.i]; c {
		case ' ', '\n', '\t', '\r':
			s.i++
		default:
			return c
		}
	}
	return 0
}

// members yields the name of each member of the object that comes next; the
// loop's body reads the value or leaves it, and what it leaves is skipped.
func (s *scanner) members(yield func(name []byte) bool) {
	if !s.open('{') {
		return
	}
	for first := true; s.more('}', first); first = false {
		if s.peek() != '"' {
			s.fail()
			return
		}
		name := s.text()
		if s.peek() != ':' {
			s.fail()
			return
		}
		s.i++
		s.peek()
		if at := s.i; !yield(name) {
			return
		} else if s.i == at {
			s.skip()
		}
	}
}

// elements stops at each element of the array that comes next, by the same
// rules as members.
func (s *scanner) elements(yield func() bool) {
	if !s.open('[') {
		return
	}
	for first := true; s.more(']', first); first = false {
		s.peek()
		if at := s.i; !yield() {
			return
		} else if s.i == at {
			s.skip()
		}
	}
}

// open passes over the bracket that begins an object or array.
func (s *scanner) open(bracket byte) bool {
	s.depth++
	if s.peek() != bracket || s.depth > maxDepth {
		s.fail()
		return false
	}
	s.i++
	return true
}

// more passes over what separates or ends members and elements, and reports
// whether one more follows.
func (s *scanner) more(end byte, first bool) bool {
	switch c := s.peek(); {
	case s.bad:
		return false
	case c == end:
		s.i++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.i++
		return true
	}
	s.fail()
	return false
}

// end reports whether all was read, and all of it was well formed.
func (s *scanner) end() bool { return s.peek() == 0 && s.i == len(s.b) && !s.bad }

// skip passes over one value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		for range s.members {
		}
	case '[':
		for range s.elements {
		}
	case '"':
		s.quoted()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

func (s *scanner) literal(word string) {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		s.fail()
		return
	}
	s.i += len(word)
}

// number passes over -? (0|[1-9][0-9]*) (.[0-9]+)? ([eE][+-]?[0-9]+)?
func (s *scanner) number() {
	if s.at('-') {
		s.i++
	}
	if s.at('0') {
		s.i++
	} else if !s.digits() {
		return
	}
	if s.at('.') {
		if s.i++; !s.digits() {
			return
		}
	}
	if s.at('e') || s.at('E') {
		if s.i++; s.at('+') || s.at('-') {
			s.i++
		}
		s.digits()
	}
}

func (s *scanner) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

func (s *scanner) digits() bool {
	from := s.i
	for s.i < len(s.b) && '0' <= s.b[s.i] && s.b[s.i] <= '9' {
		s.i++
	}
	if s.i == from {
		s.fail()
		return false
	}
	return true
}

// quoted passes over a string and returns what stands between its quotes,
// escapes and all.
func (s *scanner) quoted() []byte {
	b, from := s.b, s.i+1
	s.escaped = false
	for i := from; ; {
		i = plain(b, i)
		switch {
		case i < len(b) && b[i] == '"':
			s.i = i + 1
			return b[from:i]
		case i < len(b) && b[i] == '\\':
			_, n := escape(b[i:])
			if n == 0 {
				s.fail()
				return nil
			}
			i += n
			s.escaped = true
		case i < len(b) && b[i] >= ' ':
			i++ // one of the last seven
		default:
			s.fail()
			return nil
		}
	}
}

// text reads a string. It shares memory with the event unless there were
// escapes to undo.
func (s *scanner) text() []byte {
	from := s.i
	inside := s.quoted()
	if !s.escaped {
		return inside
	}
	literal := scanner{b: s.b[:s.i], i: from}
	text, _, _ := literal.unquote()
	return text
}

// unquote reads a string, and is for the one long string of an event. What has
// no escapes in it shares memory with the event. Anything else gets as much
// memory as the rest of the event could need.
//
// The string is faulty where it holds what no UTF-8 text can: half a surrogate
// pair, or bytes that are not UTF-8. For the former there is a U+FFFD in the
// text, as encoding/json has it; the latter are as they were. Shared text is not
// looked at for that: most is base64, whose decoder does.
func (s *scanner) unquote() (text []byte, shared, faulty bool) {
	b, from := s.b, s.i+1
	i := plain(b, from)
	if i < len(b) && b[i] == '"' {
		s.i = i + 1
		return b[from:i:i], true, false
	}
	out := make([]byte, len(b)-from+8)
	n := copy(out, b[from:i])
	var all uint64 // every bit that was set anywhere
	if !utf8.Valid(out[:n]) {
		all = 0x80 * lanes // it may only be cut in two
	}
	for {
		// A body is mostly short runs between simple escapes.
		for i+8 < len(b) {
			word := binary.LittleEndian.Uint64(b[i:])
			binary.LittleEndian.PutUint64(out[n:], word) // what follows a stop is overwritten
			all |= word
			stop := stops(word)
			if stop == 0 {
				i += 8
				n += 8
				continue
			}
			run := bits.TrailingZeros64(stop) / 8
			i += run
			n += run
			simple := simpleEscapes[b[i+1]]
			if b[i] != '\\' || simple == 0 {
				break
			}
			out[n] = simple
			i += 2
			n++
		}
		switch {
		case i < len(b) && b[i] == '"':
			s.i = i + 1
			text = out[:n:n]
			return text, false, faulty || all&(0x80*lanes) != 0 && !utf8.Valid(text)
		case i < len(b) && b[i] == '\\':
			r, length := escape(b[i:])
			if length == 0 {
				s.fail()
				return nil, false, true
			}
			i += length
			if utf16.IsSurrogate(r) {
				low, length := escape(b[i:])
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					faulty = true
				} else {
					i += length
				}
			}
			n += utf8.EncodeRune(out[n:], r)
		case i < len(b) && b[i] >= ' ':
			all |= uint64(b[i])
			out[n] = b[i] // one of the last eight
			n++
			i++
		default:
			s.fail()
			return nil, false, true
		}
	}
}

// plain returns where a run of plain bytes from i on ends, or up to seven bytes
// earlier at the end of b.
func plain(b []byte, i int) int {
	for i+8 <= len(b) {
		if stop := stops(binary.LittleEndian.Uint64(b[i:])); stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
		i += 8
	}
	return i
}

// lanes times a byte is that byte in each of a word's eight.
const lanes = 0x0101010101010101

// stops marks the bytes among a string's next eight that end a run of plain
// ones: quotes, backslashes and control characters. The lowest bit set is the
// top bit of the first such byte; those above it mean nothing.
func stops(word uint64) uint64 {
	quote, slash := word^'"'*lanes, word^'\\'*lanes
	return ((quote - lanes) | (slash - lanes) | (word - ' '*lanes)) &^ word & (0x80 * lanes)
}

// simpleEscapes are what the escapes of one letter stand for, by that letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape returns what the escape at the start of b stands for and its length, 0
// if it is none. Surrogates are returned as they are.
func escape(b []byte) (r rune, length int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	if simple := simpleEscapes[b[1]]; simple != 0 {
		return rune(simple), 2
	}
	if len(b) < 6 || b[1] != 'u' {
		return 0, 0
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, 0
		}
		r = r<<4 | rune(c)
	}
	return r, 6
}
