package payload_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func label(t *testing.T, name string) *payload.LabelEvent {
	t.Helper()
	for _, s := range samples.All() {
		if s.Name == name {
			e, err := identified(s.Header, s.Body()).Label()
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	}
	t.Fatalf("no sample %s", name)
	return nil
}

func date(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// rawless takes out what is not a value of its own, so that the rest can be
// compared.
func rawless(e *payload.LabelEvent) *payload.LabelEvent {
	e.Event, e.Version, e.Raw, e.DataRow.Raw, e.Media.Raw = "", "", nil, nil, nil
	for _, p := range e.Projects {
		p.Raw, p.Details.Raw = nil, nil
		for _, l := range p.Labels {
			l.Raw, l.Media = nil, nil
		}
	}
	return e
}

func TestLabelV2(t *testing.T) {
	e := label(t, "v2-label-created")
	l := e.Projects["clvo7ajpc014907zxagiw9hry"].Labels[0]
	if !bytes.Contains(l.Content, []byte(`"bbox"`)) || !bytes.Contains(e.Media.Raw, []byte(`"sub_type": "jpeg"`)) {
		t.Errorf("content %s, media %s", l.Content, e.Media.Raw)
	}
	l.Content = nil
	want := &payload.LabelEvent{
		DataRow: payload.DataRow{
			ID: "clvmpaetz76ct0706730rfcq9", GlobalKey: "TEST-ID-157128604429964085398241585654637789196d", Metadata: []byte("[]"),
			RowData: "https://storage.googleapis.com/labelbox-datasets/People_Clothing_Segmentation/jpeg_images/IMAGES/img_0001.jpeg",
			Details: payload.DataRowDetails{DatasetID: "clvmpa9et010j0750rlgs8qdi", CreatedAt: date("2024-04-30T18:07:10.82Z"), UpdatedAt: date("2024-04-30T18:07:14.199Z")},
		},
		Projects: map[string]*payload.Project{"clvo7ajpc014907zxagiw9hry": {
			ID: "clvo7ajpc014907zxagiw9hry", Name: "test_lambda",
			Labels: []*payload.Label{{
				ID: "clvo7b6h501ic07fdbg62c32w", ProjectID: "clvo7ajpc014907zxagiw9hry", Kind: "Default",
				Details:     payload.LabelDetails{CreatedAt: date("2024-05-06T17:18:48Z"), UpdatedAt: date("2024-05-06T17:18:48Z"), CreatedBy: "[email\u00a0protected]"},
				Performance: payload.PerformanceDetails{SecondsToCreate: 5759.536},
			}},
			Details: payload.ProjectDetails{OntologyID: "clvcnmpor0aq207z14jesh8w7", BatchID: "11EF07D4F9E60FC08820734F207E70B1", Priority: 5, ConsensusExpected: 1},
		}},
		Media: payload.Media{AssetType: "image", MimeType: "image/jpeg", Width: 550, Height: 825, ContentLength: 122898, EXIFRotation: 1},
	}
	if got := rawless(e); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLabelV1HasTheFormOfV2(t *testing.T) {
	e := label(t, "v1-label-deleted")
	l := e.Projects["cl2i6gssn1o2210a3gq549fq0"].Labels[0]
	if !bytes.HasPrefix(l.Content, []byte(`{"objects":[{"featureId":"cl2i6hhgd00013f6ghfnrcn6h"`)) {
		t.Errorf("content %s", l.Content)
	}
	l.Content = nil
	want := &payload.LabelEvent{
		DataRow: payload.DataRow{
			ID: "cl2hzfg8g18kk0ztwg22ke4vz", ExternalID: "SYH_2017-04-27_1324.jpg", RowData: e.DataRow.RowData,
			Details: payload.DataRowDetails{DatasetID: "cl2hz9qay0unl10a3f4wmcsfi", DatasetName: "data", CreatedAt: date("2022-04-27T19:40:43Z"), UpdatedAt: date("2022-04-27T20:13:52Z")},
		},
		Projects: map[string]*payload.Project{"cl2i6gssn1o2210a3gq549fq0": {
			ID: "cl2i6gssn1o2210a3gq549fq0", Name: "grapes",
			Labels: []*payload.Label{{
				ID: "cl2i6hegh1x660z9i9fzz01a0", ProjectID: "cl2i6gssn1o2210a3gq549fq0", Deleted: true,
				Details:     payload.LabelDetails{CreatedAt: date("2022-04-27T22:58:35Z"), UpdatedAt: date("2022-06-16T20:12:41Z"), CreatedBy: "[email\u00a0protected]"},
				Performance: payload.PerformanceDetails{SecondsToCreate: 31.448},
			}},
		}},
	}
	if got := rawless(e); !reflect.DeepEqual(got, want) || !strings.Contains(e.DataRow.RowData, "Signature=") {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestLabelIsWhatEncodingJSONMakesOfIt keeps the struct tags true: any JSON
// library reads a v2 body into the same struct.
func TestLabelIsWhatEncodingJSONMakesOfIt(t *testing.T) {
	for _, name := range []string{"v2-label-created", "v2-label-deleted"} {
		e := label(t, name)
		var other payload.LabelEvent
		if err := json.Unmarshal(e.Raw, &other); err != nil {
			t.Fatal(err)
		}
		for id, p := range other.Projects {
			p.ID = id
			for _, l := range p.Labels {
				l.ProjectID = id
			}
		}
		if got := rawless(e); !reflect.DeepEqual(got, &other) {
			t.Errorf("got  %+v\nwant %+v", got, &other)
		}
	}
}

func TestLabelToleratesEverySpellingAndType(t *testing.T) {
	for name, test := range map[string]struct {
		body  string
		check func(*payload.LabelEvent, *payload.Label) bool
	}{
		"camel case": {`{"data_row":{"externalId":"e","globalKey":"g","rowData":"d"},"projects":{"p":{"projectName":"n","labels":[{"labelKind":"Video","labelDetails":{"createdBy":"me"},"performanceDetails":{"secondsToCreate":2}}]}},"mediaAttributes":{"mimeType":"m","pageCount":3}}`,
			func(e *payload.LabelEvent, l *payload.Label) bool {
				return e.DataRow.ExternalID == "e" && e.DataRow.GlobalKey == "g" && e.DataRow.RowData == "d" && e.Projects["p"].Name == "n" &&
					l.Kind == "Video" && l.Details.CreatedBy == "me" && l.Performance.SecondsToCreate == 2 && e.Media.MimeType == "m" && e.Media.PageCount == 3
			}},
		"as exported": {`{"data_row":{"id":"r","details":{"dataset_name":"d","created_at":"2024-01-01T00:00:00.000+00:00"}},"metadata_fields":[{"schema_name":"s"}],"projects":{"p":{"name":"n","labels":[{"version":"1.0.0"}],"project_details":{"workflow_status":"Done","batch_name":"b","consensus_expected_label_count":3}}}}`,
			func(e *payload.LabelEvent, l *payload.Label) bool {
				p := e.Projects["p"]
				return string(e.DataRow.Metadata) == `[{"schema_name":"s"}]` && e.DataRow.Details.DatasetName == "d" && e.DataRow.Details.CreatedAt.Year() == 2024 &&
					p.Name == "n" && p.Details.Status == "Done" && p.Details.BatchName == "b" && p.Details.ConsensusExpected == 3 && strings.Contains(string(l.Raw), "1.0.0")
			}},
		"wrong types cost only themselves": {`{"data_row":{"id":12,"external_id":["x"],"details":"none","row_data":true},"projects":{"p":{"labels":[{"id":null,"label_kind":{},"label_details":{"created_at":"soon","updated_at":7,"created_by":"me"},"performance_details":{"seconds_to_create":"4.5","skipped":"true"}}],"project_details":{"priority":"5","consensus_expected_label_count":{"Int32":2,"Valid":false}}}},"media_attributes":{"width":"tall","height":9.5}}`,
			func(e *payload.LabelEvent, l *payload.Label) bool {
				return e.DataRow.ID == "12" && e.DataRow.ExternalID == "" && e.DataRow.RowData == "true" && l.ID == "" && l.Details.CreatedAt.IsZero() && l.Details.UpdatedAt.IsZero() &&
					l.Details.CreatedBy == "me" && l.Performance.SecondsToCreate == 4.5 && !l.Performance.Skipped && e.Projects["p"].Details.Priority == 5 &&
					e.Projects["p"].Details.ConsensusExpected == 0 && e.Media.Width == 0 && e.Media.Height == 9.5
			}},
		"unknown members stay reachable": {`{"data_row":{"id":"r","new":1},"projects":{"p":{"new":2,"labels":[{"new":3}],"project_details":{"new":4}}},"media_attributes":{"new":5},"new":6}`,
			func(e *payload.LabelEvent, l *payload.Label) bool {
				p := e.Projects["p"]
				all := string(e.DataRow.Raw) + string(p.Raw) + string(l.Raw) + string(p.Details.Raw) + string(e.Media.Raw) + string(e.Raw)
				for _, n := range "123456" {
					if !strings.Contains(all, `"new":`+string(n)) {
						return false
					}
				}
				return true
			}},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := identified("LABEL_CREATED", []byte(test.body)).Label()
			if err != nil {
				t.Fatal(err)
			}
			if !test.check(e, e.Projects["p"].Labels[0]) {
				t.Errorf("got %+v %+v", e, e.Projects["p"].Labels[0])
			}
		})
	}
}

func TestLabelsOfSeveralProjectsComeInOrder(t *testing.T) {
	e, err := identified("LABEL_CREATED", []byte(`{"data_row":{"id":"r"},"projects":{"b":{"labels":[{"id":"3"}]},"c":{"labels":[]},"a":{"labels":[{"id":"1"},{"id":"2"}]}}}`)).Label()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for l := range e.Labels() {
		got.WriteString(l.ProjectID + l.ID + " ")
	}
	if got.String() != "a1 a2 b3 " {
		t.Errorf("got %s", &got)
	}
}

func TestV1LabelTextKeepsItsForm(t *testing.T) {
	for in, want := range map[string]string{
		`"{\"objects\":[]}"`: `{"objects":[]}`, `"Skip"`: `Skip`, `""`: ``, `null`: `null`, `{"objects":[]}`: `{"objects":[]}`, `"\u007b\u007d"`: `{}`,
	} {
		e, err := identified("LABEL_CREATED", []byte(`{"label":`+in+`,"dataRow":{"id":"r"},"project":{"id":"p"}}`)).Label()
		if err != nil {
			t.Fatal(err)
		}
		if got := string(e.Projects["p"].Labels[0].Content); got != want {
			t.Errorf("label %s is %q, want %q", in, got, want)
		}
	}
}

func TestDecodingRefuses(t *testing.T) {
	for name, d := range map[string]*core.Delivery{
		"broken behind the identity": identified("LABEL_CREATED", append(bytes.TrimSuffix(bytes.Clone(sample), []byte("}")), `,"media_attributes":{"a" 1}}`...)),
		"duplicate name":             identified("LABEL_CREATED", []byte(`{"data_row":{"id":"r"},"data_row":{"id":"q"}}`)),
		"another event":              identified("MOVE", []byte(workflow)),
		"unknown":                    identified("LABEL_CREATED", []byte("?")),
	} {
		if e, err := d.Label(); !errors.Is(err, payload.ErrDecode) || e != nil {
			t.Errorf("%s: got %v, %v", name, e, err)
		}
	}
	if _, err := identified("LABEL_CREATED", sample).Workflow(); !errors.Is(err, payload.ErrDecode) {
		t.Errorf("a label as workflow action: %v", err)
	}
	if _, err := identified("LABEL_CREATED", sample).ModelRun(); !errors.Is(err, payload.ErrDecode) {
		t.Errorf("a label as model run: %v", err)
	}
}

func TestWorkflow(t *testing.T) {
	s, _ := samples.Find(payload.WorkflowAction, payload.V1)
	e, err := identified("APPROVE", s.Body()).Workflow()
	if err != nil {
		t.Fatal(err)
	}
	var other payload.WorkflowEvent
	if err := json.Unmarshal(s.Body(), &other); err != nil {
		t.Fatal(err)
	}
	e.Raw = nil
	if !reflect.DeepEqual(e, &other) || e.DestinationTaskID != "" || e.DestinationTaskName != "Done" || e.Timestamp != date("2023-01-20T12:06:01.421Z") {
		t.Errorf("got %+v, want %+v", e, other)
	}
}

func TestModelRun(t *testing.T) {
	s, _ := samples.Find(payload.ModelRunStarted, payload.NoVersion)
	e, err := identified("", s.Body()).ModelRun()
	if err != nil || e.ModelID != "clmodel00000000000000000001" || e.ModelRunID != "clmodelrun000000000000000001" || e.ModelType != "image_classification" {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestLabelsThatCount(t *testing.T) {
	row := func(details string, labels ...string) string {
		return `{"data_row":{"id":"r"},"projects":{"p":{"labels":[` + strings.Join(labels, ",") + `],"project_details":{` + details + `}}}}`
	}
	older := `{"id":"older","label_details":{"updated_at":"2024-01-01T00:00:00Z","created_by":"a@example.com"},"annotations":{"objects":[{"point":[1,2]}],"classifications":[{"answer":"x","classifications":[{"answer":"y"}]}]}}`
	newer := `{"id":"newer","label_details":{"updated_at":"2024-01-02T00:00:00Z","created_by":"b@example.com"},"performance_details":{"benchmark_reference_label":"older","consensus_score":0.5},"annotations":{"objects":[{"point":[3,4]}]}}`
	skipped := `{"id":"skipped","label_details":{"updated_at":"2024-01-03T00:00:00Z"},"performance_details":{"skipped":true},"annotations":{}}`
	for name, test := range map[string]struct{ body, want string }{
		"the one that is named":      {row(`"selected_label_id":"older"`, older, newer), "older"},
		"the named one is elsewhere": {row(`"selected_label_id":"other"`, older, newer), ""},
		"the named one is skipped":   {row(`"selected_label_id":"skipped"`, older, skipped), "skipped"},
		"none named, the newest":     {row(``, newer, older, skipped), "newer"},
		"none but a skipped one":     {row(``, skipped), ""},
		"no label":                   {row(``), ""},
		"one":                        {row(``, older), "older"},
		"v1":                         {`{"id":"l","label":"{}","project":{"id":"p"},"dataRow":{"id":"r"}}`, "l"},
		"v1, skipped":                {`{"id":"l","label":"{}","skipped":true,"project":{"id":"p"},"dataRow":{"id":"r"}}`, ""},
		"v1, deleted":                {`{"id":"l","label":"{}","deleted":true,"project":{"id":"p"},"dataRow":{"id":"r"}}`, ""},
	} {
		e, err := identified("LABEL_CREATED", []byte(test.body)).Label()
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for l := range e.Selected() {
			got += l.ID
		}
		if got != test.want {
			t.Errorf("%s: %q counts, want %q", name, got, test.want)
		}
	}

	// All of them together say whose each annotation is.
	d := identified("LABEL_CREATED", []byte(`{"media_attributes":{"width":200,"height":100,"exif_rotation":6},`+row(`"selected_label_id":"newer"`, older, newer)[1:]))
	a, err := d.Annotations()
	if err != nil {
		t.Fatal(err)
	}
	if a.Asset != (annotation.AssetSize{Width: 200, Height: 100, Rotation: 6}) {
		t.Errorf("asset %+v", a.Asset)
	}
	first := annotation.LabelRef{ID: "older", ProjectID: "p", CreatedBy: "a@example.com"}
	if len(a.Objects) != 2 || *a.Objects[0].LabelRef != first || a.Objects[1].LabelRef.ID != "newer" || !a.Objects[1].LabelRef.Selected {
		t.Errorf("objects %+v", a.Objects)
	}
	if q := a.Classifications[0]; *q.LabelRef != first || *q.Classifications[0].LabelRef != first {
		t.Errorf("classifications %+v", a.Classifications)
	}
	text, err := json.Marshal(a)
	if err != nil || !bytes.Contains(text, []byte(`"label_ref":{"id":"older","project_id":"p","created_by":"a@example.com"},"raw":{"point":[1,2]}`)) {
		t.Errorf("%v: %s", err, text)
	}
	e, err := d.Label()
	if err != nil {
		t.Fatal(err)
	}
	for l := range e.Selected() {
		if one, err := l.Annotations(); err != nil || len(one.Objects) != 1 || one.Objects[0].LabelRef.ID != "newer" || one.Asset != a.Asset {
			t.Errorf("%v: %+v", err, one)
		}
	}
}
