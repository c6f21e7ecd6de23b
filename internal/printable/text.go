package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text returns s as a part of a line: what a reader does not see as a character
// of its own is U+FFFD. These are control characters with line breaks and tabs
// among them, bytes that are no UTF-8, and all that is invisible or changes the
// direction of its neighbours. The result is valid UTF-8.
func Text(s string) string { return replace(s, visible) }

// Lines is Text for text of several lines: line breaks and tabs stay.
func Lines(s string) string {
	return replace(s, func(r rune) bool { return visible(r) || r == '\n' || r == '\t' })
}

// replace puts U+FFFD and not nothing in place of a rune, for nothing could
// join the two halves of a word that was to be hidden.
func replace(s string, keep func(rune) bool) string {
	return strings.Map(func(r rune) rune {
		if keep(r) {
			return r
		}
		return utf8.RuneError // of which Map makes U+FFFD, as it does of every stray byte
	}, s)
}

// visible reports whether a rune takes a place of its own on the screen and
// does nothing else: letters, marks, numbers, punctuation, symbols and spaces.
// Control, format, private and unassigned characters are none of these; fillers
// and variation selectors are, but show nothing.
func visible(r rune) bool {
	if r < utf8.RuneSelf {
		return ' ' <= r && r < 0x7f
	}
	return (unicode.IsPrint(r) || unicode.Is(unicode.Zs, r)) &&
		!unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
