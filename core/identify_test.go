package core_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func TestIdentifySamples(t *testing.T) {
	type identity struct {
		version                         payload.Version
		project, subject, dataRow, time string
	}
	wants := map[string]identity{
		"v2-label-created":  {payload.V2, "clvo7ajpc014907zxagiw9hry", "clvo7b6h501ic07fdbg62c32w", "clvmpaetz76ct0706730rfcq9", "2024-05-06T17:18:48Z"},
		"v2-label-updated":  {payload.V2, "clvo7ajpc014907zxagiw9hry", "clvo7b6h501ic07fdbg62c32w", "clvmpaetz76ct0706730rfcq9", "2024-05-06T17:18:48Z"},
		"v2-label-deleted":  {payload.V2, "clvo7ajpc014907zxagiw9hry", "clvo7b02m01p807znd5bwfr2v", "clvmpaetz76cp0706m3jw8ww4", "2024-05-06T17:22:06Z"},
		"v2-workflow":       {payload.NoVersion, "clvo7ajpc014907zxagiw9hry", "clvmpaetz76ct0706730rfcq9", "clvmpaetz76ct0706730rfcq9", "2024-05-06T17:18:48.797Z"},
		"v1-label-created":  {payload.V1, "cle355i370h86070hf1v7ata1", "cle357uex0g5307z996y28ic0", "cldbyu7c7n4jp072scuqt66ll", "2023-02-13T18:22:46Z"},
		"v1-label-updated":  {payload.V1, "cl2i6gssn1o2210a3gq549fq0", "cl4g555g81ltr07cka1a2b1wv", "cl2hzfg8g18kw0ztwbtnq0b6q", "2022-06-16T19:58:25Z"},
		"v1-label-deleted":  {payload.V1, "cl2i6gssn1o2210a3gq549fq0", "cl2i6hegh1x660z9i9fzz01a0", "cl2hzfg8g18kk0ztwg22ke4vz", "2022-06-16T20:12:41Z"},
		"v1-workflow":       {payload.NoVersion, "clbxofp0h05d2074475g14f9v", "cl9elx44f001i076k2pz84tw6", "cl9elx44f001i076k2pz84tw6", "2023-01-20T12:06:01.421Z"},
		"model-run-started": {payload.NoVersion, "", "", "", ""},
		"review":            {payload.NoVersion, "", "", "", "2024-05-06T17:20:00Z"},
		"unknown":           {payload.NoVersion, "", "", "", ""},
	}
	for _, s := range samples.All() {
		t.Run(s.Name+" as "+string(s.Event), func(t *testing.T) {
			d, want := identified(s.Header, s.Body()), wants[s.Name]
			at := ""
			if !d.Time.IsZero() {
				at = d.Time.Format(time.RFC3339Nano)
			}
			if got := (identity{d.Version, d.ProjectID, d.Subject(), d.DataRowID, at}); d.Event != s.Event || got != want {
				t.Errorf("got %s %+v, want %s %+v", d.Event, got, s.Event, want)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, s.Body()); err != nil {
				t.Fatal(err)
			}
			if got := identified(s.Header, compact.Bytes()); got.Event != d.Event || got.Subject() != d.Subject() || got.Version != d.Version {
				t.Errorf("printed compactly it is %s %s", got.Event, got.Subject())
			}
		})
	}
}

const (
	v1Label  = `{"id":"l","label":"{}","createdAt":"2024-01-01T00:00:00Z","updatedAt":"2024-01-02T00:00:00Z","project":{"id":"p"},"dataRow":{"id":"r"}}`
	workflow = `{"projectId":"p","action":"MOVE","dataRowIds":["r"],"originTaskId":"o","timestamp":"2024-01-01T00:00:00Z"}`
)

func TestIdentifyWeighsHeaderAndShape(t *testing.T) {
	v2Label := string(sample)
	for name, test := range map[string]struct {
		header, body string
		want         payload.Event
	}{
		"as documented":              {"LABEL_CREATED", v2Label, payload.LabelCreated},
		"lower case":                 {"label_created", v2Label, payload.LabelCreated},
		"dots":                       {"label.created", v2Label, payload.LabelCreated},
		"dashes and mixed case":      {"Label-Deleted", v2Label, payload.LabelDeleted},
		"blanks":                     {"label updated", v1Label, payload.LabelUpdated},
		"workflow by action":         {"MOVE", workflow, payload.WorkflowAction},
		"workflow by rejection":      {"REJECT", workflow, payload.WorkflowAction},
		"workflow under no header":   {"", workflow, payload.WorkflowAction},
		"workflow under a label's":   {"LABEL_DELETED", workflow, payload.WorkflowAction},
		"label under a workflow's":   {"WORKFLOW_ACTION", v2Label, payload.LabelUpdated},
		"label under no header":      {"", v1Label, payload.LabelUpdated},
		"label under a strange one":  {"LABEL_ARCHIVED", v1Label, payload.LabelUpdated},
		"label under a very long":    {strings.Repeat("LABEL_CREATED", 9), v1Label, payload.LabelUpdated},
		"never updated, no header":   {"", strings.Replace(v1Label, "01-02", "01-01", 1), payload.LabelCreated},
		"says deleted, no header":    {"", `{"deleted":true,` + v1Label[1:], payload.LabelDeleted},
		"says deleted, is updated":   {"LABEL_UPDATED", `{"deleted":true,` + v1Label[1:], payload.LabelUpdated},
		"retired review":             {"REVIEW_UPDATED", `{"anything":1}`, payload.ReviewUpdated},
		"review around a data row":   {"REVIEW_CREATED", `{"data_row":{"id":"r"},"label":{"review":{"score":1}}}`, payload.ReviewCreated},
		"model run":                  {"", `{"modelId":"m","modelRunId":"r","modelType":"t"}`, payload.ModelRunStarted},
		"label shape is unknown":     {"LABEL_CREATED", `{"labels":[]}`, payload.Unknown},
		"action without tasks":       {"WORKFLOW_ACTION", `{"action":"MOVE"}`, payload.Unknown},
		"empty object":               {"LABEL_CREATED", `{}`, payload.Unknown},
		"array":                      {"LABEL_CREATED", `[]`, payload.Unknown},
		"not JSON":                   {"LABEL_CREATED", `hello`, payload.Unknown},
		"cut short":                  {"LABEL_CREATED", v2Label[:len(v2Label)-1], payload.Unknown},
		"cut short, review":          {"REVIEW_CREATED", `{"a":`, payload.Unknown},
		"broken before its identity": {"LABEL_CREATED", `{"data_row":{"id" "r"}}`, payload.Unknown},
		"two objects":                {"LABEL_CREATED", v1Label + v1Label, payload.Unknown},
		"byte order mark":            {"LABEL_CREATED", "\ufeff" + v1Label, payload.Unknown},
		"invalid UTF-8 in a text":    {"LABEL_CREATED", strings.Replace(v1Label, `"{}"`, "\"\xff\"", 1), payload.LabelCreated},
		"huge number":                {"LABEL_CREATED", `{"secondsToLabel":` + strings.Repeat("9", 5000) + `,` + v1Label[1:], payload.LabelCreated},
		"unknown members":            {"LABEL_CREATED", `{"new":{"a":[1,{"b":null}]},` + v1Label[1:], payload.LabelCreated},
		"data row only":              {"LABEL_CREATED", `{"data_row":{"id":"r"},"media_attributes":{}}`, payload.LabelCreated},
		"v1 label as an object":      {"LABEL_CREATED", `{"label":{"objects":[]},"project":{"id":"p"}}`, payload.LabelCreated},
		"data_row of a wrong type":   {"LABEL_CREATED", `{"data_row":"r"}`, payload.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			d := identified(test.header, []byte(test.body))
			if d.Event != test.want {
				t.Errorf("got %s, want %s", d.Event, test.want)
			}
			if d.Event == payload.Unknown && (d.ProjectID != "" || d.Subject() != "" || !d.Time.IsZero()) {
				t.Errorf("an unknown event knows things: %+v", d)
			}
			if string(d.Body) != test.body || d.EventName != test.header {
				t.Error("body or header changed")
			}
		})
	}
}

func TestIdentifyReadsASubjectInAnyOrder(t *testing.T) {
	for _, body := range []string{
		`{"projects":{"p":{"labels":[{"label_details":{"updated_at":"2024-01-01T00:00:00Z"},"annotations":{"objects":[{"id":"x"}]},"id":"l"},{"id":"other"}]},"q":{"labels":[{"id":"more"}]}},"media_attributes":{"id":"m"},"data_row":{"id":"r"}}`,
		`{"media_attributes":{},"data_row":{"details":{"id":"d"},"id":"r"},"projects":{"empty":{"labels":[]},"p":{"project_details":{"id":"x"},"labels":[{"id":"l","label_details":{"updated_at":"2024-01-01T00:00:00.000+00:00"}}]}}}`,
		`{"data_row":{"id":"\u0072"},"projects":{"\u0070":{"labels":[{"id":"\u006c","label_details":{"created_at":"2024-01-01T00:00:00Z"}}]}}}`,
	} {
		d := identified("LABEL_CREATED", []byte(body))
		if d.DataRowID != "r" || d.ProjectID != "p" || d.LabelID != "l" || d.Time.Year() != 2024 {
			t.Errorf("%s is %s in %s on %s at %s", body, d.LabelID, d.ProjectID, d.DataRowID, d.Time)
		}
	}
	several := identified("MOVE", []byte(`{"action":"MOVE","dataRowIds":["a","b"],"projectId":"p"}`))
	if several.Subject() != "" || several.DataRowID != "" || several.ProjectID != "p" {
		t.Errorf("an action on two data rows is about %q", several.Subject())
	}
}

func TestKey(t *testing.T) {
	sum := sha256.Sum256(append([]byte("label.created\n"), sample...))
	d := identified("LABEL_CREATED", sample)
	if want := hex.EncodeToString(sum[:])[:32]; d.Key() != want || d.Reference() != want {
		t.Errorf("key %s, want %s", d.Key(), want)
	}
	if again := identified("label.created", bytes.Clone(sample)); again.Key() != d.Key() {
		t.Error("a redelivery has another key")
	}
	if updated := identified("LABEL_UPDATED", sample); updated.Key() == d.Key() {
		t.Error("another event has the same key")
	}
}

func TestKeyOfAnUnknownShapeCountsTheHeadersName(t *testing.T) {
	keyOf := func(name string) string {
		d := identified(name, []byte(`{"new":"shape"}`))
		if d.Event != payload.Unknown {
			t.Fatalf("%q is %s", name, d.Event)
		}
		return d.Key()
	}
	seen := map[string]string{}
	for _, name := range []string{"", "LABEL_CREATED", "LABEL_UPDATED", "LABEL_DELETED", "BATCH_CREATED", "BATCH_REMOVED"} {
		if other, there := seen[keyOf(name)]; there {
			t.Errorf("%q has the key of %q", name, other)
		}
		seen[keyOf(name)] = name
	}
	for _, same := range [][2]string{{"LABEL_CREATED", "label.created"}, {"", "unknown"}} {
		if keyOf(same[0]) != keyOf(same[1]) {
			t.Errorf("%q and %q have two keys", same[0], same[1])
		}
	}
	sum := sha256.Sum256([]byte("unknown\n{\"new\":\"shape\"}"))
	if want := hex.EncodeToString(sum[:])[:32]; keyOf("") != want {
		t.Errorf("without a name the key is %s, want %s", keyOf(""), want)
	}
}

func TestObjectName(t *testing.T) {
	d := identified("LABEL_CREATED", sample)
	if got, want := d.ObjectName(), "event=label.created/dt=2024-05-06/20240506T171848.000Z-"+d.Key()+".json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d = identified("", []byte("?"))
	if got, want := d.ObjectName(), "event=unknown/dt=__HIVE_DEFAULT_PARTITION__/"+d.Key()+".json"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAttributes(t *testing.T) {
	header := http.Header{core.EventHeader: {"LABEL_CREATED"}, core.IDHeader: {"delivery"}, core.SignatureHeader: {"sha1=…"}, "Content-Type": {"application/json; charset=utf-8"}}
	d := core.Identify(header, sample)
	want := []core.Attribute{
		{"specversion", "1.0"}, {"id", "delivery"}, {"type", "com.labelbox.label.created"}, {"source", "/labelbox/projects/project"},
		{"labelboxkey", d.Key()}, {"labelboxsignature", "sha1=…"}, {"subject", "label"}, {"time", "2024-05-06T17:18:48Z"},
		{"labelboxversion", "v2"}, {"labelboxdatarow", "row"}, {"datacontenttype", "application/json; charset=utf-8"},
	}
	if got := d.Attributes(); !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	bare := core.Identify(http.Header{}, []byte("?"))
	if got := bare.Attributes(); len(got) != 6 || got[1].Value != bare.Key() || got[3].Value != "/labelbox" || got[5].Value != "application/json" {
		t.Errorf("of an unknown delivery: %v", got)
	}
}

// FuzzIdentify holds identification against a full decode of the same body.
func FuzzIdentify(f *testing.F) {
	for _, s := range samples.All() {
		f.Add(s.Header, s.Body())
	}
	f.Add("", []byte(`{"data_row":{"id":1},"projects":[]}`))
	f.Fuzz(func(t *testing.T, header string, body []byte) {
		d := identified(header, body)
		if d.Event == payload.Unknown {
			return
		}
		if trimmed := bytes.TrimSpace(body); trimmed[0] != '{' {
			t.Fatalf("%q is a %s", body, d.Event)
		}
		if d.Event.IsLabel() {
			e, err := d.Label()
			if err != nil {
				return // identification reads only the beginning
			}
			if d.DataRowID != e.DataRow.ID && e.DataRow.ID != "" {
				t.Fatalf("data row %q, decoded %q", d.DataRowID, e.DataRow.ID)
			}
			ids := map[string]bool{}
			for l := range e.Labels() {
				ids[l.ID] = true
			}
			if d.LabelID != "" && !ids[d.LabelID] && d.Version == payload.V2 {
				t.Fatalf("label %q is not among %v", d.LabelID, ids)
			}
		}
	})
}
