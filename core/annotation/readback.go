package annotation

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// UnmarshalJSON reads what [Set.MarshalJSON] wrote, such as what labelhook events
// show --json prints; a payload is read by [Read]. An object's raw JSON is the
// same but for white space and escapes. Annotations below others have no Raw of
// their own, since it is a part of that of those. The error matches [ErrDecode],
// also where a geometry is not of the form that the object's kind has.
func (a *Set) UnmarshalJSON(text []byte) error {
	if err := a.readBack(text); err != nil {
		return fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return nil
}

func (a *Set) readBack(text []byte) error {
	type plain Set
	view := struct {
		Objects []struct {
			objectView
			Geometry json.RawMessage `json:"geometry"`
		} `json:"objects"`
		Classifications []classificationView `json:"classifications"`
		Relationships   []relationshipView   `json:"relationships"`
		plain
	}{}
	if err := json.Unmarshal(text, &view); err != nil {
		return err
	}
	set := Set(view.plain)
	set.Objects = make([]Object, len(view.Objects))
	set.Classifications = make([]Classification, len(view.Classifications))
	set.Relationships = make([]Relationship, len(view.Relationships))

	labels := make(map[LabelRef]*LabelRef, 1)
	label := func(l *LabelRef) *LabelRef {
		if l == nil {
			return nil
		}
		if labels[*l] == nil {
			labels[*l] = l
		}
		return labels[*l]
	}
	for i := range view.Objects {
		v := &view.Objects[i]
		if v.Object == nil {
			return fmt.Errorf("object %d is none", i)
		}
		o := &set.Objects[i]
		*o = *v.Object
		o.LabelRef, o.Raw = label(v.LabelRef), v.value()
		if i > 0 && v.rawView.Raw == nil && v.Base64 == nil {
			o.Raw = set.Objects[i-1].Raw
		}
		var err error
		if o.Geometry, err = readGeometry(o.Kind, v.Geometry); err != nil {
			return fmt.Errorf("the geometry of object %d, of kind %q: %w", i, o.Kind, err)
		}
		labelAll(o.Classifications, o.LabelRef)
	}
	for i, v := range view.Classifications {
		if v.Classification == nil {
			return fmt.Errorf("classification %d is none", i)
		}
		set.Classifications[i] = *v.Classification
		set.Classifications[i].Raw = v.value()
		labelAll(set.Classifications[i:i+1], label(v.LabelRef))
	}
	for i, v := range view.Relationships {
		if v.Relationship == nil {
			return fmt.Errorf("relationship %d is none", i)
		}
		set.Relationships[i] = *v.Relationship
		set.Relationships[i].LabelRef, set.Relationships[i].Raw = label(v.LabelRef), v.value()
	}
	for i := range set.Segments {
		set.Segments[i].LabelRef = label(set.Segments[i].LabelRef)
	}
	*a = set
	return nil
}

// labelAll says of questions, and of those below them, which label they are of.
func labelAll(questions []Classification, label *LabelRef) {
	for i := range questions {
		q := &questions[i]
		q.LabelRef = label
		labelAll(q.Classifications, label)
		for j := range q.Options {
			labelAll(q.Options[j].Classifications, label)
		}
	}
}

var errGeometry = errors.New("it is missing, damaged or of another kind")

// readGeometry reads a geometry of the kind.
func readGeometry(k Kind, text json.RawMessage) (Geometry, error) {
	switch k {
	case KindBox:
		return read[Box](text)
	case KindPolygon:
		return read[Polygon](text)
	case KindHoledPolygon:
		return read[HoledPolygon](text)
	case KindLine:
		return read[Line](text)
	case KindPoint:
		return read[Point](text)
	case KindMask:
		return read[Mask](text)
	case KindTextSpan:
		return read[TextSpan](text)
	case KindGeoShape:
		g, err := read[GeoShape](text)
		if shape, ok := g.(GeoShape); ok && !shape.divided() {
			return nil, errGeometry
		}
		return g, err
	case KindDocumentBox:
		return read[DocumentBox](text)
	case KindDocumentTokens:
		return read[DocumentTokens](text)
	case KindMessageSelection:
		return read[MessageSelection](text)
	}
	if text != nil {
		return nil, errGeometry
	}
	return nil, nil
}

// read reads a geometry that says the same when it is written again. One that
// lacks a number does not, since a zero was made up for it.
func read[G Geometry](text []byte) (Geometry, error) {
	var g G
	if json.Unmarshal(text, &g) != nil {
		return nil, errGeometry
	}
	again, err := json.Marshal(g)
	if err != nil {
		return nil, err
	}
	var before, after any
	if json.Unmarshal(text, &before) != nil || json.Unmarshal(again, &after) != nil || !reflect.DeepEqual(before, after) {
		return nil, errGeometry
	}
	return g, nil
}

// divided reports whether the parts, if any, have all rings among them.
func (g GeoShape) divided() bool {
	left := len(g.Rings)
	for _, n := range g.Parts {
		if n < 0 || n > left {
			return false
		}
		left -= n
	}
	return left == 0 || g.Parts == nil
}
