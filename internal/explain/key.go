package explain

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// key is what the sender may have signed with, given one of our secrets.
type key struct {
	bytes  []byte
	secret int // index of the secret it was made from
	causes []Cause
}

const sameSecret = "write the secret here exactly as it was given to Labelbox"

var (
	causeSecretRefused = Cause{"secret_refused", "the secret is the sender's, but labelhook refuses to run with it: it begins or ends with white space",
		"create a webhook with a secret that has no white space around it"}
	causeSecretUnresolved = Cause{"secret_unresolved", "the signature was made with the text of a Key Vault reference that was not resolved",
		"let the app's identity read the Key Vault secret"}
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
		_, err := core.NewSecret(text)
		k := key{bytes: []byte(ours), secret: i}
		switch {
		case errors.Is(err, core.ErrSecretSpace):
			k.causes = []Cause{causeSecretRefused}
		case errors.Is(err, core.ErrSecretUnresolved):
			k.causes = []Cause{causeSecretUnresolved}
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

// withoutLineBreak drops what core.NewSecret drops.
func withoutLineBreak(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

type variant struct {
	text  string
	cause Cause
}

func variantsOf(text string) []variant {
	ours := withoutLineBreak(text)
	trimmed := strings.TrimSpace(text)
	variants := []variant{
		{trimmed, causeSecretSpace},
		{text, causeSecretLineBreak},
		{ours + "\n", causeSecretLineBreak},
		{ours + "\r\n", causeSecretLineBreak},
		{strings.TrimSuffix(trimmed, `\n`), causeSecretEscape},
		{strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark)), causeSecretMark},
		{`"` + ours + `"`, causeSecretUnquoted},
		{`'` + ours + `'`, causeSecretUnquoted},
		{base64.StdEncoding.EncodeToString([]byte(ours)), causeSecretNotBase64},
		{hex.EncodeToString([]byte(ours)), causeSecretNotHex},
	}
	if inner, ok := unquoteText(trimmed); ok {
		variants = append(variants, variant{inner, causeSecretQuoted})
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
