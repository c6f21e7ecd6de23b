package schema_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	reflected "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/docs/schema"
	"github.com/labelhook/labelhook/internal/samples"
)

var update = flag.Bool("update", false, "write decoded.v1.json anew, of the Go types")

// TestTheSchemaIsThatOfTheTypes also holds the form itself: what this finds to
// differ must be an addition, or the form gets a new version.
func TestTheSchemaIsThatOfTheTypes(t *testing.T) {
	want := generate(t, false)
	if *update {
		if err := os.WriteFile("decoded.v1.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(schema.Decoded, want) {
		t.Error("decoded.v1.json differs from the types; go test ./docs/schema -update writes it, and git diff shows what that changes for users")
	}
}

func TestEverySampleIsOfTheSchema(t *testing.T) {
	valid := validators(t)
	for _, s := range samples.All() {
		d := core.Identify(http.Header{core.EventHeader: {s.Header}, core.IDHeader: {"an-id"}}, s.Body())
		t.Run(s.Name, func(t *testing.T) { valid(t, decoded.Of(d)) })
	}
}

func TestEveryFormOfALabelIsOfTheSchema(t *testing.T) {
	valid := validators(t)
	files, err := filepath.Glob("../../core/annotation/testdata/annotations/*.json")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	kinds := map[annotation.Kind]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		set, err := annotation.Read(annotation.AssetSize{}, annotation.Content{JSON: content})
		if err != nil {
			t.Fatal(file, err)
		}
		for _, o := range set.Objects {
			kinds[o.Kind] = true
		}
		d := decoded.Of(core.Identify(http.Header{}, samples.All()[0].Body()))
		d.Annotations = set
		t.Run(filepath.Base(file), func(t *testing.T) { valid(t, d) })
	}
	for kind := range geometries {
		if !kinds[kind] {
			t.Errorf("no file has an object of kind %s", kind)
		}
	}
}

func TestWhatCannotBeDecodedIsOfTheSchema(t *testing.T) {
	valid := validators(t)
	for name, body := range map[string]string{
		"empty":                      "",
		"no JSON":                    "\xff\x00",
		"a name twice":               `{"data_row":{"id":"a","id":"b"},"projects":{}}`,
		"a number beyond float64":    `{"data_row":{"id":"a","metadata_fields":[1e999]},"projects":{},"media_attributes":{}}`,
		"half a character":           "{\"data_row\":{\"id\":\"\xe2\x80\",\"metadata_fields\":[\"\xe2\"]},\"projects\":{}}",
		"nested deeper than jq":      `{"data_row":{"id":"a"},"projects":{"p":{"labels":[{"id":"l","annotations":{"objects":[{"feature_id":"f","x":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}]}}]}}}`,
		"members of the wrong types": `{"data_row":7,"projects":[],"media_attributes":"x"}`,
		"projects of the wrong type": `{"data_row":{"id":1,"details":[]},"projects":{"p":{"labels":[7,{"id":[]}],"project_details":{"workflow_history":{}}}},"media_attributes":{"width":"wide"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			valid(t, decoded.Of(core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(body))))
		})
	}
}

// TestTheSchemaRefuses shows that valid documents are not all there is.
func TestTheSchemaRefuses(t *testing.T) {
	compiled := compile(t, schema.Decoded)
	for name, text := range map[string]string{
		"nothing":               `{}`,
		"another form":          strings.Replace(sample(t), decoded.Form, "labelhook.decoded.v0", 1),
		"an unknown event":      strings.Replace(sample(t), `"label.created"`, `"label.painted"`, 1),
		"a box of a polygon":    strings.Replace(sample(t), `"kind":"box"`, `"kind":"polygon"`, 1),
		"a box without its top": strings.Replace(sample(t), `"geometry":{"top":85,`, `"geometry":{`, 1),
		"a time that is none":   strings.Replace(sample(t), `"time":"2024-`, `"time":"yesterday-`, 1),
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err != nil {
			t.Fatal(name, err)
		}
		if compiled.Validate(document) == nil {
			t.Errorf("the schema takes %s", name)
		}
	}
}

func sample(t *testing.T) string {
	t.Helper()
	text, err := json.Marshal(decoded.Of(core.Identify(http.Header{}, samples.All()[0].Body())))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// validators returns a check by somebody else's validator that a document is of
// the schema, and has no member that the schema does not name.
func validators(t *testing.T) func(t *testing.T, d *decoded.Delivery) {
	published, strict := compile(t, schema.Decoded), compile(t, generate(t, true))
	return func(t *testing.T, d *decoded.Delivery) {
		t.Helper()
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		for name, compiled := range map[string]*jsonschema.Schema{"published": published, "strict": strict} {
			if err := compiled.Validate(document); err != nil {
				t.Errorf("the %s schema refuses %.600s: %v", name, text, err)
			}
		}
	}
}

func compile(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("decoded.json", document); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("decoded.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// geometries are the forms of [annotation.Object.Geometry]; the type switch of
// its kind is in JSON the choice of one form by member "kind".
var geometries = map[annotation.Kind]annotation.Geometry{
	annotation.KindBox: annotation.Box{}, annotation.KindPolygon: annotation.Polygon{}, annotation.KindHoledPolygon: annotation.HoledPolygon{},
	annotation.KindLine: annotation.Line{}, annotation.KindPoint: annotation.Point{}, annotation.KindMask: annotation.Mask{},
	annotation.KindTextSpan: annotation.TextSpan{}, annotation.KindGeoShape: annotation.GeoShape{},
	annotation.KindDocumentBox: annotation.DocumentBox{}, annotation.KindDocumentTokens: annotation.DocumentTokens{},
	annotation.KindMessageSelection: annotation.MessageSelection{},
}

// generate makes the schema of the Go types and their comments. Strict, it
// allows no member that the types do not have.
func generate(t *testing.T, strict bool) []byte {
	t.Helper()
	r := &reflected.Reflector{AllowAdditionalProperties: !strict, ExpandedStruct: true, Anonymous: true, Mapper: special, AdditionalFields: beside}
	for _, folder := range []string{"core/decoded", "core/payload", "core/annotation"} {
		if err := r.AddGoComments("github.com/labelhook/labelhook/"+folder, "../../"+folder); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(decoded.Delivery{})
	s.ID = "https://github.com/labelhook/labelhook/raw/main/docs/schema/decoded.v1.json"
	s.Title = "Delivery"
	form, _ := s.Properties.Get("form")
	form.Const = decoded.Form

	nullable(s, "time")
	nullable(s, "annotations")
	nullable(s.Definitions["Workflow"], "timestamp")

	object := s.Definitions["Object"]
	for _, kind := range slices.Sorted(maps.Keys(geometries)) {
		g := r.ReflectFromType(reflect.TypeOf(geometries[kind]))
		for name, d := range g.Definitions {
			s.Definitions[name] = d
		}
		name := reflect.TypeOf(geometries[kind]).Name()
		g.Version, g.Definitions = "", nil
		s.Definitions[name] = g
		form := reflected.NewProperties()
		form.Set("kind", &reflected.Schema{Const: kind})
		form.Set("geometry", &reflected.Schema{Ref: "#/$defs/" + name})
		object.OneOf = append(object.OneOf, &reflected.Schema{Properties: form, Required: []string{"kind", "geometry"}})
	}
	unknown := reflected.NewProperties()
	unknown.Set("kind", &reflected.Schema{Const: annotation.KindUnknown})
	object.OneOf = append(object.OneOf, &reflected.Schema{Properties: unknown, Required: []string{"kind"}})
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// nullable allows null in the place of a member.
func nullable(s *reflected.Schema, name string) {
	member, _ := s.Properties.Get(name)
	s.Properties.Set(name, &reflected.Schema{
		Description: member.Description,
		AnyOf:       []*reflected.Schema{{Type: member.Type, Format: member.Format, Ref: member.Ref}, {Type: "null"}},
	})
}

// special are the types whose JSON is not as their Go type.
func special(of reflect.Type) *reflected.Schema {
	switch of {
	case reflect.TypeFor[jsontext.Value]():
		return &reflected.Schema{Description: "any JSON"}
	case reflect.TypeFor[annotation.Geometry]():
		return &reflected.Schema{Description: "as kind says"}
	case reflect.TypeFor[payload.Event]():
		return enum(payload.Events())
	case reflect.TypeFor[payload.Version]():
		return enum([]payload.Version{payload.V1, payload.V2, payload.NoVersion})
	case reflect.TypeFor[annotation.Kind]():
		return enum(append(slices.Sorted(maps.Keys(geometries)), annotation.KindUnknown))
	}
	return nil
}

func enum[T ~string](values []T) *reflected.Schema {
	s := &reflected.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, v)
	}
	return s
}

// beside are the members that an annotation has in JSON only.
func beside(of reflect.Type) []reflect.StructField {
	type label struct {
		LabelRef *annotation.LabelRef `json:"label_ref,omitempty"`
		Raw      jsontext.Value       `json:"raw,omitempty"`
		Base64   []byte               `json:"raw_base64,omitempty"`
	}
	switch of {
	case reflect.TypeFor[annotation.Object](), reflect.TypeFor[annotation.Classification](), reflect.TypeFor[annotation.Relationship]():
		return reflect.VisibleFields(reflect.TypeFor[label]())
	}
	return nil
}
