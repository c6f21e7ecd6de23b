package jsonscan

import (
	"fmt"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// AppendASCII quotes a text in ASCII alone, for one from outside that may come to a
// terminal, which other characters could command. Bytes that are no UTF-8
// become U+FFFD.
func AppendASCII(out []byte, text string) []byte {
	start := len(out)
	out, _ = jsontext.AppendQuote(out, text) // its error says that bytes were replaced
	for i, c := range out[start:] {
		if c < 0x7f {
			continue
		}
		rest := string(out[start+i:])
		out = out[:start+i]
		for _, r := range rest {
			if r < 0x7f {
				out = append(out, byte(r))
				continue
			}
			for _, unit := range utf16.AppendRune(nil, r) {
				out = fmt.Appendf(out, `\u%04x`, unit)
			}
		}
		break
	}
	return out
}
