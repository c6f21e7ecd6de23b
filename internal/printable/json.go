package printable

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON returns a JSON text that means the same and is fit to be shown: what
// [Text] replaces is escaped. Bytes that are no UTF-8, which JSON has none of,
// are the escape of U+FFFD.
func JSON(text []byte) []byte {
	first := 0
	for first < len(text) && (' ' <= text[first] && text[first] <= '~' || text[first] == '\n') {
		first++ // most texts are nothing else
	}
	other := bytes.IndexFunc(text[first:], func(r rune) bool { return !plain(r) })
	if other < 0 {
		return text
	}
	first += other
	out := append(make([]byte, 0, len(text)+16), text[:first]...)
	for rest := text[first:]; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		switch {
		case plain(r) && r != utf8.RuneError, r == utf8.RuneError && size > 1:
			out = append(out, rest[:size]...)
		case r == '\t' || r == '\r': // between two tokens: a string has them escaped
			out = append(out, ' ')
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		rest = rest[size:]
	}
	return out
}

// plain reports whether JSON leaves the rune as it is. U+FFFD may be a stray
// byte, and is looked at again.
func plain(r rune) bool { return r != utf8.RuneError && (visible(r) || r == '\n') }
