package sender

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
)

var now = time.Date(2026, 11, 23, 17, 48, 1, 500e6, time.UTC)

// shown replaces fresh ids, which nobody can foresee, by ID.
func shown(body []byte) string {
	return string(regexp.MustCompile(`"c[0-9a-z]{24}"`).ReplaceAll(body, []byte("ID")))
}

func TestTemplate(t *testing.T) {
	const at = `"2026-11-23T17:48:01.500Z"`
	for name, test := range map[string]struct {
		payload string
		keep    []string
		want    string
	}{
		"v1 label": {
			`{"id": "a", "createdAt":"x", "updatedAt" : "y","dataRow":{"id":"r","createdAt":"z"}, "project":{"id":"p"}}`, nil,
			`{"id": ID, "createdAt":` + at + `, "updatedAt" : ` + at + `,"dataRow":{"id":ID,"createdAt":"z"}, "project":{"id":"p"}}`},
		"v2 label": {
			`{"data_row":{"id":"r"},"projects":{"p":{"labels":[{"id":"a","label_details":{"created_at":"x","updated_at":"y","created_by":"z"}}]}}}`, nil,
			`{"data_row":{"id":ID},"projects":{"p":{"labels":[{"id":ID,"label_details":{"created_at":` + at + `,"updated_at":` + at + `,"created_by":"z"}}]}}}`},
		"v2 label in the other spelling": {
			`{"dataRow":{"id":"r"},"projects":{"p":{"labels":[{"labelDetails":{"createdAt":"x"}},{"id":"b"}]}}}`, nil,
			`{"dataRow":{"id":ID},"projects":{"p":{"labels":[{"labelDetails":{"createdAt":` + at + `}},{"id":ID}]}}}`},
		"workflow": {
			`{"projectId":"p","dataRowIds":["r", "s"],"timestamp":"x","actorId":"u"}`, nil,
			`{"projectId":"p","dataRowIds":[ID, ID],"timestamp":` + at + `,"actorId":"u"}`},
		"model run": {
			`{"modelId":"m","modelRunId":"r"}`, nil,
			`{"modelId":"m","modelRunId":ID}`},
		"what is kept":               {`{"id":"a","dataRow":{"id":"r"},"createdAt":"x"}`, []string{"id", "createdAt"}, `{"id":"a","dataRow":{"id":ID},"createdAt":"x"}`},
		"an array that is kept":      {`{"id":"a","dataRowIds":["r","s"]}`, []string{"dataRowIds"}, `{"id":ID,"dataRowIds":["r","s"]}`},
		"an element that is kept":    {`{"dataRowIds":["r","s"]}`, []string{"dataRowIds.1"}, `{"dataRowIds":[ID,"s"]}`},
		"all ids kept":               {`{"id":"a"}`, []string{"id"}, `{"labelhook_delivery":ID,"id":"a"}`},
		"keeping what is not there":  {`{"id":"a"}`, []string{"none", ""}, `{"id":ID}`},
		"no id":                      {" {\n\"note\":1}\n", nil, " {\"labelhook_delivery\":ID,\n\"note\":1}\n"},
		"an empty object":            {`{ }`, nil, `{"labelhook_delivery":ID }`},
		"an id that is no text":      {`{"id":7}`, nil, `{"labelhook_delivery":ID,"id":7}`},
		"an id with escapes":         {`{"id":"a\"b\\"}`, nil, `{"id":ID}`},
		"a name with escapes":        {`{"\u0069d":"a"}`, nil, `{"\u0069d":ID}`},
		"not an object":              {`["id"]`, nil, `["id"]`},
		"not JSON":                   {`{"id":"a"`, nil, `{"id":"a"`},
		"nothing":                    {``, nil, ``},
		"deeper than a stack can go": {strings.Repeat("[", 1<<20), nil, strings.Repeat("[", 1<<20)},
	} {
		t.Run(name, func(t *testing.T) {
			template := NewTemplate([]byte(test.payload), test.keep...)
			one, other := template.Fresh(now), template.Fresh(now)
			if shown(one) != test.want {
				t.Errorf("got  %s\nwant %s", shown(one), test.want)
			}
			if bytes.Equal(one, other) == template.Distinct() {
				t.Errorf("Distinct is %v for\n%s\n%s", template.Distinct(), one, other)
			}
		})
	}
}

// Every sample stays what it is, and no two payloads made of it are a repeat
// of each other.
func TestTemplateOfEverySample(t *testing.T) {
	for _, sample := range samples.All() {
		t.Run(sample.Name+" "+string(sample.Event), func(t *testing.T) {
			header := http.Header{core.EventHeader: {sample.Header}}
			template := NewTemplate(sample.Body())
			keys := map[string]bool{}
			for range 50 {
				d := core.Identify(header, template.Fresh(now))
				keys[d.Key()] = true
				if d.Event != sample.Event || d.Event.IsLabel() && d.Version != sample.Version {
					t.Fatalf("%s %s became %s %s", sample.Version, sample.Event, d.Version, d.Event)
				}
				if hasTime := sample.Documented; hasTime && !d.Time.Equal(now) {
					t.Fatalf("its time is %v", d.Time)
				}
			}
			if len(keys) != 50 {
				t.Errorf("50 payloads have %d keys", len(keys))
			}
		})
	}
}

// FuzzTemplate checks that what is made of JSON is JSON with the same number
// of bytes outside the places, that objects become distinct, and that what is
// not an object stays as it is.
func FuzzTemplate(f *testing.F) {
	for _, sample := range samples.All() {
		f.Add(sample.Body(), "id")
	}
	f.Add([]byte(`{"projects":[{"labels":{"id":"a"}}],"dataRowIds":"r","id":[],"data_row":"id"}`), "projects.0")
	f.Add([]byte(` {"id":"a","id":"b","dataRowIds":["\u0000",{},["x"]]} `), "dataRowIds.0")
	f.Fuzz(func(t *testing.T, payload []byte, keep string) {
		template := NewTemplate(payload, keep)
		one, other := template.Fresh(now), template.Fresh(now)
		var object map[string]json.RawMessage
		isObject := json.Unmarshal(payload, &object) == nil && object != nil
		switch {
		case template.Distinct() != isObject:
			t.Fatalf("Distinct is %v", template.Distinct())
		case !isObject && !bytes.Equal(one, payload):
			t.Fatalf("%q became %q", payload, one)
		case isObject && bytes.Equal(one, other):
			t.Fatalf("twice %s", one)
		case isObject && !json.Valid(one):
			t.Fatalf("%s became %s, which is not JSON", payload, one)
		}
		end := 0
		for _, s := range template.slots {
			if s.start < end || s.end < s.start || s.end > len(payload) {
				t.Fatalf("the places overlap: %+v", template.slots)
			}
			if old := payload[s.start:s.end]; len(old) > 0 && (old[0] != '"' || !json.Valid(old)) {
				t.Fatalf("%s is not a text", old)
			}
			end = s.end
		}
	})
}
