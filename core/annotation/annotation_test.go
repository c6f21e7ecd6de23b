package annotation_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

var update = flag.Bool("update", false, "rewrite the golden files of testdata/annotations")

// contents are the label contents under testdata/annotations, one file a form.
func contents(tb testing.TB) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob("testdata/annotations/*.json")
	if err != nil || len(paths) == 0 {
		tb.Fatal("no testdata", err)
	}
	files := make(map[string][]byte)
	for _, path := range paths {
		if strings.HasSuffix(path, ".golden.json") {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		files[strings.TrimSuffix(filepath.Base(path), ".json")] = content
	}
	return files
}

// deliver puts a label content into a webhook body of the version that its
// file's name begins with.
func deliver(tb testing.TB, name string, content []byte) *core.Delivery {
	tb.Helper()
	label := map[string]any{"id": "l1", "label_details": map[string]any{}, "annotations": jsontext.Value(content)}
	body := map[string]any{
		"data_row": map[string]any{"id": "d1"},
		"projects": map[string]any{"p1": map[string]any{"labels": []any{label}}},
	}
	if strings.HasPrefix(name, "v1") {
		body = map[string]any{"id": "l1", "label": string(content), "dataRow": map[string]any{"id": "d1"}, "project": map[string]any{"id": "p1"}}
	}
	return identify(tb, payload.LabelCreated, body)
}

func identify(tb testing.TB, event payload.Event, payload any) *core.Delivery {
	tb.Helper()
	body, err := json.Marshal(payload)
	if err != nil {
		tb.Fatal(err)
	}
	return core.Identify(http.Header{core.EventHeader: {string(event)}}, body)
}

// view is what the annotations say, without whose they are and what that was
// read from.
func view(tb testing.TB, a *annotation.Set) []byte {
	tb.Helper()
	bare := *a
	bare.Objects, bare.Classifications = slices.Clone(a.Objects), slices.Clone(a.Classifications)
	bare.Relationships, bare.Segments = slices.Clone(a.Relationships), slices.Clone(a.Segments)
	for i := range bare.Objects {
		bare.Objects[i].LabelRef, bare.Objects[i].Raw = nil, nil
	}
	for i := range bare.Classifications {
		bare.Classifications[i].LabelRef, bare.Classifications[i].Raw = nil, nil
	}
	for i := range bare.Relationships {
		bare.Relationships[i].LabelRef, bare.Relationships[i].Raw = nil, nil
	}
	for i := range bare.Segments {
		bare.Segments[i].LabelRef = nil
	}
	text, err := json.MarshalIndent(&bare, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	return append(text, '\n')
}

func TestAnnotationsOfEachForm(t *testing.T) {
	for name, content := range contents(t) {
		t.Run(name, func(t *testing.T) {
			a, err := (&payload.Label{Content: content}).Annotations()
			if err != nil {
				t.Fatal(err)
			}
			got := view(t, a)
			golden := filepath.Join("testdata", "annotations", name+".golden.json")
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %s\nwant %s", got, want)
			}

			delivered, err := deliver(t, name, content).Annotations()
			if err != nil {
				t.Fatal(err)
			}
			if got := view(t, delivered); !bytes.Equal(got, want) {
				t.Errorf("from a delivery: got %s\nwant %s", got, want)
			}
			checkRaw(t, content, a)
			for _, o := range a.Objects {
				if o.Kind != kindOf(o.Geometry) {
					t.Errorf("a %s has the geometry %T", o.Kind, o.Geometry)
				}
			}
		})
	}
}

// kindOf is the table that the Kind constants document.
func kindOf(g annotation.Geometry) annotation.Kind {
	switch g.(type) {
	case annotation.Box:
		return annotation.KindBox
	case annotation.Polygon:
		return annotation.KindPolygon
	case annotation.HoledPolygon:
		return annotation.KindHoledPolygon
	case annotation.Line:
		return annotation.KindLine
	case annotation.Point:
		return annotation.KindPoint
	case annotation.Mask:
		return annotation.KindMask
	case annotation.TextSpan:
		return annotation.KindTextSpan
	case annotation.GeoShape:
		return annotation.KindGeoShape
	case annotation.DocumentBox:
		return annotation.KindDocumentBox
	case annotation.DocumentTokens:
		return annotation.KindDocumentTokens
	case annotation.MessageSelection:
		return annotation.KindMessageSelection
	}
	return annotation.KindUnknown
}

// checkRaw sees that each annotation's Raw is the JSON it was read from.
func checkRaw(t *testing.T, content []byte, a *annotation.Set) {
	t.Helper()
	check := func(raw jsontext.Value) {
		if !json.Valid(raw) || !bytes.Contains(content, raw) {
			t.Errorf("Raw is no part of the content: %s", raw)
		}
	}
	for _, o := range a.Objects {
		check(o.Raw)
	}
	for _, q := range a.Classifications {
		check(q.Raw)
	}
	for _, r := range a.Relationships {
		check(r.Raw)
	}
}

// One handler serves both versions: what both can say, they say alike.
func TestAnnotationsOfV1AndV2AreTheSame(t *testing.T) {
	files := contents(t)
	for _, pair := range [][2]string{
		{"v1-image", "v2-image-webhook"},
		{"v1-answers", "v2-answers"},
		{"v1-text", "v2-text-webhook"},
		{"v1-relationships", "v2-relationships"},
		{"v1-video", "v2-video"},
		{"v2-video", "v2-video-as-lists"},
		{"v1-document-box", "v2-document-box-webhook"},
		{"v1-geo", "v2-geo"},
	} {
		var views [2][]byte
		for i, name := range pair {
			a, err := deliver(t, name, files[name]).Annotations()
			if err != nil {
				t.Fatal(err)
			}
			for i := range a.Objects { // v1 has no annotation_kind
				a.Objects[i].Tool = ""
			}
			views[i] = view(t, a)
		}
		if !bytes.Equal(views[0], views[1]) {
			t.Errorf("%s: %s\n%s: %s", pair[0], views[0], pair[1], views[1])
		}
	}
}

// JSON's members have no order: frameNumber may follow the objects, a unit the
// boxes, the list of key frames the frames.
func TestAnnotationsDoNotDependOnMemberOrder(t *testing.T) {
	for name, content := range contents(t) {
		if name == "v2-odd-values" || strings.HasPrefix(name, "v1-2018") {
			continue // there the order counts: the first of several geometries, classes without ids
		}
		var v any
		if err := json.Unmarshal(content, &v); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		a, err := (&payload.Label{Content: content}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		b, err := (&payload.Label{Content: sorted}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range []*annotation.Set{a, b} { // frames and groups are members too
			slices.SortFunc(a.Objects, byEncoding)
			slices.SortFunc(a.Classifications, byEncoding)
		}
		if one, other := view(t, a), view(t, b); !bytes.Equal(one, other) {
			t.Errorf("%s: %s\nwith sorted members: %s", name, one, other)
		}
	}
}

func byEncoding[T any](a, b T) int {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Compare(x, y)
}

func TestAnnotationsOfSamples(t *testing.T) {
	for _, s := range samples.All() {
		t.Run(s.Name+" "+string(s.Event), func(t *testing.T) {
			d := core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())
			a, err := d.Annotations()
			if err != nil {
				t.Fatal(err)
			}
			var kinds []annotation.Kind
			for _, o := range a.Objects {
				kinds = append(kinds, o.Kind)
			}
			want := []annotation.Kind{annotation.KindBox}
			switch {
			case !d.Event.IsLabel():
				want = nil
			case d.Event == payload.LabelDeleted && d.Version == payload.V1:
				want = []annotation.Kind{annotation.KindBox, annotation.KindMask}
			}
			if !slices.Equal(kinds, want) {
				t.Errorf("kinds = %q, want %q", kinds, want)
			}
			if a.Objects == nil || a.Classifications == nil || a.Relationships == nil {
				t.Error("an empty list is nil")
			}
		})
	}

	s, _ := samples.Find(payload.LabelCreated, payload.V2)
	a, err := core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body()).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	got := a.Objects[0]
	got.Raw = nil
	if got.LabelRef.ID != "clvo7b6h501ic07fdbg62c32w" || got.LabelRef.ProjectID != "clvo7ajpc014907zxagiw9hry" {
		t.Errorf("an object of the label %+v", got.LabelRef)
	}
	got.LabelRef = nil
	want := annotation.Object{
		Feature:  annotation.Feature{ID: "clvv876mw00023b6qr6mk2o4s", SchemaID: "clvcnmppk0aq507z11haa4x66", Name: "person", Value: "person", Color: "#1976d2"},
		Kind:     annotation.KindBox,
		Geometry: annotation.Box{Top: 85, Left: 24, Height: 359, Width: 480},
		Mask:     got.Mask,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestAnnotationsOfContentThatIsText(t *testing.T) {
	for content, want := range map[string]string{
		"":                                  "",
		" ":                                 "",
		"null":                              "",
		"Skip":                              "Skip",
		"  Skip \n":                         "Skip",
		`"Skip"`:                            "Skip",
		`"\u0053kip"`:                       "Skip",
		`"null"`:                            "",
		`"Skip`:                             `"Skip`,
		"true":                              "true",
		"-1.5":                              "-1.5",
		"<b>{}</b>":                         "<b>{}</b>",
		"Skip \xff":                         "Skip \xff",
		`"{\"objects\":[{\"a\":1},5]}"`:     "", // wrapped once more
		`"[{\"objects\":[{\"a\":1},5]}]\n"`: "",
	} {
		a, err := (&payload.Label{Content: []byte(content)}).Annotations()
		if err != nil {
			t.Errorf("%q: %v", content, err)
			continue
		}
		if a.Text != want {
			t.Errorf("%q: Text = %q, want %q", content, a.Text, want)
		}
		if n := 2 * strings.Count(content, "objects"); len(a.Objects) != n {
			t.Errorf("%q: %d objects, want %d", content, len(a.Objects), n)
		}
	}
}

// What stands behind FramesURL has one frame a line.
func TestAnnotationsOfFramesAsLines(t *testing.T) {
	content := contents(t)["v1-video"]
	want, err := (&payload.Label{Content: content}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	var frames []json.RawMessage
	if err := json.Unmarshal(content, &frames); err != nil {
		t.Fatal(err)
	}
	var lines []byte
	for _, frame := range frames {
		var line bytes.Buffer
		if err := json.Compact(&line, frame); err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line.Bytes()...), '\n')
	}
	got, err := (&payload.Label{Content: lines}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := view(t, got), view(t, want); !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, end := range []string{"{", "x", `{"objects":[]} 1`} {
		if a, err := (&payload.Label{Content: append(bytes.Clone(lines), end...)}).Annotations(); !errors.Is(err, payload.ErrDecode) || a != nil {
			t.Errorf("followed by %s: %v, %v", end, a, err)
		}
	}
}

func TestAnnotationsOfBrokenContent(t *testing.T) {
	deep := strings.Repeat(`{"objects":[`, 20_000)
	for _, content := range []string{
		"{", "[", `{"objects":[}`, `{"objects":[]]`, `{"objects":[]} x`, "[1,]", `{"objects":[{"value":"\q"}]}`,
		`{"objects":[],"objects":[]}`, `{"objects":[{"a":1,"\u0061":2}]}`, `{"x":[1}`, `{"x":"y"`,
		deep, strings.Repeat("[", 20_000), deep + strings.Repeat("]}", 20_000),
	} {
		for _, version := range []string{"v1", "v1 wrapped"} {
			wrapped := content
			if version == "v1 wrapped" {
				quoted, _ := json.Marshal(content)
				wrapped = string(quoted)
			}
			a, err := deliver(t, version, []byte(wrapped)).Annotations()
			if !errors.Is(err, payload.ErrDecode) || a != nil {
				t.Errorf("%s %.40q: %v, %v", version, content, a, err)
			}
		}
	}
}

// Nesting that stays within the limits of a JSON decoder is read to its end.
func TestAnnotationsOfDeepContent(t *testing.T) {
	const n = 2_000
	for _, content := range []string{
		`{"classifications":` + strings.Repeat(`[{"answer":{"classifications":`, n) + "[]" + strings.Repeat("}}]", n) + "}",
		`{"classifications":` + strings.Repeat(`[{"classifications":`, n) + "[]" + strings.Repeat("}]", n) + "}",
		`{"objects":` + strings.Repeat("[", n) + "1" + strings.Repeat("]", n) + "}",
		`{"objects":[{"geojson":{"coordinates":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}}]}",
		`{"objects":[{"data":` + strings.Repeat(`{"location":`, n) + "{}" + strings.Repeat("}", n) + "}]}",
		`{"objects":[{"selected_messages":` + strings.Repeat(`{"messages":`, n) + `"m"` + strings.Repeat("}", n) + "}]}",
		`{"frames":` + strings.Repeat(`[{"frames":`, n) + "[{}]" + strings.Repeat("}]", n) + `,"objects":[{"a":1}]}`,
	} {
		a, err := (&payload.Label{Content: []byte(content)}).Annotations()
		if err != nil {
			t.Errorf("%.60s: %v", content, err)
			continue
		}
		if in, out := annotationsIn(t, []byte(content)), annotationsOut(a); out < in {
			t.Errorf("%.60s: %d annotations of %d", content, out, in)
		}
	}
}

func TestAnnotationsOfSeveralLabels(t *testing.T) {
	label := func(content string) any {
		return map[string]any{"annotations": jsontext.Value(content)}
	}
	d := identify(t, payload.LabelUpdated, map[string]any{
		"data_row": map[string]any{"id": "d1"},
		"projects": map[string]any{
			"p2": map[string]any{"labels": []any{label(`{"objects":[{"feature_id":"c"}]}`)}},
			"p1": map[string]any{"labels": []any{label(`{"objects":[{"feature_id":"a"}]}`), map[string]any{}, label(`{"objects":[{"feature_id":"b"}]}`)}},
		},
	})
	a, err := d.Annotations()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, o := range a.Objects {
		ids = append(ids, o.ID)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(ids, want) {
		t.Errorf("ids = %q, want %q", ids, want)
	}
}

func TestAnnotationsKeepInvalidUTF8(t *testing.T) {
	a, err := (&payload.Label{Content: []byte("{\"objects\":[{\"title\":\"caf\xe9\",\"point\":{\"x\":1,\"y\":2}}]}")}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	if o := a.Objects[0]; o.Name != "caf\xe9" || o.Kind != annotation.KindPoint {
		t.Errorf("got %+v", o)
	}
}

func TestAnnotationsAreConcurrent(t *testing.T) {
	d := deliver(t, "v2-dicom", contents(t)["v2-dicom"])
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a, err := d.Annotations(); err != nil || len(a.Objects) != 2 {
				t.Error(a, err)
			}
		})
	}
	wg.Wait()
}

// annotationsIn counts the objects and classifications of well-formed content,
// at all depths, by what encoding/json makes of it.
func annotationsIn(tb testing.TB, content []byte) int {
	tb.Helper()
	var v any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber() // the largest fit no float64
	if err := decoder.Decode(&v); err != nil {
		tb.Fatal(err)
	}
	if _, isObject := v.(map[string]any); isObject {
		return countPart(v, "frames", "timestamp", "groups")
	}
	return countItems(v, countFrame)
}

func countPart(part any, inner ...string) (n int) {
	for name, v := range members(part) {
		switch {
		case name == "objects":
			n += countItems(v, countObject)
		case name == "classifications":
			n += countItems(v, countClassification)
		case name == "groups" && slices.Contains(inner, name):
			n += countItems(v, func(group any) int { return countPart(group, "frames", "timestamp") })
		case (name == "frames" || name == "timestamp") && slices.Contains(inner, name):
			n += countItems(v, countFrame)
		}
	}
	return n
}

func countFrame(frame any) int {
	m := members(frame)
	if m["featureid"] != nil || m["schemaid"] != nil || m["featureschemaid"] != nil {
		return countObject(frame)
	}
	return countPart(frame)
}

func countObject(object any) int {
	return 1 + countItems(members(object)["classifications"], countClassification)
}

func countClassification(classification any) int {
	n := 1
	for name, v := range members(classification) {
		switch name {
		case "classifications":
			n += countItems(v, countClassification)
		case "answer", "answers", "radioanswer", "checklistanswers", "conversationalradioanswer", "conversationalchecklistanswers":
			if _, isObject := v.(map[string]any); isObject {
				v = []any{v}
			}
			n += countItems(v, func(option any) int { return countItems(members(option)["classifications"], countClassification) })
		}
	}
	return n
}

// members gives an object's members with the separators and the case of their
// names undone.
func members(v any) map[string]any {
	folded := make(map[string]any)
	object, _ := v.(map[string]any)
	for name, v := range object {
		if len(name) <= 40 {
			folded[strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))] = v
		}
	}
	return folded
}

// countItems adds up count over the items of an array, an array of arrays or
// an object.
func countItems(list any, count func(any) int) (n int) {
	var add func(v any)
	add = func(v any) {
		if items, isArray := v.([]any); isArray {
			for _, item := range items {
				add(item)
			}
		} else if m, isObject := v.(map[string]any); v != nil && v != "" && (!isObject || len(m) > 0) { // what is empty holds nothing
			n += count(v)
		}
	}
	switch list := list.(type) {
	case []any:
		add(list)
	case map[string]any:
		for _, v := range list {
			add(v)
		}
	}
	return n
}

func annotationsOut(a *annotation.Set) int {
	n := len(a.Objects) + countClassifications(a.Classifications)
	for _, o := range a.Objects {
		n += countClassifications(o.Classifications)
	}
	return n
}

func countClassifications(list []annotation.Classification) int {
	n := len(list)
	for _, q := range list {
		n += countClassifications(q.Classifications)
		for _, o := range q.Options {
			n += countClassifications(o.Classifications)
		}
	}
	return n
}

func TestAnnotationsAreAllThere(t *testing.T) {
	for name, content := range contents(t) {
		if strings.HasPrefix(name, "v1-2018") {
			continue // it has no lists by which to count
		}
		a, err := (&payload.Label{Content: content}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		if in, out := annotationsIn(t, content), annotationsOut(a); in > out {
			t.Errorf("%s: %d annotations in, %d out", name, in, out)
		}
	}
}

// FuzzAnnotations decodes arbitrary content. It must not panic or give something
// that cannot be encoded; FuzzLossless sees that nothing is lost.
func FuzzAnnotations(f *testing.F) {
	for _, content := range contents(f) {
		f.Add(content)
	}
	for _, content := range []string{"Skip", "null", `"{}"`, `{"frames":"u"}`, "[[{}]]", `{"\u006fbjects":{"a":[{}]}}`, "1e999"} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		a, err := (&payload.Label{Content: content}).Annotations()
		if err != nil {
			if a != nil || !errors.Is(err, payload.ErrDecode) {
				t.Fatal(a, err)
			}
			return
		}
		view(t, a)
	})
}

func BenchmarkAnnotations(b *testing.B) {
	b.Run("content", func(b *testing.B) {
		d := sampleLabel(b)
		event, err := d.Label()
		if err != nil {
			b.Fatal(err)
		}
		for l := range event.Labels() {
			b.SetBytes(int64(len(l.Content)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Annotations(); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
	b.Run("1MB", func(b *testing.B) {
		d := core.Identify(http.Header{}, samples.Large(1<<20))
		b.SetBytes(int64(len(d.Body)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Annotations(); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func sampleLabel(tb testing.TB) *core.Delivery {
	tb.Helper()
	s, ok := samples.Find(payload.LabelCreated, payload.V2)
	if !ok {
		tb.Fatal("no sample")
	}
	return core.Identify(http.Header{core.EventHeader: {s.Header}}, s.Body())
}

// The same code reads the labels of v1 and of v2 webhooks.
func Example() {
	v1 := `{"id":"l1","project":{"id":"p1"},"dataRow":{"id":"d1"},"label":"{\"objects\":[{\"featureId\":\"f1\",\"title\":\"Car\",\"bbox\":{\"top\":1,\"left\":2,\"height\":3,\"width\":4}}]}"}`
	v2 := `{"data_row":{"id":"d1"},"projects":{"p1":{"labels":[{"id":"l1","annotations":{"objects":[{"feature_id":"f1","name":"Car","bounding_box":{"top":1,"left":2,"height":3,"width":4}}]}}]}}}`
	for _, body := range []string{v1, v2} {
		d := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(body))
		annotations, err := d.Annotations()
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, o := range annotations.Objects {
			switch g := o.Geometry.(type) {
			case annotation.Box:
				fmt.Println(d.Version, o.ID, o.Name, g.Width, "by", g.Height)
			default:
				fmt.Println(d.Version, o.ID, o.Name, o.Kind)
			}
		}
	}
	// Output:
	// v1 f1 Car 4 by 3
	// v2 f1 Car 4 by 3
}
