package annotation_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
)

// Damaged geometry is neither mended nor taken for another shape, wherever in a
// label of any form it stands.
func TestDamagedGeometryIsUnknown(t *testing.T) {
	var damaged []string
	for _, number := range []string{``, `null`, `"12"`, `""`, `"NaN"`, `1e999`, `-1e999`, `true`, `{}`, `[]`, `[12]`} {
		box, point := `"left":2,"height":3,"width":4`, `"x":1`
		if number != "" {
			box, point = `"top":`+number+`,`+box, `"y":`+number+`,`+point
		}
		for _, geometry := range []string{
			`"bbox":{<box>}`, `"bounding_box":{<box>}`, `"boundingBox":{<box>}`,
			`"bounding_box":{<box>},"page_number":1`, `"bbox":{<box>},"unit":"POINTS","page":1`,
			`"point":{<point>}`, `"polygon":[{"x":1,"y":1},{<point>},{"x":3,"y":4},{"x":5,"y":6}]`, `"line":[{"x":1,"y":1},{"x":3,"y":4},{<point>}]`,
			`"geometry":[{"x":1,"y":1},{"x":3,"y":4},{"x":5,"y":6},{<point>}]`, `"geometry":{<point>}`,
			`"data":{"location":[{"text-bbox":{<box>,"page":1}}],"unit":"POINTS"}`,
			`"bbox":{<box>},"polygon":[{"x":1,"y":1},{"x":3,"y":4},{"x":5,"y":6}]`,
			`"polygon":[{"x":1,"y":1},{"x":3,"y":4},{"x":5,"y":6}],"bbox":{<box>}`,
		} {
			damaged = append(damaged, strings.NewReplacer("<box>", box, "<point>", point).Replace(geometry))
		}
		n := number
		if n == "" {
			n = "null"
		}
		if number != "" {
			damaged = append(damaged, `"line":[[1,2],[`+n+`,4]]`, `"location":{"start":`+n+`,"end":3}`, `"geojson":{"type":"Point","coordinates":[1,`+n+`]}`,
				`"geojson":{"type":"LineString","coordinates":[[1,2],[3,`+n+`]]}`, `"geojson":{"type":"Polygon","coordinates":[[[1,2],[3,4],[`+n+`,5],[1,2]]]}`,
				`"type":"polygon","geometry":{"coordinates":[[[1,2],[3,4],[`+n+`,5],[1,2]]]}`, `"composite_mask":{"url":"https://m.example/1","color_rgb":[1,2,`+n+`]}`)
		}
	}
	damaged = append(damaged,
		`"bbox":{}`, `"bbox":null`, `"bbox":[]`, `"bbox":"none"`, `"bbox":[1,2,3,4]`, `"bbox":7`, `"bbox":null,"bounding_box":null`,
		`"bbox":{"top":1,"left":2,"height":-3,"width":4}`, `"bbox":{"top":1,"left":2,"height":3,"width":-4}`,
		`"bbox":{"top":1,"left":2,"height":3,"width":4},"page":"first"`, `"bbox":{"top":1,"left":2,"height":3,"width":4},"page":1.5`,
		`"bbox":{"top":1,"left":2,"height":3,"width":4},"frame":{}`,
		`"polygon":[]`, `"polygon":[null]`, `"polygon":{}`, `"polygon":"x"`, `"polygon":[{"x":1,"y":2}]`, `"polygon":[{"x":1,"y":2},{"x":3,"y":4}]`,
		`"polygon":[{"x":1,"y":2},null,{"x":3,"y":4},{"x":5,"y":6}]`, `"polygon":[[{"x":1,"y":2},{"x":3,"y":4},{"x":5,"y":6}]]`,
		`"polygon":[[1,2],[3,4],[5,6,7]]`, `"polygon":[1,2,3,4,5,6]`,
		`"line":[]`, `"line":[{"x":1,"y":2}]`, `"line":{"x":1,"y":2}`, `"point":[]`, `"point":[1]`, `"point":[1,2,3]`, `"point":null`,
		`"mask":{}`, `"mask":{"url":null}`, `"mask":{"url":""}`, `"mask":{"url":7}`, `"mask":""`, `"mask":[]`, `"mask":{"color_rgb":[1,2,3]}`,
		`"composite_mask":{"url":"https://m.example/1"}`, `"composite_mask":{"url":"https://m.example/1","color_rgb":[1,2]}`,
		`"composite_mask":{"url":"https://m.example/1","color_rgb":[1,2,3,4]}`, `"composite_mask":{"url":"https://m.example/1","color_rgb":[1,2,256]}`,
		`"location":{"start":3}`, `"location":{"end":3}`, `"location":{"start":4,"end":3}`, `"location":{"start":-1,"end":3}`, `"location":{"start":1.5,"end":3}`,
		`"location":{}`, `"location":null`, `"data":{"location":{"start":1}}`, `"conversational_location":{"message_id":"m","location":{"end":3}}`,
		`"location":{"groups":[{"id":"g","page_number":"x","tokens":["a"]}]}`, `"location":{"groups":[{"id":"g","page_number":1}]}`, `"location":{"groups":["g"]}`,
		`"geojson":{}`, `"geojson":{"type":"Polygon"}`, `"geojson":{"type":"Polygon","coordinates":[]}`, `"geojson":{"type":"Polygon","coordinates":null}`,
		`"geojson":{"type":"Polygon","coordinates":[[1,2],[3,4],[5,6]]}`, `"geojson":{"type":"Polygon","coordinates":[[[1,2],[3,4]]]}`,
		`"geojson":{"type":"LineString","coordinates":[[1,2]]}`, `"geojson":{"type":"Point","coordinates":[[1,2]]}`, `"geojson":{"type":"Point","coordinates":[1]}`,
		`"geojson":{"type":"Polygon","coordinates":[[[1,2],[3,4],5,[1,2]]]}`, `"geojson":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5],[1,2]]]}`,
		`"geojson":{"type":"MultiPolygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}`, `"geojson":{"type":"MultiPolygon","coordinates":[[[[1,2],[3,4],[5,6],[1,2]],[]]]}`,
		`"geojson":{"type":"Hexagon","coordinates":7}`, `"geometry":"POLYGON ((1 2, 3 x, 5 6))"`, `"geometry":"POLYGON ((1 2, 3 4))"`, `"geometry":"LINESTRING (1 2)"`,
		`"geometry":"POINT (1 2, 3 4)"`, `"geometry":"POLYGON EMPTY"`, `"geometry":""`, `"geometry":7`,
		`"selected_messages":{"messages":[{"order":1}]}`, `"selected_messages":{}`, `"ranked_messages":{"ranked_messages":[{"message_id":"m","order":"first"}]}`,
	)
	for _, geometry := range damaged {
		object := `{"feature_id":"f","schema_id":"s","title":"leaf",` + geometry + `}`
		for form, content := range map[string]string{
			"objects":       `{"objects":[` + object + `]}`,
			"objects by id": `{"objects":{"f":` + object + `}}`,
			"v1 video":      `[{"frameNumber":1,"objects":[` + object + `]}]`,
			"v2 video":      `{"frames":{"1":{"objects":{"f":` + object + `}}}}`,
			"DICOM":         `{"groups":{"Axial":{"frames":{"1":{"objects":{"f":` + object + `}}}}}}`,
			"audio":         `{"timestamp":{"1":[` + object + `]}}`,
			"stray":         `[` + object + `]`,
			"class":         `{"Leaf":[` + object + `]}`,
		} {
			if form == "v1 video" || form == "v2 video" || form == "DICOM" || form == "audio" {
				if strings.Contains(geometry, `"frame"`) {
					continue
				}
			}
			a, err := (&payload.Label{Content: []byte(content)}).Annotations()
			if err != nil {
				t.Fatalf("%s: %v", content, err)
			}
			if len(a.Objects) != 1 {
				t.Errorf("%s: %d objects", content, len(a.Objects))
				continue
			}
			if o := a.Objects[0]; o.Kind != annotation.KindUnknown || o.Geometry != nil || string(o.Raw) != object || o.ID != "f" || o.Name != "leaf" {
				t.Errorf("%s: %+v", content, o)
			}
		}
		// An instance's bitmap does not stand in for the shape that is damaged.
		if content := `{"objects":[{"instanceURI":"https://m.example/f",` + geometry + `}]}`; !strings.Contains(geometry, "null") {
			a, err := (&payload.Label{Content: []byte(content)}).Annotations()
			if err != nil {
				t.Fatal(err)
			}
			if o := a.Objects[0]; o.Kind != annotation.KindUnknown {
				t.Errorf("%s: a %s", content, o.Kind)
			}
		}
	}
}

// A damaged outline of 2018 is one object, not its points.
func TestDamagedOutlinesOf2018(t *testing.T) {
	for _, value := range []string{
		`[[{"x":1,"y":2},{"x":3},{"x":5,"y":6},{"x":7,"y":8}]]`, `[[{"x":1,"y":2},{"x":3,"y":4}]]`, `[{"geometry":[{"x":1,"y":2},{"y":4},{"x":5,"y":6},{"x":7,"y":8}]}]`,
		`[{"x":1}]`, `[{"geometry":{"x":1,"y":null}}]`,
	} {
		a, err := (&payload.Label{Content: []byte(`{"Car":` + value + `}`)}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Objects) != 1 || a.Objects[0].Kind != annotation.KindUnknown || a.Objects[0].Name != "Car" || "["+string(a.Objects[0].Raw)+"]" != value {
			t.Errorf("%s: %+v", value, a.Objects)
		}
	}
}

func TestObjectsSayHowTheyWereDrawn(t *testing.T) {
	for content, want := range map[string]annotation.Object{
		`{"annotation_kind":"GeoBoundingBox","geojson":{"type":"Polygon","coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}}`: {Kind: annotation.KindGeoShape, Tool: "GeoBoundingBox",
			Geometry: annotation.GeoShape{Type: "Polygon", Rings: [][][2]float64{{{1, 2}, {3, 4}, {5, 6}, {1, 2}}}}},
		`{"type":"rectangle","geometry":{"coordinates":[[[1,2],[3,4],[5,6],[1,2]]]}}`: {Kind: annotation.KindGeoShape, Tool: "rectangle",
			Geometry: annotation.GeoShape{Type: "Polygon", Rings: [][][2]float64{{{1, 2}, {3, 4}, {5, 6}, {1, 2}}}}},
		`{"bbox":{"top":0,"left":0.5,"height":0,"width":4},"instanceURI":"https://m.example/1"}`: {Kind: annotation.KindBox,
			Geometry: annotation.Box{Left: 0.5, Width: 4}, Mask: &annotation.Mask{URL: "https://m.example/1"}},
		`{"mask":{"url":"https://m.example/1"},"polygon":[[1,2],[3,4],[5,6]]}`: {Kind: annotation.KindPolygon,
			Geometry: annotation.Polygon{{1, 2}, {3, 4}, {5, 6}}, Mask: &annotation.Mask{URL: "https://m.example/1"}},
		`{"composite_mask":{"url":"https://m.example/1","color_rgb":[0,0,7]}}`: {Kind: annotation.KindMask,
			Geometry: annotation.Mask{URL: "https://m.example/1", Composite: true, RGB: [3]int{0, 0, 7}}},
		`{"confidence":0.25,"point":[1,2]}`: {Feature: annotation.Feature{Confidence: new(0.25)}, Kind: annotation.KindPoint, Geometry: annotation.Point{X: 1, Y: 2}},
	} {
		a, err := (&payload.Label{Content: []byte(`{"objects":[` + content + `]}`)}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		got := a.Objects[0]
		got.Raw, got.LabelRef = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", content, got, want)
		}
	}
}

func TestGeoShapesKeepTheirPartsAndHoles(t *testing.T) {
	a, err := (&payload.Label{Content: []byte(`{"objects":[{"geojson":{"type":"MultiPolygon","coordinates":[
		[[[0,0],[8,0],[8,8],[0,0]],[[2,1],[3,1],[3,2],[2,1]],[[5,1],[6,1],[6,2],[5,1]]],
		[[[20,20],[21,20],[21,21],[20,20]]]]}}]}`)}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	g := a.Objects[0].Geometry.(annotation.GeoShape)
	if polygons := g.Polygons(); len(polygons) != 2 || len(polygons[0]) != 3 || len(polygons[1]) != 1 || polygons[0][2][1] != [2]float64{6, 1} || polygons[1][0][0] != [2]float64{20, 20} {
		t.Errorf("polygons %v of %+v", polygons, g)
	}
	if text, _ := json.Marshal(g); !strings.Contains(string(text), `"parts":[3,1]`) {
		t.Errorf("%s", text)
	}
}

func TestNumericAnswers(t *testing.T) {
	for content, want := range map[string]float64{
		`"answer":17.5`: 17.5, `"numeric_answer":{"value":-3}`: -3, `"numeric_answer":1e3`: 1000, `"text_answer":0`: 0, `"numeric_answer":{"content":"12"}`: 12,
	} {
		a, err := (&payload.Label{Content: []byte(`{"classifications":[{"name":"q",` + content + `}]}`)}).Annotations()
		if err != nil {
			t.Fatal(err)
		}
		if q := a.Classifications[0]; q.Kind != annotation.AnswerNumber || q.Number == nil || *q.Number != want || q.Text == "" {
			t.Errorf("%s: %+v", content, q)
		}
	}
	a, err := (&payload.Label{Content: []byte(`{"classifications":[{"answer":1e999}]}`)}).Annotations()
	if err != nil {
		t.Fatal(err)
	}
	if q := a.Classifications[0]; q.Number != nil || q.Text != "1e999" {
		t.Errorf("a number beyond all: %+v", q)
	}
}
