package decoded_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/internal/samples"
)

// document decodes a body, and reads the JSON of that.
func document(t *testing.T, event, body string) map[string]any {
	t.Helper()
	d := core.Identify(http.Header{core.EventHeader: {event}, core.IDHeader: {"3f1e"}}, []byte(body))
	text, err := json.Marshal(decoded.Of(d))
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestADocumentHasTheMembersOfItsEvent(t *testing.T) {
	always := []string{"form", "id", "key", "event", "version", "project_id", "subject", "data_row_id", "time", "annotations"}
	for name, more := range map[string][]string{
		"v1-label-created":  {"data_row", "media", "projects", "labels"},
		"v2-label-created":  {"data_row", "media", "projects", "labels"},
		"v2-workflow":       {"workflow"},
		"model-run-started": {"model_run"},
		"review":            {"payload"},
		"unknown":           {"payload"},
	} {
		i := slices.IndexFunc(samples.All(), func(s samples.Sample) bool { return s.Name == name })
		s := samples.All()[i]
		d := core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())
		v := document(t, s.Header, string(s.Body()))
		if want := slices.Sorted(slices.Values(append(more, always...))); !slices.Equal(want, sortedNames(v)) {
			t.Errorf("%s has the members %q, want %q", name, sortedNames(v), want)
		}
		if v["id"] != "3f1e" || v["key"] != d.Key() || v["event"] != string(d.Event) || v["subject"] != d.Subject() {
			t.Errorf("%s says %.200v", name, v)
		}
	}
}

func sortedNames(v map[string]any) (names []string) {
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

const label = `{"data_row":{"id":"row","metadata_fields":%s},"media_attributes":{"width":4},"projects":{
	"b":{"labels":[{"id":"three","annotations":{}}]},
	"a":{"project_name":"A","labels":[{"id":"one","annotations":{"objects":[%s]}},{"id":"two","annotations":{}}],"project_details":{"selected_label_id":"two"}}}}`

func TestWhichLabelCountsIsSaid(t *testing.T) {
	v := document(t, "LABEL_UPDATED", fmt.Sprintf(label, "[]", `{"feature_id":"f","point":{"x":1,"y":2}}`))
	var got string
	for _, l := range v["labels"].([]any) {
		l := l.(map[string]any)
		got += fmt.Sprintln(l["project_id"], l["id"], l["selected"], l["counts"])
	}
	if want := "a one false false\na two true true\nb three false true\n"; got != want {
		t.Errorf("the labels are\n%s, want\n%s", got, want)
	}
	projects := v["projects"].([]any)
	if first := projects[0].(map[string]any); len(projects) != 2 || first["id"] != "a" || first["name"] != "A" {
		t.Errorf("the projects are %v", projects)
	}
	object := v["annotations"].(map[string]any)["objects"].([]any)[0].(map[string]any)
	if object["label_ref"].(map[string]any)["id"] != "one" {
		t.Errorf("the object is of label %v", object["label_ref"])
	}
}

func TestNothingIsLostWhereNotAllIsDecoded(t *testing.T) {
	deep := `{"feature_id":"f","x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`
	for name, c := range map[string]struct {
		body, reason string
		asJSON       bool
	}{
		"a name twice":                    {`{"data_row":{"id":"a","id":"b"},"projects":{}}`, "names a member twice", false},
		"cut off":                         {`{"data_row":{"id":"a"},"projects":{"p"`, "", false},
		"too deep for readers of JSON":    {fmt.Sprintf(label, "[]", deep), "nested too deep", false},
		"metadata beyond float64":         {fmt.Sprintf(label, "[1e999]", ""), "", false},
		"metadata that is not UTF-8":      {fmt.Sprintf(label, "[\"\xff\"]", ""), "", false},
		"a model run that is none":        {`{"modelId":{},"modelRunId":1,"modelType":2,"modelId":3}`, "", false},
		"an unknown shape":                {`{"a":1}`, "", true},
		"an unknown shape that is UTF-16": {"\xff\xfe{\x00}\x00", "", false},
	} {
		v := document(t, "LABEL_CREATED", c.body)
		reason, _ := v["annotations_error"].(string)
		if !strings.Contains(reason, c.reason) || (c.reason == "") != (reason == "") || (reason != "") != (v["annotations"] == nil) {
			t.Errorf("%s: the reason is %q, the annotations are %v", name, reason, v["annotations"])
		}
		text, isJSON := v["payload"]
		raw, isRaw := v["payload_base64"].(string)
		switch {
		case isJSON != c.asJSON || isRaw == c.asJSON:
			t.Errorf("%s: the payload is %v and %q", name, text, raw)
		case isRaw:
			var body []byte
			if err := json.Unmarshal([]byte(`"`+raw+`"`), &body); err != nil || string(body) != c.body {
				t.Errorf("%s: the payload is %q, %v", name, body, err)
			}
		}
	}
}

func TestAnnotationsCanBeReadBack(t *testing.T) {
	for _, s := range samples.All() {
		d := core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())
		text, err := json.Marshal(decoded.Of(d))
		if err != nil {
			t.Fatal(err)
		}
		var v struct {
			Annotations annotation.Set `json:"annotations"`
		}
		want, _ := d.Annotations()
		if err := json.Unmarshal(text, &v); err != nil || len(v.Annotations.Objects) != len(want.Objects) || len(v.Annotations.Classifications) != len(want.Classifications) {
			t.Errorf("%s: %v, %d objects of %d", s.Name, err, len(v.Annotations.Objects), len(want.Objects))
		}
	}
}

func FuzzEveryBodyHasADocument(f *testing.F) {
	for _, s := range samples.All() {
		f.Add(s.Header, s.Body())
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) {
		d := core.Identify(http.Header{core.EventHeader: {event}}, body)
		text, err := json.Marshal(decoded.Of(d))
		if err != nil || !json.Valid(text) {
			t.Fatalf("%v, %.100q", err, text)
		}
	})
}

func BenchmarkDecodedLabel(b *testing.B) {
	body := samples.All()[0].Body()
	header := http.Header{core.EventHeader: {"LABEL_CREATED"}}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decoded.Of(core.Identify(header, body)).MarshalJSON(); err != nil {
			b.Fatal(err)
		}
	}
}
