package jsonscan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Bytes reads a string. It shares memory with the text unless there are escapes
// to undo.
func (s *Scanner) Bytes() []byte {
	inside := s.Quoted()
	if !s.escaped {
		return inside
	}
	return AppendUnescaped(nil, inside)
}

// Unquote reads a string, and is for the one long string of a text. What has no
// escapes in it shares memory with the text. Anything else gets as much memory
// as the rest of the text could need.
//
// The string is faulty where it holds what no UTF-8 text can: half a surrogate
// pair, or bytes that are not UTF-8. For the former there is a U+FFFD in the
// result, as encoding/json has it; the latter are as they were. Shared text is
// not looked at for that: most is base64, whose decoder does.
func (s *Scanner) Unquote() (text []byte, shared, faulty bool) {
	b, from := s.b, s.i+1
	i := plain(b, from)
	if i < len(b) && b[i] == '"' {
		s.pass(i + 1)
		return b[from:i:i], true, false
	}
	out := make([]byte, max(len(b)-from, 0)+8)
	n := copy(out, b[from:i])
	var all uint64 // every bit that was set anywhere
	if !utf8.Valid(out[:n]) {
		all = 0x80 * lanes // it may only be cut in two
	}
	for {
		// A body is mostly short runs between simple escapes.
		for i+8 < len(b) {
			w := word(b, i)
			binary.LittleEndian.PutUint64(out[n:], w) // what follows a stop is overwritten
			all |= w
			stop := stops(w)
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
			s.pass(i + 1)
			text = out[:n:n]
			return text, false, faulty || all&(0x80*lanes) != 0 && !utf8.Valid(text)
		case i < len(b) && b[i] == '\\':
			length := escapeLen(b[i:])
			if length == 0 {
				s.Fail()
				return nil, false, true
			}
			r := escapeRune(b[i:])
			i += length
			if utf16.IsSurrogate(r) {
				length := escapeLen(b[i:])
				if r = utf16.DecodeRune(r, escapeRune(b[i:])); r == utf8.RuneError {
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
			s.Fail()
			return nil, false, true
		}
	}
}

// plain returns where a run of plain bytes from i on ends, or up to seven bytes
// earlier at the end of b.
func plain(b []byte, i int) int {
	for i+8 <= len(b) {
		if stop := stops(word(b, i)); stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
		i += 8
	}
	return min(i, len(b))
}

// simpleEscapes are what the escapes of one letter stand for, by that letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escapeRune returns what the escape at the start of b stands for, surrogates as
// they are; 0 if there is no escape.
func escapeRune(b []byte) (r rune) {
	switch escapeLen(b) {
	case 2:
		return rune(simpleEscapes[b[1]])
	case 6:
		for _, h := range b[2:6] {
			if h > '9' {
				h = h | 0x20 - 'a' + 10 + '0'
			}
			r = r<<4 | rune(h-'0')
		}
	}
	return r
}
