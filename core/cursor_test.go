package core

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// valid reports whether a cursor walks the whole of b without objection.
func valid(b []byte, unique bool) bool {
	c := newCursor(b)
	c.unique = unique
	c.skip()
	return c.end() == nil
}

func TestCursorGrammar(t *testing.T) {
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

func TestCursorRefusesDuplicateNamesWhenToldTo(t *testing.T) {
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

func TestCursorValues(t *testing.T) {
	c := newCursor([]byte(`["a\nb", 1.50, true, null, {"x":1}, "2", 3, "x", null, {"Int32":7,"Valid":true}, {"Int32":7,"Valid":false}, 7]`))
	var texts []string
	var numbers []float64
	var counts []float64
	for i := range c.elements {
		switch {
		case i < 5:
			texts = append(texts, c.text())
		case i < 9:
			numbers = append(numbers, c.number())
		default:
			counts = append(counts, c.count())
		}
	}
	if got := strings.Join(texts, "|"); got != "a\nb|1.50|true||" {
		t.Errorf("texts %q", got)
	}
	if len(numbers) != 4 || numbers[0] != 2 || numbers[1] != 3 || numbers[2] != 0 || numbers[3] != 0 {
		t.Errorf("numbers %v", numbers)
	}
	if len(counts) != 3 || counts[0] != 7 || counts[1] != 0 || counts[2] != 7 {
		t.Errorf("counts %v", counts)
	}
}

func TestCursorMoments(t *testing.T) {
	want := time.Date(2024, 5, 6, 17, 18, 48, 0, time.UTC)
	for text, want := range map[string]time.Time{
		`"2024-05-06T17:18:48Z"`:          want,
		`"2024-05-06T17:18:48.797Z"`:      want.Add(797 * time.Millisecond),
		`"2024-05-06T17:18:48.82Z"`:       want.Add(820 * time.Millisecond),
		`"2024-05-06T17:18:48+00:00"`:     want,
		`"2024-05-06T17:18:48.000+00:00"`: want,
		`"2024-05-06T19:18:48+02:00"`:     want,
		`"2024-05-06T17:18:48+0000"`:      want,
		`"2024-05-06T17:18:48"`:           want,
		`"2024-05-06 17:18:48"`:           want,
		`"2024-05-06"`:                    time.Date(2024, 5, 6, 0, 0, 0, 0, time.UTC),
		`"9999-12-31T23:59:59.999999Z"`:   time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		`"9999-12-31T23:59:59-00:01"`:     {}, // in 10000
		`"9999-12-31T23:59:59-0100"`:      {},
		`"0001-01-02T00:00:00Z"`:          time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC),
		`"0001-01-01T00:00:00+00:01"`:     {}, // in the year 0
		`"0000-06-15T00:00:00Z"`:          {},
		`"0000-06-15"`:                    {},
		`"-001-06-15T00:00:00Z"`:          {},
		`"10000-01-01T00:00:00Z"`:         {},
		`"2024-05-06T17:18:60Z"`:          {}, // a leap second
		`"yesterday"`:                     {},
		`""`:                              {},
		`null`:                            {},
		`1715015928`:                      {},
		`{"a":1}`:                         {},
	} {
		c := newCursor([]byte(text))
		if got := c.moment(); !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
		if c.end() != nil {
			t.Errorf("%s: not passed over", text)
		}
	}
}

// FuzzCursor holds the cursor against jsontext: same grammar, same idea of a
// duplicate name, same text in every string.
func FuzzCursor(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,true,null,"x\u00e9\n"],"b":{"a":{}}}`, `{"a":1,"\u0061":2}`, "[\"\x80\"]", `  [ ]  `, `"\ud800"`, `{"a":1,"b":2`, "\"" + strings.Repeat("a", 17) + "\\\"" + strings.Repeat("b", 9) + "\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		want := jsontext.Value(b).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
		if got := valid(b, false); got != want {
			t.Fatalf("cursor takes %q: %v, jsontext: %v", b, got, want)
		}
		// Invalid UTF-8 in two names may become the same U+FFFD for jsontext.
		if utf8.Valid(b) && !bytes.Contains(b, []byte(`\u`)) {
			want := jsontext.Value(b).IsValid()
			if got := valid(b, true); got != want {
				t.Fatalf("strict cursor takes %q: %v, jsontext: %v", b, got, want)
			}
		}
		var text string
		if want && len(bytes.TrimSpace(b)) > 0 && bytes.TrimSpace(b)[0] == '"' && json.Unmarshal(b, &text) == nil && utf8.Valid(b) {
			if got := newCursor(b).text(); got != text {
				t.Fatalf("text of %q is %q, want %q", b, got, text)
			}
		}
	})
}
