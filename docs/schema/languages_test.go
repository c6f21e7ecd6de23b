package schema_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/docs/schema"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/required"
)

// example returns the n-th example in a language that a page shows.
func example(t *testing.T, page, language string, n int) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(text, -1)
	if n >= len(found) {
		t.Fatalf("%s has %d examples in %s", page, len(found), language)
	}
	return string(found[n][1])
}

// documents are the two labels of a box that Labelbox's documentation shows.
func documents(t *testing.T) (all []string) {
	t.Helper()
	for _, s := range samples.Documented() {
		if !strings.HasSuffix(s.Name, "label-created") {
			continue
		}
		text, err := json.Marshal(decoded.Of(core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

const (
	v1Box = `cldbyu7c7n4jp072scuqt66ll bounding_box 637840`
	v2Box = `clvmpaetz76ct0706730rfcq9 person 172320`
)

func TestThePythonFunctionHandlesMessages(t *testing.T) {
	python := required.Program(t, "python3", "apt-get install python3")
	dir := t.TempDir()
	put(t, dir, "function.py", example(t, "../languages.md", "python", 0))
	records := []any{}
	for i, body := range append(documents(t), `{"annotations":null,"annotations_error":"damaged"}`, `no JSON`) {
		records = append(records, map[string]any{"messageId": string(rune('a' + i)), "body": body, "messageAttributes": map[string]any{}})
	}
	event, err := json.Marshal(map[string]any{"Records": records})
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "event.json", string(event))
	out := execute(t, dir, python, "-c", `import function, json; print(json.dumps(function.handler(json.load(open("event.json")), None)))`)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if !slices.Contains(lines, v1Box) || !slices.Contains(lines, v2Box) {
		t.Errorf("printed %s", out)
	}
	if want := `{"batchItemFailures": [{"itemIdentifier": "c"}, {"itemIdentifier": "d"}]}`; lines[len(lines)-1] != want {
		t.Errorf("returned %s, want %s", lines[len(lines)-1], want)
	}
}

func TestTheTypeScriptTypeFitsTheProgram(t *testing.T) {
	node, modules := nodeModules(t)
	dir := t.TempDir()
	put(t, dir, "schema.json", string(schema.Decoded))
	put(t, dir, "labels.ndjson", strings.Join(documents(t), "\n"))
	put(t, dir, "program.ts", example(t, "../languages.md", "typescript", 0))
	put(t, dir, "wrong.ts", "import type { Delivery } from './decoded';\nexport const wide = (d: Delivery) => d.annotations!.objects[0].geometry.width;\n")
	execute(t, dir, node, modules+"/json-schema-to-typescript/dist/src/cli.js", "-i", "schema.json", "-o", "decoded.d.ts")

	compiler := []string{modules + "/typescript/bin/tsc", "--strict", "--module", "nodenext", "--types", "node", "--typeRoots", modules + "/@types"}
	execute(t, dir, node, append(compiler, "program.ts")...)
	if out := execute(t, dir, node, "program.js"); !strings.Contains(out, v1Box) || !strings.Contains(out, v2Box) {
		t.Errorf("printed %s", out)
	}
	wrong := exec.Command(node, append(compiler, "wrong.ts")...)
	wrong.Dir = dir
	if out, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(out), "wrong.ts(2,") {
		t.Errorf("a width of every geometry is taken: %v %s", err, out)
	}
}

func TestTheQueriesReadTheFolders(t *testing.T) {
	node, modules := nodeModules(t)
	dir := t.TempDir()
	for i, document := range documents(t) {
		put(t, dir, filepath.Join("raw", "event=label.created", "dt=2024-05-06", string(rune('a'+i))+".decoded.json"), document)
	}
	put(t, dir, "queries.sql", example(t, "../languages.md", "sql", 0))
	script, err := filepath.Abs("testdata/languages/duckdb.cjs")
	if err != nil {
		t.Fatal(err)
	}
	want := `[["label.created","2024-05-06","2"]]` + "\n" +
		`[["cldbyu7c7n4jp072scuqt66ll","bounding_box","{\"top\":453,\"left\":951,\"height\":670,\"width\":952}"],` +
		`["clvmpaetz76ct0706730rfcq9","person","{\"top\":85,\"left\":24,\"height\":359,\"width\":480}"]]` + "\n"
	if got := execute(t, dir, node, script, modules, "queries.sql"); got != want {
		t.Errorf("the rows are\n%s, want\n%s", got, want)
	}
}

// TestAnotherValidatorAgrees has ajv, which most of JavaScript uses, look too.
func TestAnotherValidatorAgrees(t *testing.T) {
	node, modules := nodeModules(t)
	dir := t.TempDir()
	var lines []string
	for _, s := range samples.All() {
		text, err := json.Marshal(decoded.Of(core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(text))
	}
	put(t, dir, "documents.ndjson", strings.Join(lines, "\n")+"\n"+`{"form":"another"}`)
	out := execute(t, ".", node, "testdata/languages/ajv.cjs", modules, "decoded.v1.json", filepath.Join(dir, "documents.ndjson"))
	if said := strings.Split(strings.TrimSpace(out), "\n"); len(said) != 2 || !strings.HasPrefix(said[0], "14: ") || said[1] != "14 lines" {
		t.Errorf("ajv says %s", out)
	}
}

func nodeModules(t *testing.T) (node, modules string) {
	t.Helper()
	node = required.Program(t, "node", "apt-get install nodejs")
	modules, err := filepath.Abs("../../.tools/languages/node_modules")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err != nil {
		required.Missing(t, "DuckDB, TypeScript and ajv", "make .tools/languages/node_modules")
	}
	return node, modules
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s%s", filepath.Base(program), args, err, out, problems.String())
	}
	return string(out)
}
