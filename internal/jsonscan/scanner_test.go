package jsonscan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// valid reports whether a scanner walks the whole of b without objection.
func valid(b []byte, unique bool) bool {
	c := New(b)
	c.Unique = unique
	c.Skip()
	return c.End() == nil
}

func TestScannerGrammar(t *testing.T) {
	for _, good := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-1.5e+10`, `1E5`, `true`, `false`, `null`, " \n\t\r[ 1 , 2 ] \n",
		`{"a":{"b":[{},[],"",0]},"c":null}`, `"\"\\\/\b\f\n\r\tA\ud83d\ude00"`, `"ü"`, "\"\x7f\"",
	} {
		if !valid([]byte(good), true) {
			t.Errorf("refuses %s", good)
		}
	}
	for _, bad := range []string{
		``, ` `, `{`, `}`, `[`, `]`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a":1 "b":2}`, `[1,]`, `[,]`, `[1 2]`,
		`"`, `"\x"`, `"\u12g4"`, `"\u12`, "\"\n\"", "\"\x00\"", `01`, `1.`, `.5`, `1e`, `+1`, `--1`, `-`, `tru`, `nul`, `True`, `NaN`,
		`1 2`, `{}{}`, `{}x`, "{} \x00", `'a'`, `{"a":1}]`, strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
	} {
		if valid([]byte(bad), false) {
			t.Errorf("takes %.40s", bad)
		}
	}
}

func TestScannerRefusesDuplicateNamesWhenToldTo(t *testing.T) {
	wide := func(last string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range 100 {
			b.WriteString(`"n` + strings.Repeat("x", i) + `":{"a":1},`)
		}
		return b.String() + `"` + last + `":2}`
	}
	for name, test := range map[string]struct {
		body string
		want bool
	}{
		"twice in one object":          {`{"a":1,"a":1}`, false},
		"once in each of two":          {`[{"a":1},{"a":1}]`, true},
		"inner and outer":              {`{"a":{"a":{"a":1}},"b":{"a":1}}`, true},
		"twice around an inner object": {`{"a":{"b":1},"a":2}`, false},
		"twice, once escaped":          {`{"a":1,"\u0061":1}`, false},
		"beyond a few names, new":      {wide("m"), true},
		"beyond a few names, first":    {wide("n"), false},
		"beyond a few names, late":     {wide("n" + strings.Repeat("x", 90)), false},
		"empty name twice":             {`{"":1,"":1}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := valid([]byte(test.body), true); got != test.want {
				t.Errorf("valid = %v, want %v", got, test.want)
			}
			if !valid([]byte(test.body), false) {
				t.Error("refused without being told to")
			}
		})
	}
}

func TestScannerValues(t *testing.T) {
	c := New([]byte(`["a\nb", 1.50, true, null, {"x":1}, "2", 3, "x", null]`))
	var texts []string
	var numbers []float64
	for i := range c.Elements {
		switch {
		case i < 5:
			texts = append(texts, c.Text())
		default:
			numbers = append(numbers, c.Number())
		}
	}
	if got := strings.Join(texts, "|"); got != "a\nb|1.50|true||" {
		t.Errorf("texts %q", got)
	}
	if len(numbers) != 4 || numbers[0] != 2 || numbers[1] != 3 || numbers[2] != 0 || numbers[3] != 0 {
		t.Errorf("numbers %v", numbers)
	}
}

// FuzzScanner holds the scanner against jsontext: same grammar, same idea of a
// duplicate name, same text in every string.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"a":{}}}`, `{"a":1,"\u0061":2}`, "[\"\x80\"]", `  [ ]  `, `"\ud800"`, `{"a":1,"b":2`, "\"" + strings.Repeat("a", 17) + "\\\"" + strings.Repeat("b", 9) + "\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := jsontext.Value(b).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
		if got := valid(b, false); got != want {
			t.Fatalf("scanner takes %q: %v, jsontext: %v", b, got, want)
		}
		// Invalid UTF-8 in two names may become the same U+FFFD for jsontext.
		if utf8.Valid(b) && !bytes.Contains(b, []byte(`\u`)) {
			want := jsontext.Value(b).IsValid()
			if got := valid(b, true); got != want {
				t.Fatalf("strict scanner takes %q: %v, jsontext: %v", b, got, want)
			}
		}
		var text string
		if want && len(bytes.TrimSpace(b)) > 0 && bytes.TrimSpace(b)[0] == '"' && json.Unmarshal(b, &text) == nil && utf8.Valid(b) {
			scanner := New(b)
			if got := scanner.Text(); got != text {
				t.Fatalf("text of %q is %q, want %q", b, got, text)
			}
		}
	})
}
