package labelbox

import (
	"cmp"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/printable"
)

// maxText is how much of a server's text an error holds, in bytes.
const maxText = 300

// conceal returns what takes secrets out of a text, in each of the forms that a
// server may repeat them in: as they are, and escaped for JSON, for a URL or for
// a page.
func conceal(secrets ...string) *strings.Replacer {
	var forms []string
	for _, secret := range secrets {
		forms = append(forms,
			secret, strings.Join(strings.Fields(secret), " "),
			jsonText(secret), asciiText(secret), pageText(secret), inner(strconv.Quote(secret)),
			url.QueryEscape(secret), url.PathEscape(secret), html.EscapeString(secret))
	}
	// The longest first, as some contain others.
	slices.SortStableFunc(forms, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, form := range slices.Compact(forms) {
		if form != "" {
			pairs = append(pairs, form, "[secret]")
		}
	}
	return strings.NewReplacer(pairs...)
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// jsonText escapes as JSON must be.
func jsonText(s string) string {
	quoted, _ := jsontext.AppendQuote(nil, s) // of what is not UTF-8, as well as can be
	return inner(string(quoted))
}

// asciiText escapes, as many languages do by default, everything outside ASCII
// as well.
func asciiText(s string) string {
	var b strings.Builder
	for _, r := range jsonText(s) {
		if r <= unicode.MaxASCII {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// pageText escapes, as others do, what means something in a page.
func pageText(s string) string {
	return strings.NewReplacer("<", `\u003c`, ">", `\u003e`, "&", `\u0026`).Replace(jsonText(s))
}

// conceal takes secrets out of an Error's texts and makes each one line.
func (e *Error) conceal(hide *strings.Replacer) {
	for _, text := range []*string{&e.Message, &e.Code, &e.RequestID} {
		*text = tidy(hide.Replace(*text))
	}
}

// tidy makes a text one line of bounded length, without what could command a
// terminal.
func tidy(text string) string {
	text = printable.Text(strings.Join(strings.Fields(text), " "))
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
