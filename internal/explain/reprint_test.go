package explain

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/required"
)

// awkward holds what printers disagree on: white space in empty lists, floats,
// integers past 2^53, text beyond ASCII, control characters, HTML, repeated
// names, names that look like indexes, and the order of names.
const awkward = `{ "zoom" : 1.50, "10":-0, "9": -0.0 , "big":123456789012345678901234567890,
 "floats":[1E5,1e16,1e-5,0.0001,1e21,1e-7,123456789012345680.0,5e-324,1.0],
 "text":"Caf\u00e9 ☕ 𝄞 \ud834\udd1e \/ \u0008\f\n\r\t\u001f\u007f \" \\ <b>&\u2028",
 "empty":[{},[ ],"",null,true,false], "zoom" : 2, "é":1, "Z":0 }`

// The forms of awkward, as Python 3.11, Node.js 20 and Go 1.26 print it.
// TestAgainstPython and TestAgainstNode make them again where they can.
var goldens = map[string]string{
	"Python's json.dumps(x)":                           "{\"zoom\": 2, \"10\": 0, \"9\": -0.0, \"big\": 123456789012345678901234567890, \"floats\": [100000.0, 1e+16, 1e-05, 0.0001, 1e+21, 1e-07, 1.2345678901234568e+17, 5e-324, 1.0], \"text\": \"Caf\\u00e9 \\u2615 \\ud834\\udd1e \\ud834\\udd1e / \\b\\f\\n\\r\\t\\u001f\\u007f \\\" \\\\ <b>&\\u2028\", \"empty\": [{}, [], \"\", null, true, false], \"\\u00e9\": 1, \"Z\": 0}",
	"Python's json.dumps(x, separators=(',', ':'))":    "{\"zoom\":2,\"10\":0,\"9\":-0.0,\"big\":123456789012345678901234567890,\"floats\":[100000.0,1e+16,1e-05,0.0001,1e+21,1e-07,1.2345678901234568e+17,5e-324,1.0],\"text\":\"Caf\\u00e9 \\u2615 \\ud834\\udd1e \\ud834\\udd1e / \\b\\f\\n\\r\\t\\u001f\\u007f \\\" \\\\ <b>&\\u2028\",\"empty\":[{},[],\"\",null,true,false],\"\\u00e9\":1,\"Z\":0}",
	"Python's json.dumps(x, indent=2)":                 "{\n  \"zoom\": 2,\n  \"10\": 0,\n  \"9\": -0.0,\n  \"big\": 123456789012345678901234567890,\n  \"floats\": [\n    100000.0,\n    1e+16,\n    1e-05,\n    0.0001,\n    1e+21,\n    1e-07,\n    1.2345678901234568e+17,\n    5e-324,\n    1.0\n  ],\n  \"text\": \"Caf\\u00e9 \\u2615 \\ud834\\udd1e \\ud834\\udd1e / \\b\\f\\n\\r\\t\\u001f\\u007f \\\" \\\\ <b>&\\u2028\",\n  \"empty\": [\n    {},\n    [],\n    \"\",\n    null,\n    true,\n    false\n  ],\n  \"\\u00e9\": 1,\n  \"Z\": 0\n}",
	"Python's json.dumps(x, ensure_ascii=False)":       "{\"zoom\": 2, \"10\": 0, \"9\": -0.0, \"big\": 123456789012345678901234567890, \"floats\": [100000.0, 1e+16, 1e-05, 0.0001, 1e+21, 1e-07, 1.2345678901234568e+17, 5e-324, 1.0], \"text\": \"Café ☕ 𝄞 𝄞 / \\b\\f\\n\\r\\t\\u001f\x7f \\\" \\\\ <b>&\u2028\", \"empty\": [{}, [], \"\", null, true, false], \"é\": 1, \"Z\": 0}",
	"Python's json.dumps(x, indent=4, sort_keys=True)": "{\n    \"10\": 0,\n    \"9\": -0.0,\n    \"Z\": 0,\n    \"big\": 123456789012345678901234567890,\n    \"empty\": [\n        {},\n        [],\n        \"\",\n        null,\n        true,\n        false\n    ],\n    \"floats\": [\n        100000.0,\n        1e+16,\n        1e-05,\n        0.0001,\n        1e+21,\n        1e-07,\n        1.2345678901234568e+17,\n        5e-324,\n        1.0\n    ],\n    \"text\": \"Caf\\u00e9 \\u2615 \\ud834\\udd1e \\ud834\\udd1e / \\b\\f\\n\\r\\t\\u001f\\u007f \\\" \\\\ <b>&\\u2028\",\n    \"zoom\": 2,\n    \"\\u00e9\": 1\n}",
	"JavaScript's JSON.stringify(x)":                   "{\"9\":0,\"10\":0,\"zoom\":2,\"big\":1.2345678901234568e+29,\"floats\":[100000,10000000000000000,0.00001,0.0001,1e+21,1e-7,123456789012345680,5e-324,1],\"text\":\"Café ☕ 𝄞 𝄞 / \\b\\f\\n\\r\\t\\u001f\x7f \\\" \\\\ <b>&\u2028\",\"empty\":[{},[],\"\",null,true,false],\"é\":1,\"Z\":0}",
	"JavaScript's JSON.stringify(x, null, 2)":          "{\n  \"9\": 0,\n  \"10\": 0,\n  \"zoom\": 2,\n  \"big\": 1.2345678901234568e+29,\n  \"floats\": [\n    100000,\n    10000000000000000,\n    0.00001,\n    0.0001,\n    1e+21,\n    1e-7,\n    123456789012345680,\n    5e-324,\n    1\n  ],\n  \"text\": \"Café ☕ 𝄞 𝄞 / \\b\\f\\n\\r\\t\\u001f\x7f \\\" \\\\ <b>&\u2028\",\n  \"empty\": [\n    {},\n    [],\n    \"\",\n    null,\n    true,\n    false\n  ],\n  \"é\": 1,\n  \"Z\": 0\n}",
	"Go's json.Marshal of a map":                       "{\"10\":-0,\"9\":-0,\"Z\":0,\"big\":1.2345678901234568e+29,\"empty\":[{},[],\"\",null,true,false],\"floats\":[100000,10000000000000000,0.00001,0.0001,1e+21,1e-7,123456789012345680,5e-324,1],\"text\":\"Café ☕ 𝄞 𝄞 / \\b\\f\\n\\r\\t\\u001f\x7f \\\" \\\\ \\u003cb\\u003e\\u0026\\u2028\",\"zoom\":2,\"é\":1}",
}

func TestReprintedForms(t *testing.T) {
	for form, original := range goldens {
		t.Run(form, func(t *testing.T) { wantReprinted(t, awkward, original, form) })
	}
}

// wantReprinted checks that have is explained as a print of original, and that
// the explanation is called form, unless form is "".
func wantReprinted(t *testing.T, have, original, form string) {
	t.Helper()
	for ending, note := range map[string]string{"": "", "\n": ", and a newline"} {
		v := explain(t, have, sign(shared, original+ending), shared)
		wantCodes(t, v, "json_reprinted")
		if form != "" && len(v.Causes) == 1 && !strings.HasSuffix(v.Causes[0].What, "is "+form+note) {
			t.Errorf("explained as %q, want %q", v.Causes[0].What, form+note)
		}
	}
}

// pythonForms are the options of json.dumps that are told apart.
var pythonForms = func() []string {
	var forms []string
	for _, separators := range []string{"", ", separators=(',', ':')", ", indent=2", ", indent=4", `, indent="\t"`} {
		for _, ascii := range []string{"", ", ensure_ascii=False"} {
			for _, sorted := range []string{"", ", sort_keys=True"} {
				forms = append(forms, separators+ascii+sorted)
			}
		}
	}
	return forms
}()

func TestAgainstPython(t *testing.T) {
	python := required.Program(t, "python3", "apt-get install python3")
	var program strings.Builder
	program.WriteString("import json, sys\nx = json.load(sys.stdin)\nforms = []\n")
	for _, options := range pythonForms {
		program.WriteString("forms.append(json.dumps(x" + options + "))\n")
	}
	program.WriteString("json.dump(forms, sys.stdout)")
	for i, original := range printWith(t, exec.Command(python, "-c", program.String()), awkward) {
		wantReprinted(t, awkward, original, "Python's json.dumps(x"+pythonForms[i]+")")
	}
	for _, s := range samples.All() {
		body := string(s.Body())
		for i, printed := range printWith(t, exec.Command(python, "-c", program.String()), body) {
			wantExplained(t, body, printed)
			if !strings.Contains(pythonForms[i], "sort_keys") { // the order of keys cannot be brought back
				wantExplained(t, printed, compacted(t, body)) // what a sender of compact JSON signed
			}
		}
	}
}

func compacted(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAgainstNode(t *testing.T) {
	node := required.Program(t, "node", "apt-get install nodejs")
	const program = `const x = JSON.parse(require("fs").readFileSync(0, "utf8"));
		console.log(JSON.stringify([undefined, 2, 4, "\t"].map(indent => JSON.stringify(x, null, indent))))`
	for _, body := range []string{awkward, string(samples.All()[0].Body())} {
		for _, original := range printWith(t, exec.Command(node, "-e", program), body) {
			wantExplained(t, body, original)
		}
	}
}

func TestAgainstGo(t *testing.T) {
	var x any
	if err := json.Unmarshal([]byte(awkward), &x); err != nil {
		t.Fatal(err)
	}
	for _, indent := range []string{"", "  ", "    ", "\t"} {
		original, err := json.Marshal(x)
		if indent != "" {
			original, err = json.MarshalIndent(x, "", indent)
		}
		if err != nil {
			t.Fatal(err)
		}
		wantExplained(t, awkward, string(original))
	}
}

// printWith gives text to a program that prints a JSON list of forms of it.
func printWith(t *testing.T, program *exec.Cmd, text string) []string {
	t.Helper()
	program.Stdin = strings.NewReader(text)
	var stderr bytes.Buffer
	program.Stderr = &stderr
	out, err := program.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var forms []string
	if err := json.Unmarshal(out, &forms); err != nil {
		t.Fatal(err)
	}
	return forms
}

func wantExplained(t *testing.T, have, original string) {
	t.Helper()
	v := explain(t, have, sign(shared, original), shared)
	if have != original && len(v.Causes) == 0 {
		t.Errorf("nothing explains\n%s\nfor what was\n%s", have, original)
	}
}
