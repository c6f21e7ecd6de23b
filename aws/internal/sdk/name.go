package sdk

import "strings"

// IsName reports whether a text is a name as AWS's services have them: 1 to
// limit ASCII letters, digits and marks. It takes no time before it is called,
// which a regular expression would: every start of a function would pay for
// compiling it.
func IsName(text string, limit int, marks string) bool {
	if len(text) == 0 || len(text) > limit {
		return false
	}
	for _, c := range []byte(text) {
		letter, digit := 'a' <= c|0x20 && c|0x20 <= 'z', '0' <= c && c <= '9'
		if !letter && !digit && strings.IndexByte(marks, c) < 0 {
			return false
		}
	}
	return true
}
