package annotation_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
)

// readBack writes what the annotations say, reads it and writes it again.
func readBack(tb testing.TB, a *annotation.Set) (*annotation.Set, []byte) {
	tb.Helper()
	text, err := json.Marshal(a)
	if err != nil {
		tb.Fatal(err)
	}
	back := new(annotation.Set)
	if err := json.Unmarshal(text, back); err != nil {
		tb.Fatalf("%v, of %s", err, text)
	}
	again, err := json.Marshal(back)
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Equal(text, again) {
		tb.Errorf("wrote %s\nread and wrote %s", text, again)
	}
	return back, text
}

// bare takes away the raw JSON of what is below others, and the white space from
// that of the others: neither is read back.
func bare(a *annotation.Set) {
	compact := func(raw *jsontext.Value) {
		if v := raw.Clone(); v.Compact() == nil {
			*raw = v
		}
	}
	var below func([]annotation.Classification)
	below = func(list []annotation.Classification) {
		for i := range list {
			list[i].Raw = nil
			below(list[i].Classifications)
			for j := range list[i].Options {
				below(list[i].Options[j].Classifications)
			}
		}
	}
	for i := range a.Objects {
		below(a.Objects[i].Classifications)
		compact(&a.Objects[i].Raw)
	}
	for i := range a.Classifications {
		raw := a.Classifications[i].Raw
		below(a.Classifications[i : i+1])
		a.Classifications[i].Raw = raw
		compact(&a.Classifications[i].Raw)
	}
	for i := range a.Relationships {
		compact(&a.Relationships[i].Raw)
	}
}

func TestAnnotationsAreReadBack(t *testing.T) {
	for name, content := range contents(t) {
		a, err := deliver(t, name, content).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		back, _ := readBack(t, a)
		bare(a)
		bare(back)
		if !reflect.DeepEqual(a, back) {
			t.Errorf("%s: was %+v\nread back %+v", name, a, back)
		}
		for _, o := range back.Objects {
			if o.LabelRef != back.Objects[0].LabelRef {
				t.Errorf("%s: objects of one label do not share it", name)
			}
		}
	}
}

func TestRawIsReadBackWhoseItIs(t *testing.T) {
	shared := jsontext.Value(`"MULTIPOLYGON (…)"`)
	a := &annotation.Set{Objects: []annotation.Object{
		{Kind: annotation.KindUnknown},
		{Kind: annotation.KindUnknown, Raw: shared},
		{Kind: annotation.KindUnknown, Raw: shared},
		{Kind: annotation.KindUnknown},
		{Kind: annotation.KindUnknown},
		{Kind: annotation.KindUnknown, Raw: jsontext.Value("\"\xff\"")},
		{Kind: annotation.KindUnknown, Raw: jsontext.Value(`{"a":1,"a":2}`)},
	}}
	back, _ := readBack(t, a)
	for i, o := range back.Objects {
		if string(o.Raw) != string(a.Objects[i].Raw) {
			t.Errorf("object %d: Raw is %q, want %q", i, o.Raw, a.Objects[i].Raw)
		}
	}
}

// What lacks a part is refused: nothing is made up for it.
func TestDamagedGeometryIsNotReadBack(t *testing.T) {
	for _, object := range []string{
		`{"kind":"box"}`, `{"kind":"box","geometry":null}`, `{"kind":"box","geometry":{"left":1,"width":2,"height":3}}`, `{"kind":"box","geometry":{"top":null,"left":1,"width":2,"height":3}}`,
		`{"kind":"box","geometry":[1,2]}`, `{"kind":"point","geometry":{"x":1}}`, `{"kind":"polygon","geometry":[{"x":1,"y":2},{"x":3}]}`,
		`{"kind":"geo_shape","geometry":{"type":"Point","rings":[[[1]]]}}`, `{"kind":"geo_shape","geometry":{"type":"Point","rings":[[[1,2,3]]]}}`,
		`{"kind":"geo_shape","geometry":{"type":"MultiPolygon","rings":[[[1,2],[3,4],[5,6]]],"parts":[2]}}`,
		`{"kind":"geo_shape","geometry":{"type":"MultiPolygon","rings":[[[1,2],[3,4],[5,6]]],"parts":[-1,2]}}`,
		`{"kind":"mask","geometry":{"url":"u","rgb":[1,2]}}`, `{"kind":"unknown","geometry":{"x":1}}`, `{"kind":"hexagon","geometry":{"x":1}}`, `{"geometry":{"x":1}}`,
		`{"kind":"point","geometry":{"x":1,"y":2,"z":3}}`, `null`, `7`, `{}]`,
	} {
		a := annotation.Set{Text: "as before"}
		if err := a.UnmarshalJSON([]byte(`{"objects":[` + object + `]}`)); !errors.Is(err, annotation.ErrDecode) || a.Text != "as before" {
			t.Errorf("%s: error %v, read %+v", object, err, a)
		}
	}
}

// longestWrite is the most bytes that were written at once, and all.
type longestWrite struct{ longest, all int }

func (w *longestWrite) Write(b []byte) (int, error) {
	w.longest, w.all = max(w.longest, len(b)), w.all+len(b)
	return len(b), nil
}

// Annotations are written one by one, not gathered first.
func TestAnnotationsAreWrittenAsTheyAreMade(t *testing.T) {
	content := `{"objects":[` + strings.Repeat(`{"feature_id":1},`, 1<<12) + `1]}`
	a, err := (&payload.Label{Content: []byte(content)}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	var to longestWrite
	if err := a.MarshalJSONTo(jsontext.NewEncoder(&to)); err != nil {
		t.Fatal(err)
	}
	if to.all < 100*len(a.Objects) || to.longest > to.all/4 {
		t.Errorf("%d of %d bytes written at once", to.longest, to.all)
	}
}

// FuzzReadBack writes and reads what is made of a label, and reads any text.
func FuzzReadBack(f *testing.F) {
	for _, content := range contents(f) {
		f.Add(content)
		if a, err := (&payload.Label{Content: content}).Annotations(); err == nil {
			text, err := json.Marshal(a)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Add([]byte(`{"objects":[{"kind":"geo_shape","geometry":{"type":"MultiPolygon","rings":[],"parts":[0]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if a, err := (&payload.Label{Content: text}).Annotations(); err == nil {
			readBack(t, a)
		}
		var a annotation.Set
		if json.Unmarshal(text, &a) != nil {
			return
		}
		back, _ := readBack(t, &a)
		for _, o := range back.Objects {
			if g, ok := o.Geometry.(annotation.GeoShape); ok {
				g.Polygons()
			}
		}
	})
}
