package annotation_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
)

// leaves counts the values without parts below each value of JSON, as they are
// spelled. What is empty is none.
func leaves(tb testing.TB, text []byte, count map[string]int) {
	tb.Helper()
	decoder := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		token, err := decoder.ReadToken()
		if err != nil {
			return
		}
		kind, length := decoder.StackIndex(decoder.StackDepth())
		switch k := token.Kind(); {
		case k == '"' && kind == '{' && length%2 == 1: // a name
		case k == '"' && token.String() != "", k == '0', k == 't', k == 'f':
			count[token.String()]++
		}
	}
}

// checkLossless sees that each leaf of a label is in some annotation.
func checkLossless(tb testing.TB, content []byte, a *annotation.Set) {
	tb.Helper()
	in, out := map[string]int{}, map[string]int{}
	leaves(tb, content, in)
	var raws []jsontext.Value
	for _, o := range a.Objects {
		raws = append(raws, o.Raw)
		if o.Frame != nil {
			out[strconv.Itoa(*o.Frame)]++
		}
	}
	for _, q := range a.Classifications {
		raws = append(raws, q.Raw)
		if q.Frame != nil {
			out[strconv.Itoa(*q.Frame)]++
		}
	}
	for _, l := range a.Relationships {
		raws = append(raws, l.Raw)
	}
	for _, s := range a.Segments {
		out[strconv.Itoa(s.Start)]++
		out[strconv.Itoa(s.End)]++
	}
	for _, raw := range raws {
		leaves(tb, raw, out)
	}
	out[a.FramesURL]++
	for leaf := range in {
		if out[leaf] == 0 {
			tb.Errorf("%s: nothing holds %q", content, leaf)
		}
	}
}

// The classes of a label of 2018 have the names that somebody gave them, those
// of the members of later labels too.
func TestAnyClassMayHaveAnyName(t *testing.T) {
	shapes := map[string]struct {
		json    string
		objects int
	}{
		"outlines":          {`[{"geometry":[{"x":11,"y":12},{"x":13,"y":14},{"x":15,"y":16}]},{"geometry":[{"x":21,"y":22},{"x":23,"y":24},{"x":25,"y":26}]}]`, 2},
		"bare outlines":     {`[[{"x":11,"y":12},{"x":13,"y":14},{"x":15,"y":16}]]`, 1},
		"points":            {`[{"geometry":{"x":11,"y":12}},{"geometry":{"x":13,"y":14}}]`, 2},
		"bare points":       {`[{"x":11,"y":12}]`, 1},
		"well-known text":   {`"MULTIPOLYGON (((11 12, 13 14, 15 16)), ((21 22, 23 24, 25 26)))"`, 2},
		"texts in a list":   {`["POLYGON ((11 12, 13 14, 15 16))"]`, 1},
		"texts in objects":  {`[{"geometry":"POINT (11 12)"}]`, 1},
		"one object":        {`{"geometry":[{"x":11,"y":12},{"x":13,"y":14},{"x":15,"y":16}]}`, 1},
		"null and an empty": {`[null,{},{"geometry":{"x":11,"y":12}}]`, 1},
		"text":              {`"eleven"`, 0},
		"answers":           {`["eleven","twelve"]`, 0},
		"a number":          {`11`, 0},
		"a truth":           {`true`, 0},
	}
	names := []string{
		"Car", "", "Frame", "frame", "FRAME", "frameNumber", "Frame Number", "Frames", "frames", "Segments", "segments", "Groups", "groups",
		"Objects", "objects", "OBJECTS", "Classifications", "classifications", "Relationships", "relationships", "Timestamp", "timestamps",
		"key_frame_feature_map", "Key Frame Feature Map", "featureId", "feature_id", "schemaId", "Name", "name", "title", "geometry", "bbox",
		"Straße", "車", "\U0001f697", "with \"quotes\"", strings.Repeat("long", 100), "x", "y", "data", "annotations",
	}
	for _, name := range names {
		for shape, test := range shapes {
			quoted, err := json.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, content := range []string{
				fmt.Sprintf(`{%s:%s,"Other":[{"geometry":[{"x":91,"y":92},{"x":93,"y":94},{"x":95,"y":96}]}]}`, quoted, test.json),
				fmt.Sprintf(`{"Other":[{"geometry":[{"x":91,"y":92},{"x":93,"y":94},{"x":95,"y":96}]}],%s:%s}`, quoted, test.json),
			} {
				a, err := (&payload.Label{Content: []byte(content)}).Annotations()
				if err != nil {
					t.Fatalf("%s: %v", content, err)
				}
				n := 0
				for _, o := range a.Objects {
					if o.Name == name && o.Kind != annotation.KindUnknown && o.FromBelow {
						n++
					}
				}
				others := slices.ContainsFunc(a.Objects, func(o annotation.Object) bool { return o.Name == "Other" && o.Kind == annotation.KindPolygon })
				if n != test.objects || !others {
					t.Errorf("%s: %d shapes of the class, want %d; the other class is there: %v", content, n, test.objects, others)
				}
				answered := slices.ContainsFunc(a.Classifications, func(q annotation.Classification) bool { return q.Name == name && q.Kind != annotation.AnswerUnknown })
				if test.objects == 0 && !answered {
					t.Errorf("%s (%s): the answer is not there: %+v", content, shape, a.Classifications)
				}
				checkLossless(t, []byte(content), a)
			}
		}
	}
}

// Members of the later forms that hold something else are still there.
func TestNothingOfALabelIsLost(t *testing.T) {
	for _, content := range []string{
		`{"objects":[],"extra":{"a":[11,{"b":"c"}]},"more":12,"text":"d"}`,
		`{"objects":[{"feature_id":"f","bbox":{"top":1,"left":2,"height":3,"width":4}}],"Cars":[{"geometry":[{"x":11,"y":12}]}]}`,
		`{"objects":{"a":11,"b":"c","d":[12,[13]]},"classifications":{"q":14},"relationships":[15,"r",{"s":16}]}`,
		`{"objects":11,"classifications":12,"relationships":13,"segments":14,"frames":15,"groups":16,"timestamp":17,"key_frame_feature_map":18}`,
		`{"segments":{"a":[[11,12],[13],["b",14],[15,16,17]],"c":18,"d":{"e":[[19,20]],"f":"g"}}}`,
		`{"key_frame_feature_map":{"a":{"x":"b"},"c":11,"d":["e"]}}`,
		`{"frames":{"1":{"objects":[11]},"two":{"objects":[{"point":{"x":12,"y":13}}]},"1.5":14,"4":"a","5":["b",{"feature_id":"c"}]}}`,
		`{"frames":[{"frameNumber":"x","objects":[{"point":{"x":12,"y":13}}]},{"frameNumber":2.5,"objects":[11]},14]}`,
		`{"frames":{"1":{"objects":[],"Car":[{"geometry":[{"x":11}]}]}}}`,
		`{"groups":{"Axial":11,"Other":{"frames":{"1":"a"},"unknown":[12]}}}`,
		`{"groups":[11,"a",{"name":"b","objects":[12]}]}`,
		`{"groups":{"Axial":{"name":true,"classifications":"a","frames":11}}}`,
		`{"groups":{"Axial":{"name":"Coronal","frames":{"1":{"objects":12,"classifications":true,"quality":"low"}}}}}`,
		`[{"frameNumber":1,"objects":"a","classifications":11,"note":"b"}]`,
		`{"timestamp":{"1":{"classifications":"a"}}}`,
		`{"timestamp":{"12":{"feature_id":"a"},"13":[14,{"x":15}]}}`,
		`[11,"a",{"b":12},[13,{"feature_id":"c"}]]`,
		`{"featureId":"a","bbox":{"top":1,"left":2,"height":3,"width":4}}`,
		`{"featureId":"a","answer":"b"}`,
		`{"featureId":"a","b":{"c":"d"}}`,
		`{"frames":"https://api.example/frames","Car":["a"]}`,
		`{"frames":"not an address"}`,
		`{"frame":11}`,
	} {
		a, err := (&payload.Label{Content: []byte(content)}).Annotations()
		if err != nil {
			t.Fatalf("%s: %v", content, err)
		}
		checkLossless(t, []byte(content), a)
		checkRaw(t, []byte(content), a)
	}
}

// FuzzLossless puts one value under a name into each place of a label. What the
// label says of itself (frame numbers, names of planes) does not count as lost.
func FuzzLossless(f *testing.F) {
	f.Add("Frame", `[{"geometry":[{"x":1.5,"y":2}]}]`)
	f.Add("objects", `{"f1":{"bbox":{"top":null}}}`)
	f.Add("frames", `{"7":[{"a":"b"}]}`)
	f.Add("segments", `{"a":[[1,2],[3]]}`)
	f.Add("groups", `["a",{"x":1}]`)
	f.Fuzz(func(t *testing.T, name, value string) {
		quoted, err := json.Marshal(name)
		if err != nil || !json.Valid([]byte(value)) {
			return
		}
		content := fmt.Appendf(nil, `{%s:%s}`, quoted, value)
		a, err := (&payload.Label{Content: content}).Annotations()
		if err != nil {
			return // a name twice
		}
		switch strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name)) {
		case "keyframefeaturemap", "frames", "timestamp", "timestamps", "groups", "segments":
			view(t, a) // these hold numbers and names of frames and planes, which are no leaves of an annotation
		default:
			checkLossless(t, content, a)
		}
	})
}
