// Package forgery lists what a forger may send, for all that shows or tests that
// a receiver refuses it: the demo, the check of a deployed receiver, and the
// conformance cases.
package forgery

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
)

// Forgery is a delivery whose signature is not that of its body by the
// receiver's secret.
type Forgery struct {
	Name string    // such as "signature truncated by one digit"
	Word string    // for a table, if it is one of the [Usual]
	Code core.Code // of the refusal, which is a 401

	header func(right, wrong string) []string // instead of the right signature
	alter  func(body []byte) []byte           // after it was signed; may change its argument
}

// Make forges a delivery of the body. right is its signature by the receiver's
// secret, wrong the one by another secret. Each of signatures is a header field
// of its own.
func (f Forgery) Make(body []byte, right, wrong string) (signatures []string, sent []byte) {
	signatures, sent = []string{right}, body
	if f.header != nil {
		signatures = f.header(right, wrong)
	}
	if f.alter != nil {
		sent = f.alter(bytes.Clone(body))
	}
	return signatures, sent
}

// NeedsSecret reports whether it shows something only if right is really by the
// receiver's secret.
func (f Forgery) NeedsSecret() bool { return f.alter != nil }

// Usual returns one forgery of each kind.
func Usual() []Forgery {
	return slices.DeleteFunc(All(), func(f Forgery) bool { return f.Word == "" })
}

// All returns every forgery, the usual ones first.
func All() []Forgery {
	zeros := "sha1=" + strings.Repeat("0", 40)
	return []Forgery{
		{"signature missing", "unsigned", core.CodeSignatureMissing, func(_, _ string) []string { return nil }, nil},
		{"forged with another secret", "forged", core.CodeSignatureMismatch, func(_, wrong string) []string { return []string{wrong} }, nil},
		malformed("cut in half", "truncated", func(s string) string { return s[:len(s)/2] }),
		malformed("as long as of sha256", "sha256", func(string) string { return "sha256=" + strings.Repeat("0f", 32) }),
		altered("the last letter in the other case", "altered", func(b []byte) []byte {
			b[max(bytes.LastIndexFunc(b, isLetter), 0)] ^= 'a' ^ 'A'
			return b
		}),

		{"signature empty", "", core.CodeSignatureMissing, func(_, _ string) []string { return []string{""} }, nil},
		{"forged with zeros", "", core.CodeSignatureMismatch, func(_, _ string) []string { return []string{zeros} }, nil},
		malformed("truncated by one digit", "", func(s string) string { return s[:44] }),
		malformed("truncated to one digit", "", func(s string) string { return s[:6] }),
		malformed("without digits", "", func(string) string { return "sha1=" }),
		malformed("one digit too long", "", func(s string) string { return s + "0" }),
		malformed("bare digest", "", func(s string) string { return s[5:] }),
		malformed("in base64", "", func(s string) string {
			sum, _ := hex.DecodeString(s[5:])
			return "sha1=" + base64.StdEncoding.EncodeToString(sum)
		}),
		malformed("called sha256", "", func(s string) string { return "sha256=" + s[5:] }),
		malformed("called SHA1", "", func(s string) string { return "SHA1=" + s[5:] }),
		malformed("with a blank after sha1=", "", func(s string) string { return "sha1= " + s[5:] }),
		malformed("with a blank inside", "", func(s string) string { return s[:20] + " " + s[20:] }),
		malformed("with a tab inside", "", func(s string) string { return s[:20] + "\t" + s[20:] }),
		malformed("comma list", "", func(s string) string { return s + "," + s }),
		malformed("comma list, spaced", "", func(s string) string { return s + ", " + zeros }),
		malformed("with a trailing comma", "", func(s string) string { return s + "," }),
		malformed("with a digit that is none", "", func(s string) string { return s[:44] + "g" }),
		malformed("with a 0x prefix", "", func(s string) string { return "sha1=0x" + s[7:] }),
		malformed("in quotes", "", func(s string) string { return `"` + s + `"` }),
		malformed("with a letter beyond ASCII", "", func(s string) string { return s[:43] + "é" }),
		malformed("very long", "", func(s string) string { return s + strings.Repeat("0", 2000) }),
		twice("right and wrong", func(right string) []string { return []string{right, zeros} }),
		twice("wrong and right", func(right string) []string { return []string{zeros, right} }),
		twice("right and empty", func(right string) []string { return []string{right, ""} }),
		altered("one bit", "", func(b []byte) []byte { b[len(b)/2] ^= 1; return b }),
		altered("one byte more", "", func(b []byte) []byte { return append(b, ' ') }),
		altered("a line break more", "", func(b []byte) []byte { return append(b, '\n') }),
		altered("one byte less", "", func(b []byte) []byte { return b[:len(b)-1] }),
		altered("printed again", "", func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(`":`), []byte(`": `)) }),
	}
}

func malformed(name, word string, rewrite func(right string) string) Forgery {
	return Forgery{"signature " + name, word, core.CodeSignatureMalformed, func(right, _ string) []string { return []string{rewrite(right)} }, nil}
}

func twice(name string, values func(right string) []string) Forgery {
	return Forgery{"signature twice, " + name, "", core.CodeSignatureMalformed, func(right, _ string) []string { return values(right) }, nil}
}

func altered(name, word string, alter func(body []byte) []byte) Forgery {
	return Forgery{"altered body, " + name, word, core.CodeSignatureMismatch, nil, alter}
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
