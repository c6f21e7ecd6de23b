package secret

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says why a text is not usable as a webhook secret, and what to do
// about it. It holds nothing of the text. The caller that knows where the text came
// from wraps it with that name.
type Error struct {
	Problem string // follows "the secret "
	Remedy  string
}

func (e *Error) Error() string { return "the secret " + e.Problem }

const exactly = "write the secret exactly as it was given to Labelbox, "

// Refusals by [New] that callers treat in ways of their own.
var (
	ErrEmpty      = &Error{"is empty", "write the secret that was given to Labelbox"}
	ErrUTF16      = &Error{"is saved as UTF-16", "save it as UTF-8 without a byte order mark; in Windows PowerShell, Set-Content -Encoding ascii does so"}
	ErrJSON       = &Error{"is a JSON document", "write the value that is the secret alone"}
	ErrUnresolved = &Error{"is an unresolved reference, the text that names a secret", "let what starts this process resolve it (on Azure, let the app's identity read the Key Vault secret, then restart the app), or write the secret itself"}
)

// The others. HMAC takes keys that differ in trailing NUL bytes for the same, so
// that a key of NUL bytes is the empty one: control characters are more than a
// nuisance.
var (
	errMark        = &Error{"has a byte order mark in it", "save it as UTF-8 without a byte order mark"}
	errEncoding    = &Error{"is not valid UTF-8 text", "save the text of the secret as UTF-8; Labelbox has no keys in binary"}
	errNUL         = &Error{"has NUL bytes in it", exactly + "as text without control characters"}
	errSpace       = &Error{"begins or ends with white space", exactly + "without blanks or line breaks around it, visible or not"}
	errLines       = &Error{"has a line break in it", exactly + "alone and in one line"}
	errControl     = &Error{"has a control character in it", exactly + "as text without control characters"}
	errInvisible   = &Error{"has an invisible formatting character in it", "type it instead of copying it: what cannot be seen was copied along"}
	errQuoted      = &Error{"stands in quotation marks", exactly + "without quotation marks"}
	errAssignment  = &Error{"is a line of settings, NAME=value", "write what stands behind the name alone"}
	errPlaceholder = &Error{"is a placeholder", "make up a secret, such as by openssl rand -hex 32, give it to Labelbox, and write it here"}
)

// refuseSecret says why text, without its trailing line break, is not a secret;
// nil if it may be one.
func refuseSecret(text string) *Error {
	switch {
	case text == "":
		return ErrEmpty
	case isUTF16(text):
		return ErrUTF16
	case !utf8.ValidString(text), strings.ContainsRune(text, utf8.RuneError): // what others make of invalid bytes
		return errEncoding
	case strings.ContainsRune(text, '\ufeff'):
		return errMark
	case strings.Contains(text, "\x00"):
		return errNUL
	case strings.TrimFunc(text, looksEmpty) != text:
		return errSpace
	case strings.ContainsAny(text, "\n\v\f\r\u0085\u2028\u2029"):
		return errLines
	case strings.ContainsFunc(text, unicode.IsControl):
		return errControl
	case strings.ContainsFunc(text, invisible):
		return errInvisible
	case isDocument(text):
		return ErrJSON
	case isAssignment(text):
		return errAssignment
	case isQuoted(text):
		return errQuoted
	case isReference(text):
		return ErrUnresolved
	case isPlaceholder(text):
		return errPlaceholder
	}
	return nil
}

// isUTF16 also takes UTF-32 for it. Text without a mark is known by its NUL
// bytes, which stand at every other place.
func isUTF16(text string) bool {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") || strings.HasPrefix(text, "\x00\x00\xfe\xff") {
		return true
	}
	var nul, other [2]int // at even and at odd places
	for i := range len(text) {
		if text[i] == 0 {
			nul[i%2]++
		} else {
			other[i%2]++
		}
	}
	return other[1] > 0 && nul[0] > 0 && nul[1] == 0 && other[0] <= nul[0]/4 ||
		other[0] > 0 && nul[1] > 0 && nul[0] == 0 && other[1] <= nul[1]/4
}

// looksEmpty reports whether r cannot be seen: white space, and what has no width.
func looksEmpty(r rune) bool {
	const blankLetters = "\u115f\u1160\u2800\u3164\uffa0"
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(blankLetters, r)
}

// invisible is about the inside of a text, where the joiners of some scripts and
// of emoji have a meaning.
func invisible(r rune) bool {
	return unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

func isQuoted(text string) bool {
	for _, pair := range [...][2]string{{`"`, `"`}, {"'", "'"}, {"`", "`"}, {"“", "”"}, {"‘", "’"}, {"«", "»"}} {
		if inner, ok := strings.CutPrefix(text, pair[0]); ok && strings.HasSuffix(inner, pair[1]) {
			return true
		}
	}
	return false
}

func isDocument(text string) bool {
	v := jsontext.Value(strings.TrimSpace(text))
	return len(v) > 0 && (v[0] == '{' || v[0] == '[') && v.IsValid()
}

// isAssignment reports whether text is a line of a file of settings: after
// export, set and the like any name; else a name of capitals with an underscore,
// or one that speaks of a secret. What follows must be more than the equals signs
// at the end of base64.
func isAssignment(text string) bool {
	name, told := text, false
	for _, word := range [...]string{"export ", "set ", "setx ", "env ", "declare -x ", "$env:", "- "} {
		if hasPrefixFold(name, word) {
			name, told = strings.TrimLeft(name[len(word):], " "), true
		}
	}
	name = strings.TrimLeft(name, `"'`)
	end := strings.IndexFunc(name, notOfName)
	if end <= 0 {
		return false
	}
	name, rest := name[:end], strings.TrimLeft(name[end:], "\"' \t")
	value, equals := strings.CutPrefix(rest, "=")
	if !equals {
		var colon bool
		if value, colon = strings.CutPrefix(rest, ": "); !colon {
			return false
		}
	}
	if strings.Trim(value, "= \t") == "" {
		return false
	}
	lower := strings.ToLower(name)
	return told || strings.Contains(lower, "secret") || strings.Contains(lower, "labelbox") || strings.Contains(lower, "webhook") ||
		equals && name == strings.ToUpper(name) && strings.Contains(name, "_")
}

// isReference reports whether text names a secret in the words of Azure,
// CloudFormation, Google Cloud, AWS, Kubernetes or one of the tools that put
// secrets into environments, or is one that such a tool has to decrypt. A URL of
// any kind is one.
func isReference(text string) bool {
	prefixes := []string{
		"@Microsoft.KeyVault(", "@Microsoft.AppConfiguration(", "!Ref ", "!Sub ", "!GetAtt ", "!ImportValue ",
		"//secretmanager.googleapis.com/", "secretref:", "secretKeyRef", "valueFrom:", "ssm:/", "aws-ssm:/", "/run/secrets/", "/var/run/secrets/", "ENC[", "$ANSIBLE_VAULT;",
	}
	dynamic, braces := strings.CutPrefix(text, "{{")
	path, vault := strings.CutPrefix(strings.TrimPrefix(text, ">>"), "vault:")
	scheme, _, url := strings.Cut(text, "://")
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return hasPrefixFold(text, prefix) }) ||
		braces && strings.HasPrefix(strings.TrimLeft(dynamic, " "), "resolve:") ||
		vault && strings.ContainsAny(path, "/#") ||
		url && len(scheme) >= 2 && isLetter(rune(scheme[0])) && !strings.ContainsFunc(scheme, notOfScheme) ||
		strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= 5 ||
		strings.HasPrefix(text, "projects/") && strings.Contains(text, "/secrets/")
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

func notOfName(r rune) bool { return !isLetter(r) && (r < '0' || r > '9') && r != '_' }

func notOfScheme(r rune) bool { return notOfName(r) && !strings.ContainsRune("+.-", r) || r == '_' }
