package jsonscan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// Text reads a string. A number or a truth value is given as it is spelled;
// null, objects and arrays are "".
func (s *Scanner) Text() string {
	switch s.Kind() {
	case '"':
		return s.Unescape(s.Quoted())
	case 'n', '{', '[':
		s.Skip()
		return ""
	}
	return s.keep(s.Raw())
}

// chunk is how much memory is taken at a time for short strings, in bytes.
const chunk = 256

// keep makes a string of b. Short ones stand side by side in one allocation:
// most are ids, and a payload has dozens of them.
func (s *Scanner) keep(b []byte) string {
	if len(b) > chunk/4 {
		return string(b)
	}
	if cap(s.texts)-len(s.texts) < len(b) {
		s.texts = make([]byte, 0, chunk)
	}
	from := len(s.texts)
	s.texts = append(s.texts, b...)
	// What stands in the chunk once is never written again.
	return unsafe.String(unsafe.SliceData(s.texts[from:]), len(b))
}

// Quoted passes over a string and returns what stands between its quotes,
// escapes and all.
func (s *Scanner) Quoted() []byte {
	b, from := s.b, s.i+1
	s.escaped = false
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
			s.pass(i + 1)
			return b[from:i]
		case i < len(b) && b[i] == '\\' && escapeLen(b[i:]) > 0:
			i += escapeLen(b[i:])
			s.escaped = true
		case i < len(b) && b[i] >= ' ' && b[i] != '\\':
			i++ // one of the last seven
		default:
			s.Fail()
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

// Unescape gives the text that the inside of a string literal stands for, in
// the Scanner's shared memory.
func (s *Scanner) Unescape(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return s.keep(inside)
	}
	if len(inside) > chunk/4 {
		return Unescape(inside)
	}
	var buf [chunk / 4]byte
	return s.keep(AppendUnescaped(buf[:0], inside))
}

// Unescape gives the text that the inside of a string literal stands for.
func Unescape(inside []byte) string {
	if bytes.IndexByte(inside, '\\') < 0 {
		return string(inside)
	}
	return string(AppendUnescaped(make([]byte, 0, len(inside)), inside))
}

// AppendUnescaped appends the text that the inside of a well-formed string
// literal stands for. It is never longer than the literal. Half of a surrogate
// pair becomes U+FFFD, as encoding/json has it.
func AppendUnescaped(dst, inside []byte) []byte {
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
