package printable_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/labelhook/labelhook/internal/printable"
)

// hostile are characters and bytes that must not reach a terminal, by what they
// are.
var hostile = map[string]string{
	"escape sequence":         "\x1b[2J",
	"bell":                    "\a",
	"NUL":                     "\x00",
	"backspace":               "\b",
	"carriage return":         "\r",
	"DEL":                     "\x7f",
	"C1 control sequence":     "\u009b2J",
	"C1 next line":            "\u0085",
	"stray byte 9B":           "\x9b2J",
	"half a character":        "\xe2\x80",
	"surrogate in UTF-8":      "\xed\xa0\x80",
	"overlong escape":         "\xc0\x9b",
	"right-to-left override":  "\u202e",
	"left-to-right embedding": "\u202a",
	"isolate":                 "\u2066",
	"end of isolate":          "\u2069",
	"right-to-left mark":      "\u200f",
	"Arabic letter mark":      "\u061c",
	"line separator":          "\u2028",
	"paragraph separator":     "\u2029",
	"zero-width space":        "\u200b",
	"zero-width joiner":       "\u200d",
	"word joiner":             "\u2060",
	"soft hyphen":             "\u00ad",
	"byte order mark":         "\ufeff",
	"Hangul filler":           "\u3164",
	"variation selector":      "\U000e0100",
	"tag":                     "\U000e0041",
	"private use":             "\ue000",
	"unassigned":              "\u0378",
	"noncharacter":            "\uffff",
}

func TestHostileCharactersAreReplaced(t *testing.T) {
	for name, text := range hostile {
		for kind, got := range map[string]string{"Text": printable.Text("a" + text + "b"), "Lines": printable.Lines("a" + text + "b")} {
			if i := strings.IndexFunc(got, dangerous); i >= 0 || !utf8.ValidString(got) || !strings.Contains(got, "\ufffd") {
				t.Errorf("%s of %s is %q", kind, name, got)
			}
		}
		quoted, err := json.Marshal("a" + strings.ToValidUTF8(text, "\ufffd") + "b")
		if err != nil {
			t.Fatal(err)
		}
		if got := printable.JSON(quoted); bytes.ContainsFunc(got, dangerous) || !same(quoted, got) {
			t.Errorf("JSON of %s is %q", name, got)
		}
	}
}

func TestTextsOfManyScriptsStayAsTheyAre(t *testing.T) {
	for _, text := range []string{
		"", "plain ASCII: {\"a\": 1}", "Grüße, naïve", "標注 項目", "метка", "תווית", "علامة", "หมายเลข", "e\u0301", "🙂", "a\u00a0b", "\u3000", "\ufffd",
	} {
		if got := printable.Text(text); got != text {
			t.Errorf("Text of %q is %q", text, got)
		}
		if got := string(printable.JSON([]byte(text))); got != text {
			t.Errorf("JSON of %q is %q", text, got)
		}
	}
}

func TestLineBreaksAndTabs(t *testing.T) {
	if got := printable.Text("a\nb\tc"); got != "a\ufffdb\ufffdc" {
		t.Errorf("Text gives %q", got)
	}
	if got := printable.Lines("a\nb\tc\r\n"); got != "a\nb\tc\ufffd\n" {
		t.Errorf("Lines gives %q", got)
	}
	if got := string(printable.JSON([]byte("{\r\n\t\"a\": \"\x9b\"}"))); got != "{ \n \"a\": \"\\ufffd\"}" {
		t.Errorf("JSON gives %q", got)
	}
}

func TestURLsTellNoMoreThanSchemeAndHost(t *testing.T) {
	for raw, want := range map[string]string{
		"http://127.0.0.1:3001/webhook-endpoint":         "http://127.0.0.1:3001",
		"https://user:hush@example.com/a?code=hush#hush": "https://example.com",
		"https://example.com?":                           "https://example.com",
		"HTTPS://Example.com:8443#hush":                  "https://Example.com:8443",
		"https://hush@example.com/a%2Fb":                 "https://example.com",
		"https://[::1]:80/hush":                          "https://[::1]:80",
		"https://a\u202eb/hush":                          "https://a\ufffdb",
		"https://a%9b/hush":                              "https://a\ufffd",
		"sqs://name/hush":                                "sqs://name",
		"user:hush@example.com/a":                        "(not a URL)",
		"http:/user:hush@example.com/a":                  "(not a URL)",
		"//user:hush@example.com/a":                      "(not a URL)",
		"example.com/hush":                               "(not a URL)",
		"http://user:hush@example.com:port":              "(not a URL)",
		"http://user:hu%sh@example.com":                  "(not a URL)",
		"http://user:hu/sh@example.com":                  "(not a URL)",
		"":                                               "(not a URL)",
		"https://example.com/\x01?hush":                  "(not a URL)",
	} {
		if got := printable.URL(raw); got != want {
			t.Errorf("%q became %q, want %q", raw, got, want)
		}
	}
}

func TestWritersCountWhatTheyTook(t *testing.T) {
	var text, lines bytes.Buffer
	if n, err := (printable.Writer{To: &text}).Write([]byte("a\x9b\n")); n != 3 || err != nil || text.String() != "a\ufffd\n" {
		t.Errorf("%d, %v, wrote %q", n, err, &text)
	}
	if n, err := (printable.JSONWriter{To: &lines}).Write([]byte("\"\u202e\"\n")); n != 6 || err != nil || lines.String() != "\"\\u202e\"\n" {
		t.Errorf("%d, %v, wrote %q", n, err, &lines)
	}
	if got := (printable.Writer{To: os.Stderr}).Fd(); got != os.Stderr.Fd() {
		t.Errorf("the file is %d", got)
	}
}

func FuzzPrintable(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
		f.Add(`{"a":"` + text + `"}`)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, lines := printable.Text(s), printable.Lines(s)
		if !utf8.ValidString(text) || strings.ContainsFunc(text, dangerous) || strings.Contains(text, "\n") || printable.Text(text) != text {
			t.Errorf("Text(%q) = %q", s, text)
		}
		if !utf8.ValidString(lines) || strings.ContainsFunc(lines, dangerous) || printable.Lines(lines) != lines {
			t.Errorf("Lines(%q) = %q", s, lines)
		}
		if utf8.RuneCountInString(text) != utf8.RuneCountInString(s) {
			t.Errorf("Text(%q) = %q is of another length", s, text)
		}
		shown := printable.JSON([]byte(s))
		if !utf8.Valid(shown) || bytes.ContainsFunc(shown, dangerous) || !bytes.Equal(printable.JSON(shown), shown) {
			t.Errorf("JSON(%q) = %q", s, shown)
		}
		if json.Valid([]byte(s)) && !same([]byte(s), shown) {
			t.Errorf("JSON(%q) = %q means something else", s, shown)
		}
		if url := printable.URL(s); strings.ContainsFunc(url, dangerous) || strings.Contains(url, "\n") || !utf8.ValidString(url) {
			t.Errorf("URL(%q) = %q", s, url)
		}
	})
}

// dangerous reports what no terminal may get; a line break is the caller's to
// judge.
func dangerous(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// same reports whether two JSON texts mean the same.
func same(a, b []byte) bool {
	var x, y any
	ex, ey := json.Unmarshal(a, &x), json.Unmarshal(b, &y)
	if ex != nil || ey != nil {
		return (ex == nil) == (ey == nil)
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

func TestPayloadIsJSONThatEveryReaderTakes(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for body, want := range map[string]string{
		"{ \"a\": [1, -2.5e3, \"\\u202e\\\"\"],\r\n\"b\": {} }\n": `{"a":[1,-2.5e3,"\u202e\""],"b":{}}`,
		"1": "1", `"\\"`: `"\\"`, deep(200): deep(200),
		`{"a":{"b":1},"b":1}`:    `{"a":{"b":1},"b":1}`,
		strings.Repeat("9", 308): strings.Repeat("9", 308),
		deep(201):                "", strings.Repeat("9", 5000): "", `{"a":-1e400}`: "",
		`{"a":1,"a":1}`: "", `{"a":1,"\u0061":1}`: "", "\"\x9b\"": "", `"\ud800"`: "", `"\udc00\ud800"`: "",
		"": "", "{": "", "{} {}": "", "\ufeff{}": "", "NaN": "", "01": "", "'a'": "",
	} {
		got, ok := printable.Payload([]byte(body))
		if string(got) != want || ok != (want != "") {
			t.Errorf("%.40q is %.40q, %v, want %.40q", body, got, ok, want)
		}
	}
}
