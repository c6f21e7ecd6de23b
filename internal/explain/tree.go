package explain

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// tree is a JSON value with everything a printer may keep: the order of
// members, repeated names, and strings and numbers as they were spelled.
type tree struct {
	kind     jsontext.Kind
	raw      string   // of strings, numbers and literals
	members  []member // of objects
	elements []tree   // of arrays
}

type member struct {
	name  tree
	value tree
}

// parse reads one JSON value. Invalid UTF-8 and repeated names are let pass.
func parse(text []byte) (tree, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	t, err := readTree(d)
	if err != nil {
		return tree{}, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return tree{}, errors.New("something follows the JSON value")
	}
	return t, nil
}

func readTree(d *jsontext.Decoder) (tree, error) {
	t := tree{kind: d.PeekKind()}
	if t.kind != jsontext.KindBeginObject && t.kind != jsontext.KindBeginArray {
		raw, err := d.ReadValue()
		t.raw = string(raw)
		return t, err
	}
	if _, err := d.ReadToken(); err != nil {
		return tree{}, err
	}
	for {
		switch d.PeekKind() {
		case jsontext.KindEndObject, jsontext.KindEndArray:
			_, err := d.ReadToken()
			return t, err
		}
		first, err := readTree(d)
		if err != nil {
			return tree{}, err
		}
		if t.kind == jsontext.KindBeginArray {
			t.elements = append(t.elements, first)
			continue
		}
		value, err := readTree(d)
		if err != nil {
			return tree{}, err
		}
		t.members = append(t.members, member{first, value})
	}
}

// text returns the value of a string, with U+FFFD for half surrogate pairs.
func (t tree) text() string {
	var b strings.Builder
	for r := range t.runes {
		b.WriteRune(r)
	}
	return b.String()
}

// runes walks over the code points of a string. Half a surrogate pair, which
// JSON can spell and UTF-8 cannot, comes as it is.
func (t tree) runes(yield func(rune) bool) {
	for s := t.raw[1 : len(t.raw)-1]; len(s) > 0; {
		r, size := nextRune(s)
		s = s[size:]
		if utf16.IsSurrogate(r) && s != "" {
			low, size := nextRune(s)
			if joined := utf16.DecodeRune(r, low); joined != utf8.RuneError {
				r, s = joined, s[size:]
			}
		}
		if !yield(r) {
			return
		}
	}
}

// nextRune reads one code point or escape off s, whose syntax the decoder has
// checked.
func nextRune(s string) (r rune, size int) {
	if s[0] != '\\' {
		return utf8.DecodeRuneInString(s)
	}
	switch s[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		n, _ := strconv.ParseUint(s[2:6], 16, 16)
		return rune(n), 6
	}
	return rune(s[1]), 2
}
