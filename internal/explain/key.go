package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core/secret"
)

// key is what the sender may have signed with, given one of our secrets.
type key struct {
	bytes  []byte
	secret int // index of the secret it was made from
	causes []Cause
}

const sameSecret = "write the secret here exactly as it was given to Labelbox"

var (
	causeSecretUnresolved = Cause{"secret_unresolved", "the signature was made with the text of a reference that was not resolved",
		secret.ErrUnresolved.Remedy}
	causeSecretLineBreak = Cause{"secret_line_break", "the sender's secret ends in a line break that ours lacks",
		"register the webhook again with the secret without its line break (printf '%s' instead of echo)"}
	causeSecretSpace = Cause{"secret_white_space", "our secret has white space around it that the sender's lacks",
		"remove the white space around the secret"}
	causeSecretQuoted = Cause{"secret_quoted", "our secret stands in quotation marks that the sender's lacks",
		"remove the quotation marks around the secret"}
	causeSecretUnquoted = Cause{"secret_unquoted", "the sender's secret stands in quotation marks that ours lacks",
		"register the webhook again with the secret without quotation marks"}
	causeSecretEscape = Cause{"secret_escape", `our secret ends in the two characters \n, which the sender's lacks`,
		`remove the \n at the end of the secret`}
	causeSecretAssignment = Cause{"secret_assignment", "our secret is a line of settings, NAME=value, and its value is the sender's secret",
		"write what stands behind the name alone"}
	causeSecretNotAssignment = Cause{"secret_with_name", "the sender's secret is a line of settings, NAME=value, with ours as the value",
		"create a webhook with the value alone as its secret"}
	causeSecretUTF16 = Cause{"secret_utf16", "our secret is saved as UTF-16, the sender's is not",
		secret.ErrUTF16.Remedy}
	causeSecretNotUTF16 = Cause{"secret_utf16_signed", "the sender's key is our secret in UTF-16",
		"sign with the UTF-8 bytes of the secret"}
	causeSecretMark = Cause{"secret_byte_order_mark", "our secret begins with a byte order mark that the sender's lacks",
		"save the secret's file as UTF-8 without a byte order mark"}
	causeSecretHex = Cause{"secret_hex_decoded", "the sender decoded the secret from hexadecimal; Labelbox uses its text undecoded",
		"sign with the text of the secret"}
	causeSecretBase64 = Cause{"secret_base64_decoded", "the sender's key is our secret decoded from base64",
		"write the decoded secret here if that is what Labelbox was given, else sign with its text"}
	causeSecretNotBase64 = Cause{"secret_base64_encoded", "the sender's key is our secret encoded in base64",
		sameSecret}
	causeSecretNotHex = Cause{"secret_hex_encoded", "the sender's key is our secret encoded in hexadecimal",
		sameSecret}
	causeSecretJSON = Cause{"secret_in_json", "our secret is a JSON object, and one of its values is the sender's secret",
		"store the value alone, or select it where the secret is read"}
	causeSecretEmpty = Cause{"secret_empty", "the sender signed with an empty secret",
		"set the secret where the signature is made"}
)

// keysOf returns every key that the secrets may stand for, the plain ones of
// all secrets before the changed ones, no key twice.
func keysOf(secrets []string) []key {
	var plain, changed []key
	seen := map[string]bool{"": true}
	for i, text := range secrets {
		ours := withoutLineBreak(text)
		k := key{bytes: []byte(ours), secret: i}
		var refused *secret.Error
		switch _, err := secret.New(text); {
		case errors.Is(err, secret.ErrUnresolved):
			k.causes = []Cause{causeSecretUnresolved}
		case errors.As(err, &refused):
			k.causes = []Cause{{"secret_refused", "the secret is the sender's, but labelhook refuses to run with it: it " + refused.Problem,
				"create a webhook with a secret that receivers take"}}
		}
		if !seen[ours] {
			seen[ours] = true
			plain = append(plain, k)
		}
	}
	for i, text := range secrets {
		for _, v := range variantsOf(text) {
			if !seen[v.text] {
				seen[v.text] = true
				changed = append(changed, key{[]byte(v.text), i, []Cause{v.cause}})
			}
		}
	}
	if len(secrets) > 0 {
		changed = append(changed, key{[]byte{}, 0, []Cause{causeSecretEmpty}})
	}
	return append(plain, changed...)
}

// withoutLineBreak drops what secret.New drops.
func withoutLineBreak(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

type variant struct {
	text  string
	cause Cause
}

func variantsOf(text string) []variant {
	ours := withoutLineBreak(text)
	trimmed := strings.TrimFunc(text, looksEmpty)
	variants := []variant{
		{trimmed, causeSecretSpace},
		{text, causeSecretLineBreak},
		{ours + "\n", causeSecretLineBreak},
		{ours + "\r\n", causeSecretLineBreak},
		{strings.TrimSuffix(trimmed, `\n`), causeSecretEscape},
		{strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark)), causeSecretMark},
		{"LABELBOX_WEBHOOK_SECRET=" + ours, causeSecretNotAssignment},
		{inUTF16(ours, binary.LittleEndian), causeSecretNotUTF16},
		{inUTF16(ours, binary.BigEndian), causeSecretNotUTF16},
		{`"` + ours + `"`, causeSecretUnquoted},
		{`'` + ours + `'`, causeSecretUnquoted},
		{base64.StdEncoding.EncodeToString([]byte(ours)), causeSecretNotBase64},
		{hex.EncodeToString([]byte(ours)), causeSecretNotHex},
	}
	if inner, ok := unquoteText(trimmed); ok {
		variants = append(variants, variant{inner, causeSecretQuoted})
	}
	if value, ok := settingIn(trimmed); ok {
		variants = append(variants, variant{value, causeSecretAssignment})
		if inner, ok := unquoteText(value); ok {
			variants = append(variants, variant{inner, causeSecretAssignment})
		}
	}
	for _, line := range linesInUTF16([]byte(text)) {
		variants = append(variants, variant{line, causeSecretUTF16})
	}
	if decoded, err := hex.DecodeString(trimmed); err == nil {
		variants = append(variants, variant{string(decoded), causeSecretHex})
	}
	for _, encoding := range base64Encodings {
		decoded, err := encoding.DecodeString(trimmed)
		if err != nil {
			continue
		}
		// "echo secret | base64" encodes a line break as well.
		variants = append(variants, variant{string(decoded), causeSecretBase64},
			variant{strings.TrimRight(string(decoded), "\r\n"), causeSecretBase64})
	}
	if tree, err := parse([]byte(text)); err == nil {
		for _, m := range tree.members {
			if m.value.kind == jsontext.KindString {
				variants = append(variants, variant{m.value.text(), causeSecretJSON})
			}
		}
	}
	return variants
}

// settingIn returns the value of a line that sets a variable.
func settingIn(line string) (value string, ok bool) {
	name, value, ok := strings.Cut(line, "=")
	if !ok {
		name, value, ok = strings.Cut(line, ": ")
	}
	return strings.TrimSpace(value), ok && strings.TrimSpace(name) != ""
}

// looksEmpty reports whether r cannot be seen and is no byte order mark: that is
// a cause of its own.
func looksEmpty(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) && r != '\ufeff'
}

func inUTF16(text string, order binary.AppendByteOrder) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// linesInUTF16 returns the lines of a text in UTF-16, with or without a mark.
func linesInUTF16(b []byte) (lines []string) {
	text, ok := decodeUTF16(b)
	if !ok && len(b)%2 == 0 && bytes.IndexByte(b, 0) >= 0 {
		mark := "\xff\xfe"
		if b[0] == 0 {
			mark = "\xfe\xff"
		}
		text, ok = decodeUTF16(append([]byte(mark), b...))
	}
	if !ok {
		return nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		lines = append(lines, line)
		if value, ok := settingIn(line); ok {
			lines = append(lines, value)
		}
	}
	return lines
}
