package draw_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/draw"
)

var update = flag.Bool("update", false, "write the golden pictures again")

// sets are the decoded labels of the decoder's own tests, by name.
func sets(t testing.TB) map[string]*annotation.Set {
	files, err := filepath.Glob("../testdata/annotations/*.golden.json")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d labels, %v", len(files), err)
	}
	all := map[string]*annotation.Set{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set := new(annotation.Set)
		if err := json.Unmarshal(content, set); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".golden.json")] = set
	}
	return all
}

// elements reads a document with a parser that is not ours, and fails if it is
// not well-formed, has a script or style in it, or a number that is none.
func elements(t testing.TB, document []byte) (all []xml.StartElement, text string) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(document))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return all, text
		}
		if err != nil {
			t.Fatalf("not XML: %v\n%s", err, document)
		}
		switch token := token.(type) {
		case xml.CharData:
			text += string(token)
		case xml.StartElement:
			all = append(all, token.Copy())
			if !slices.Contains([]string{"svg", "rect", "path", "circle", "text", "title", "image"}, token.Name.Local) {
				t.Errorf("an element %s", token.Name.Local)
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || !strings.HasPrefix(a.Name.Local, "data-") && (strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf")) {
					t.Errorf("an attribute %s=%q", a.Name.Local, a.Value)
				}
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func write(t testing.TB, p draw.Picture, scene int, o draw.Options) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := p.WriteSVG(&out, scene, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEveryObjectIsDrawnOrNamed(t *testing.T) {
	drawn, undrawn := 0, 0
	for name, set := range sets(t) {
		p := draw.Of(set)
		seen := map[string]bool{}
		for i := range p.Scenes {
			for _, e := range first(elements(t, write(t, p, i, draw.Options{Legend: true}))) {
				seen[attribute(e, "data-object")] = true
			}
		}
		for _, u := range p.Undrawn {
			seen[fmt.Sprint(u.Object)] = true
			undrawn++
			if o := set.Objects[u.Object]; o.Kind != annotation.KindUnknown && o.Kind != annotation.KindMessageSelection && o.Kind != annotation.KindDocumentTokens {
				t.Errorf("%s: object %d, a %s, is not drawn: %s", name, u.Object, o.Kind, u.Reason)
			}
		}
		for i, o := range set.Objects {
			if drawn++; !seen[fmt.Sprint(i)] {
				t.Errorf("%s: object %d, a %s, is silently missing", name, i, o.Kind)
			}
		}
	}
	if drawn < 80 || undrawn == 0 {
		t.Errorf("%d objects, of which %d cannot be drawn: the test compares nothing", drawn, undrawn)
	}
}

func first[A, B any](a A, _ B) A { return a }

func TestPictures(t *testing.T) {
	all := sets(t)
	for _, name := range []string{"v2-image-webhook", "v1-image", "v2-geo", "v2-text-webhook", "v2-document-box-webhook", "v1-2018", "v1-document-tokens"} {
		t.Run(name, func(t *testing.T) {
			var got []byte
			p := draw.Of(all[name])
			for i := range p.Scenes {
				got = append(got, write(t, p, i, draw.Options{Legend: true})...)
			}
			golden := filepath.Join("testdata", name+".svg")
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
				t.Errorf("the picture is another than %s; write it again with -update and look at it:\n%s", golden, got)
			}
		})
	}
}

// The shapes are where the payload says, to the last digit.
func TestCoordinatesAreThePayloads(t *testing.T) {
	red := annotation.Feature{ID: "f", Name: "car", Color: "#F00"}
	for name, test := range map[string]struct {
		object annotation.Object
		want   map[string]string
	}{
		"a box":                 {annotation.Object{Geometry: annotation.Box{Left: 10.125, Top: 20, Width: 30, Height: 40}}, map[string]string{"x": "10.125", "y": "20", "width": "30", "height": "40"}},
		"a box drawn backwards": {annotation.Object{Geometry: annotation.Box{Left: 40, Top: 60, Width: -30, Height: -40}}, map[string]string{"x": "10", "y": "20", "width": "30", "height": "40"}},
		"a box without a width": {annotation.Object{Geometry: annotation.Box{Left: 40, Top: 60, Height: 4}}, map[string]string{"d": "M40 60L40 64"}},
		"a polygon":             {annotation.Object{Geometry: annotation.Polygon{{X: 1, Y: 2}, {X: 3, Y: 4}, {X: 5, Y: 0.1}}}, map[string]string{"d": "M1 2L3 4L5 0.1Z"}},
		"a hole":                {annotation.Object{Geometry: annotation.HoledPolygon{Outline: annotation.Polygon{{X: 0, Y: 0}, {X: 9, Y: 0}, {X: 9, Y: 9}}, Holes: []annotation.Polygon{{{X: 5, Y: 1}, {X: 6, Y: 1}, {X: 6, Y: 2}}}}}, map[string]string{"d": "M0 0L9 0L9 9ZM5 1L6 1L6 2Z", "fill-rule": "evenodd"}},
		"a line":                {annotation.Object{Geometry: annotation.Line{{X: 1, Y: 2}, {X: 3, Y: 4}}}, map[string]string{"d": "M1 2L3 4"}},
		"a point":               {annotation.Object{Geometry: annotation.Point{X: 1.5, Y: 2}}, map[string]string{"cx": "1.5", "cy": "2"}},
		"from below":            {annotation.Object{FromBelow: true, Geometry: annotation.Point{X: 1, Y: 20}}, map[string]string{"cx": "1", "cy": "80"}},
		"outside of the image":  {annotation.Object{Geometry: annotation.Point{X: -500, Y: 2}}, map[string]string{"cx": "-500"}},
	} {
		t.Run(name, func(t *testing.T) {
			test.object.Feature, test.object.Kind = red, "box"
			p := draw.Of(&annotation.Set{Objects: []annotation.Object{test.object}, Asset: annotation.AssetSize{Width: 200, Height: 100}})
			found := false
			for _, e := range first(elements(t, write(t, p, 0, draw.Options{}))) {
				if attribute(e, "data-object") != "0" {
					continue
				}
				found = true
				for name, want := range test.want {
					if got := attribute(e, name); got != want {
						t.Errorf("%s=%q, want %q", name, got, want)
					}
				}
				if attribute(e, "stroke") != "#FF0000" || attribute(e, "data-class") != "car" {
					t.Errorf("%+v", e)
				}
			}
			if !found {
				t.Error("it is not drawn")
			}
			if v := p.Scenes[0].View; name != "outside of the image" && v != (draw.View{Width: 200, Height: 100}) || name == "outside of the image" && v.X > -500 {
				t.Errorf("the picture shows %+v", v)
			}
		})
	}
}

func TestWhatCannotBeDrawnIsNamed(t *testing.T) {
	p := draw.Of(&annotation.Set{Objects: []annotation.Object{
		{Geometry: annotation.Point{X: math.NaN()}}, {Geometry: annotation.Box{Left: 1e300, Width: 1e308}}, {Geometry: annotation.Point{Y: math.Inf(-1)}},
		{Kind: annotation.KindUnknown}, {Geometry: annotation.GeoShape{Type: "Polygon"}}, {Geometry: annotation.DocumentTokens{}}, {Geometry: annotation.MessageSelection{}},
	}})
	if len(p.Undrawn) != 7 || len(p.Scenes) != 0 {
		t.Errorf("%+v", p)
	}
	if err := p.WriteSVG(io.Discard, 0, draw.Options{}); err == nil {
		t.Error("a scene that is not there was written")
	}
}

func TestAMaskWithoutPixelsIsSeenToBeMissing(t *testing.T) {
	p := draw.Of(&annotation.Set{Objects: []annotation.Object{{Geometry: annotation.Mask{URL: "https://example.com/secret"}}}})
	without, with := write(t, p, 0, draw.Options{}), write(t, p, 0, draw.Options{Bitmap: func(object int) string { return fmt.Sprintf("/mask/%d", object) }})
	if !bytes.Contains(without, []byte(`stroke-dasharray`)) || bytes.Contains(without, []byte("example.com")) {
		t.Errorf("%s", without)
	}
	if !bytes.Contains(with, []byte(`href="/mask/0"`)) {
		t.Errorf("%s", with)
	}
}

func TestTheImageLiesUnderTheShapes(t *testing.T) {
	p := draw.Of(&annotation.Set{Asset: annotation.AssetSize{Width: 20, Height: 10}, Objects: []annotation.Object{{Geometry: annotation.Point{X: 1, Y: 2}}}})
	all := first(elements(t, write(t, p, 0, draw.Options{Image: "/image?a=1&b=2"})))
	if e := all[1]; e.Name.Local != "image" || attribute(e, "href") != "/image?a=1&b=2" || attribute(e, "width") != "20" || attribute(e, "height") != "10" {
		t.Errorf("%+v", e)
	}
}

// Thousands of spans over each other are drawn in time and in a picture of
// ordinary form.
func TestSpansOverEachOther(t *testing.T) {
	set := &annotation.Set{}
	for i := range 20000 {
		set.Objects = append(set.Objects, annotation.Object{Kind: annotation.KindTextSpan, Geometry: annotation.TextSpan{Start: i, End: 100000}})
	}
	p := draw.Of(set)
	if s := p.Scenes[0]; len(s.Shapes) != 20000 || s.View.Height > 3*s.View.Width {
		t.Errorf("%d shapes in %+v", len(s.Shapes), s.View)
	}
}

func TestVideoHasASceneAFrame(t *testing.T) {
	p := draw.Of(sets(t)["v2-video"])
	var titles []string
	for _, s := range p.Scenes {
		titles = append(titles, s.Title)
	}
	if len(titles) < 2 || !strings.HasPrefix(titles[0], "Frame ") || !slices.IsSortedFunc(titles, func(a, b string) int { return len(a) - len(b) }) {
		t.Errorf("%q", titles)
	}
}

func TestRelationshipsLinkWhatIsInTheSameScene(t *testing.T) {
	frame := func(n int) annotation.Location { return annotation.Location{Frame: &n} }
	box := func(id string, left float64, at annotation.Location) annotation.Object {
		return annotation.Object{Feature: annotation.Feature{ID: id, Name: id}, Location: at, Geometry: annotation.Box{Left: left, Width: 10, Height: 10}}
	}
	p := draw.Of(&annotation.Set{
		Objects:       []annotation.Object{box("a", 0, frame(1)), box("b", 50, frame(1)), box("a", 0, frame(2))},
		Relationships: []annotation.Relationship{{Feature: annotation.Feature{ID: "r", Name: "sees"}, Source: "a", Target: "b", Directed: true}},
	})
	one, two := write(t, p, 0, draw.Options{}), write(t, p, 1, draw.Options{})
	if !bytes.Contains(one, []byte(`data-object="-1" data-class="sees" data-form="arrow"`)) || !bytes.Contains(one, []byte(`d="M5 5L55 5M`)) {
		t.Errorf("%s", one)
	}
	if bytes.Contains(two, []byte("arrow")) {
		t.Errorf("%s", two)
	}
}

func TestColors(t *testing.T) {
	object := func(class, color string) annotation.Object {
		return annotation.Object{Feature: annotation.Feature{Name: class, Color: color}, Geometry: annotation.Point{}}
	}
	p := draw.Of(&annotation.Set{Objects: []annotation.Object{
		object("a", `red" onload="alert(1)`), object("b", "#abc"), object("c", "#11223344"), object("d", "url(https://example.com)"), object("a", "#12"), object("", ""),
	}})
	var colors []string
	for _, c := range p.Classes {
		colors = append(colors, c.Name+c.Color)
	}
	if got := strings.Join(colors, " "); got != "a#e69f00 b#aabbcc c#112233 d#d55e00 #0072b2" {
		t.Error(got)
	}
}

// FuzzWriteSVG draws whatever may stand in a label.
func FuzzWriteSVG(f *testing.F) {
	for _, seed := range []string{
		`{"objects":[{"name":"a</title><script>","bounding_box":{"top":1,"left":2,"height":3,"width":4}}]}`,
		`{"objects":[{"name":"\u0000","annotation_kind":"GeoPolygon","geojson":{"type":"Polygon","coordinates":[[[1e308,2],[3,4],[5,6]]]}}]}`,
		`{"objects":[{"point":{"x":-1e9,"y":1e9}},{"line":[{"x":1,"y":2},{"x":1,"y":2}]}]}`,
		`{"objects":[{"mask":{"url":"javascript:alert(1)"}}],"relationships":[]}`,
		`{"objects":[{"location":{"start":5,"end":2}}]}`,
	} {
		f.Add([]byte(seed), 100.0)
	}
	for _, file := range []string{"v2-image-webhook", "v1-image", "v2-geo", "v1-video"} {
		content, err := os.ReadFile("../testdata/annotations/" + file + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, 0.0)
	}
	f.Fuzz(func(t *testing.T, content []byte, size float64) {
		set, err := annotation.Read(annotation.AssetSize{Width: size, Height: size}, annotation.Content{JSON: content})
		if err != nil {
			return
		}
		p := draw.Of(set)
		for i := range min(len(p.Scenes), 3) {
			elements(t, write(t, p, i, draw.Options{Legend: true}))
		}
	})
}

func BenchmarkOf(b *testing.B) {
	set := sets(b)["v2-image-webhook"]
	for b.Loop() {
		p := draw.Of(set)
		if err := p.WriteSVG(io.Discard, 0, draw.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
