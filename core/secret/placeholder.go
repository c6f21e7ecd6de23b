package secret

import (
	"strings"
	"unicode"
)

// isPlaceholder reports whether text stands where somebody was to write a
// secret: a form that was not filled in, a mask, or words such as those of
// Labelbox's examples. A secret that only holds such a word among others is taken.
func isPlaceholder(text string) bool {
	return isForm(text) || isMask(text) || isWording(text)
}

// isForm reports whether text is to be filled in, by a person or by a program.
// Words in brackets are that only as the whole text, what a template language
// encloses anywhere.
func isForm(text string) bool {
	for _, f := range [...]struct{ open, end, inside string }{
		{"<%", "%>", ""}, {"$(", ")", ""}, {"<", ">", ""}, {"[", "]", " _-.'’…"}, {"{", "}", "_-"}, // "" means anything
		{"%", "%", "_0123456789"}, {"__", "__", "_0123456789"}, {"@@", "@@", "_0123456789"},
		{"$", "", "_0123456789"}, {"$env:", "", "_0123456789"}, {"LABELBOX_", "", "_"}, {"LABELHOOK_", "", "_"},
	} {
		inside, opened := strings.CutPrefix(text, f.open)
		inside, ended := strings.CutSuffix(inside, f.end)
		if opened && ended && inside != "" && (f.inside == "" || !strings.ContainsFunc(inside, outside(f.inside))) &&
			(f.open != "$" || inside == strings.ToUpper(inside)) {
			return true
		}
	}
	for _, f := range [...][2]string{{"${", "}"}, {"{{", "}}"}, {"#{", "}"}} {
		_, rest, opened := strings.Cut(text, f[0])
		inside, _, ended := strings.Cut(rest, f[1])
		if opened && ended && inside != "" && !strings.ContainsFunc(inside, outside(" _-.:/{$0123456789")) {
			return true
		}
	}
	return false
}

// outside tells runes that are neither letters nor among others.
func outside(others string) func(rune) bool {
	return func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(others, r) }
}

// isMask reports whether text is what is shown in place of a secret.
func isMask(text string) bool {
	return strings.Trim(text, "*•●…") == "" || len(text) >= 3 && (strings.Trim(text, "xX-") == "" || strings.Contains("._?#", text[:1]) && strings.Trim(text, text[:1]) == "")
}

// words are what placeholders are made of; the value says whether a text without
// such a word is no placeholder.
var words = map[string]bool{
	"change": true, "replace": true, "replaced": true, "your": true, "example": true, "sample": true, "placeholder": true, "insert": true, "enter": true,
	"put": true, "paste": true, "fill": true, "todo": true, "tbd": true, "fixme": true, "dummy": true, "here": true, "goes": true, "none": true, "null": true,
	"nil": true, "undefined": true, "unset": true, "redacted": true, "hidden": true, "masked": true, "xxx": true, "gave": true, "set": true, "na": true,
	"a": false, "an": false, "the": false, "this": false, "that": false, "to": false, "be": false, "by": false, "in": false, "it": false, "of": false,
	"for": false, "me": false, "my": false, "now": false, "not": false, "please": false, "with": false, "value": false, "secret": false, "webhook": false,
	"labelbox": false, "labelhook": false, "key": false, "token": false, "signing": false, "shared": false, "hmac": false, "password": false, "string": false,
	"random": false, "long": false, "strong": false, "real": false, "actual": false, "own": false, "some": false, "text": false, "hook": false,
	"url": false, "api": false, "app": false, "before": false, "deploy": false, "use": false, "production": false, "and": false, "or": false, "you": false, "we": false, "i": false,
}

// isWording reports whether text is made of [words] only, run together or not,
// in any case, with a few digits at its end or none.
func isWording(text string) bool {
	digits := len(text) - len(strings.TrimRight(text, "0123456789"))
	text = text[:len(text)-digits]
	if digits > 4 || len(text) > 100 {
		return false
	}
	letters := make([]byte, 0, len(text))
	for _, r := range text {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			letters = append(letters, byte(unicode.ToLower(r)))
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return false
		}
	}
	// spelled[i] says whether the first i letters are words, and marked[i]
	// whether that can be so with a telling one.
	spelled, marked := make([]bool, len(letters)+1), make([]bool, len(letters)+1)
	spelled[0] = true
	for end := 1; end <= len(letters); end++ {
		for start := max(0, end-len("placeholder")); start < end; start++ {
			telling, known := words[string(letters[start:end])]
			if known && spelled[start] {
				spelled[end] = true
				marked[end] = marked[end] || telling || marked[start]
			}
		}
	}
	return marked[len(letters)]
}
