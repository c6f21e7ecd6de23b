package main

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/labelhook/labelhook/internal/printable"
)

var (
	urlInArgument = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://.+`)
	wordWithURL   = regexp.MustCompile(`\S*://\S*`)
)

// withoutKeys shows the URLs among the arguments, which may hold keys, by scheme
// and host wherever an error repeats them: one given where none is expected is
// quoted by whatever reads the argument. Other URLs are our own examples.
func withoutKeys(text string, args []string) string {
	var given []string
	for _, arg := range args {
		if url := urlInArgument.FindString(arg); url != "" {
			given = append(given, letters(url))
			quoted := strconv.Quote(url)
			for _, form := range []string{url, quoted[1 : len(quoted)-1]} {
				text = strings.ReplaceAll(text, form, printable.URL(url))
			}
		}
	}
	// What is left is a part of one, or one in other letters.
	return wordWithURL.ReplaceAllStringFunc(text, func(word string) string {
		url := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if !slices.ContainsFunc(given, func(g string) bool { return strings.Contains(g, letters(url)) }) {
			return word
		}
		return strings.Replace(word, url, printable.URL(url), 1)
	})
}

// letters are those of a text, and its digits, all in lower case.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, text)
}
