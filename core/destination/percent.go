package destination

import (
	"fmt"
	"net/url"
	"strings"
)

// percentEncode writes an attribute as CloudEvents' HTTP binding has it (3.1.3.2):
// blank, quote, percent and everything outside printable ASCII as %XX.
func percentEncode(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// percentDecode is the inverse. A text that was not encoded stays as it is.
func percentDecode(value string) string {
	if decoded, err := url.PathUnescape(value); err == nil {
		return decoded
	}
	return value
}
