package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// printer prints JSON the way one library does with one set of options.
type printer struct {
	layout
	dialect
	sorted bool
}

// layout is the white space between tokens, and how to ask for it: in words, as
// options of Python's json.dumps, and in JavaScript and Go, where they have it.
type layout struct {
	comma, colon string
	indent       string // "" means all on one line

	words, python, javaScript, golang string
}

var layouts = []layout{
	{",", ":", "", "compact JSON", ", separators=(',', ':')", "JSON.stringify(x)", "json.Marshal"},
	{", ", ": ", "", "JSON on one line, with a blank after each comma and colon", "", "", ""},
	{",", ": ", "  ", "JSON indented by two blanks", ", indent=2", "JSON.stringify(x, null, 2)", "json.MarshalIndent by two blanks"},
	{",", ": ", "    ", "JSON indented by four blanks", ", indent=4", "JSON.stringify(x, null, 4)", "json.MarshalIndent by four blanks"},
	{",", ": ", "\t", "JSON indented by tabs", `, indent="\t"`, `JSON.stringify(x, null, "\t")`, "json.MarshalIndent by tabs"},
}

// dialect is the spelling of values. Nil functions keep the spelling there is.
type dialect struct {
	text   func(out []byte, r rune) []byte // one code point of a string
	number func(literal string) string

	// lastWins drops all but the last of the members with one name, which takes
	// the place of the first.
	lastWins bool
	// indexesFirst moves names that are array indexes to the front, ascending.
	indexesFirst bool
}

var (
	asSpelled     = dialect{}
	pythonASCII   = dialect{text: pythonASCIIText, number: pythonNumber, lastWins: true}
	pythonUnicode = dialect{text: plainText, number: pythonNumber, lastWins: true}
	javaScript    = dialect{text: javaScriptText, number: javaScriptNumber, lastWins: true, indexesFirst: true}
	goMap         = dialect{text: goText, number: goNumber, lastWins: true}
)

// printers walks over the printers worth trying, each with a name for what it
// prints, those that change least first.
func printers(yield func(string, printer) bool) {
	for _, sorted := range []bool{false, true} {
		inWords, inPython := "", ")"
		if sorted {
			inWords, inPython = ", its keys sorted", ", sort_keys=True)"
		}
		for _, l := range layouts {
			ok := yield(l.words+inWords, printer{l, asSpelled, sorted}) &&
				yield("Python's json.dumps(x"+l.python+inPython, printer{l, pythonASCII, sorted}) &&
				yield("Python's json.dumps(x"+l.python+", ensure_ascii=False"+inPython, printer{l, pythonUnicode, sorted}) &&
				(l.javaScript == "" || yield("JavaScript's "+l.javaScript+inWords, printer{l, javaScript, sorted})) &&
				(l.golang == "" || !sorted || yield("Go's "+l.golang+" of a map", printer{l, goMap, true}))
			if !ok {
				return
			}
		}
	}
}

func (p printer) print(out []byte, t tree, depth int) []byte {
	switch t.kind {
	case jsontext.KindBeginObject:
		members := p.order(t.members)
		return p.list(out, '{', '}', len(members), depth, func(out []byte, i int) []byte {
			out = p.print(out, members[i].name, depth+1)
			return p.print(append(out, p.colon...), members[i].value, depth+1)
		})
	case jsontext.KindBeginArray:
		return p.list(out, '[', ']', len(t.elements), depth, func(out []byte, i int) []byte {
			return p.print(out, t.elements[i], depth+1)
		})
	case jsontext.KindString:
		if p.text != nil {
			out = append(out, '"')
			for r := range t.runes {
				out = p.text(out, r)
			}
			return append(out, '"')
		}
	case jsontext.KindNumber:
		if p.number != nil {
			return append(out, p.number(t.raw)...)
		}
	}
	return append(out, t.raw...)
}

func (p printer) list(out []byte, open, shut byte, n, depth int, item func([]byte, int) []byte) []byte {
	out = append(out, open)
	newLine := func(depth int) {
		if p.indent != "" && n > 0 {
			out = append(out, '\n')
			for range depth {
				out = append(out, p.indent...)
			}
		}
	}
	for i := range n {
		if i > 0 {
			out = append(out, p.comma...)
		}
		newLine(depth + 1)
		out = item(out, i)
	}
	newLine(depth)
	return append(out, shut)
}

// order returns the members as the printer's language would hold them.
func (p printer) order(members []member) []member {
	if !p.sorted && !p.lastWins {
		return members
	}
	type named struct {
		member
		text  string
		index int // as an array index; -1 if the text is not one
	}
	var all []named
	position := map[string]int{}
	for _, m := range members {
		text := m.name.text()
		if i, seen := position[text]; seen && p.lastWins {
			all[i].value = m.value
			continue
		}
		position[text] = len(all)
		n := named{m, text, -1}
		if index, err := strconv.ParseUint(text, 10, 32); err == nil && strconv.FormatUint(index, 10) == text && index < 1<<32-1 {
			n.index = int(index)
		}
		all = append(all, n)
	}
	if p.sorted {
		slices.SortStableFunc(all, func(a, b named) int { return strings.Compare(a.text, b.text) })
	}
	if p.indexesFirst {
		slices.SortStableFunc(all, func(a, b named) int {
			return cmp.Compare(uint(a.index), uint(b.index)) // -1, no index, becomes the largest
		})
	}
	ordered := make([]member, len(all))
	for i, n := range all {
		ordered[i] = n.member
	}
	return ordered
}

// plainText escapes what every JSON printer escapes and nothing else.
func plainText(out []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(out, '\\', byte(r))
	case '\b':
		return append(out, `\b`...)
	case '\f':
		return append(out, `\f`...)
	case '\n':
		return append(out, `\n`...)
	case '\r':
		return append(out, `\r`...)
	case '\t':
		return append(out, `\t`...)
	}
	if r < ' ' {
		return escapeUnit(out, r)
	}
	return append(out, string(r)...)
}

func escapeUnit(out []byte, r rune) []byte { return fmt.Appendf(out, `\u%04x`, r) }

func pythonASCIIText(out []byte, r rune) []byte {
	switch {
	case r < 0x7f:
		return plainText(out, r)
	case r > 0xffff:
		high, low := utf16.EncodeRune(r)
		return escapeUnit(escapeUnit(out, high), low)
	}
	return escapeUnit(out, r)
}

func javaScriptText(out []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return escapeUnit(out, r)
	}
	return plainText(out, r)
}

func goText(out []byte, r rune) []byte {
	switch r {
	case '<', '>', '&', '\u2028', '\u2029':
		return escapeUnit(out, r)
	}
	return plainText(out, r)
}

// pythonNumber spells a number as Python does after reading it: integers as
// they are, anything else as the repr of a float.
func pythonNumber(literal string) string {
	if !strings.ContainsAny(literal, ".eE") {
		if literal == "-0" {
			return "0"
		}
		return literal
	}
	f, err := strconv.ParseFloat(literal, 64)
	switch {
	case err != nil && f < 0: // out of range
		return "-Infinity"
	case err != nil:
		return "Infinity"
	}
	scientific := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, _ := strings.Cut(scientific, "e")
	if e, _ := strconv.Atoi(exponent); e < -4 || e >= 16 {
		return scientific
	}
	plain := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}

// javaScriptNumber spells a number as ECMAScript's Number::toString.
func javaScriptNumber(literal string) string {
	f, err := strconv.ParseFloat(literal, 64)
	switch {
	case err != nil:
		return "null" // infinity
	case f == 0:
		return "0"
	}
	return goNumber(literal)
}

// goNumber spells a number as encoding/json does after reading it into an any.
func goNumber(literal string) string {
	f, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		return literal
	}
	size := max(f, -f)
	if size == 0 || 1e-6 <= size && size < 1e21 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	return strings.Replace(text, "e-0", "e-", 1)
}
