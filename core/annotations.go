package core

import "github.com/go-json-experiment/json/jsontext"

// Annotations is what a label says about its asset, in one form for v1 and v2
// and for every kind of asset. Video and DICOM labels hold one object or
// classification per frame it appears on; its [Place] says which. Everything
// stands in the order in which Labelbox sent it.
type Annotations struct {
	Objects         []Object         `json:"objects"`
	Classifications []Classification `json:"classifications"`
	Relationships   []Relationship   `json:"relationships"`

	// Segments lists the stretches of frames (or milliseconds, in audio) that a
	// feature covers.
	Segments []Segment `json:"segments,omitempty"`

	// FramesURL is set where a v1 video label holds nothing but the address of
	// its frames. Fetching them takes the API key, so it must never be sent to a
	// host that is not Labelbox's. What is fetched, one frame a line, is the
	// Content of a [Label] again.
	FramesURL string `json:"frames_url,omitempty"`

	// Text is set where the label is a text that is not JSON ("Skip").
	Text string `json:"text,omitempty"`
}

// Feature names an annotation: which one it is, and of what class.
type Feature struct {
	ID       string `json:"feature_id"`        // of this very annotation
	SchemaID string `json:"feature_schema_id"` // of its class in the ontology
	Name     string `json:"name"`              // the class as people see it; v1 calls it title
	Value    string `json:"value"`             // the class as programs see it
	Color    string `json:"color,omitempty"`
}

// Place says where in its asset an annotation is, beyond its geometry. Fields
// that do not apply are zero. A classification below an object or an answer is
// where that is, and does not repeat it.
type Place struct {
	Frame     *int   `json:"frame,omitempty"`      // video and DICOM frame, or audio millisecond, as Labelbox numbers it
	KeyFrame  bool   `json:"key_frame,omitempty"`  // set by a person, not interpolated
	Page      *int   `json:"page,omitempty"`       // as Labelbox numbers it: from 0 or 1
	MessageID string `json:"message_id,omitempty"` // conversations
	Group     string `json:"group,omitempty"`      // DICOM plane
}

// Object is an annotation with a geometry.
type Object struct {
	Feature
	Place
	Kind            Kind             `json:"kind"`
	Geometry        Geometry         `json:"geometry,omitempty"` // nil if Kind is [KindUnknown]
	Classifications []Classification `json:"classifications,omitempty"`
	Raw             jsontext.Value   `json:"-"` // all of it, unknown members too
}

// Classification is a question of the ontology with the answers it got.
type Classification struct {
	Feature
	Place
	Kind    AnswerKind     `json:"kind"`
	Text    string         `json:"text,omitempty"`    // the answer to a free text question
	Options []Option       `json:"options,omitempty"` // the answers chosen from a list
	Raw     jsontext.Value `json:"-"`

	// Classifications are further questions that hang below this one, if the
	// label does not say below which answer.
	Classifications []Classification `json:"classifications,omitempty"`
}

// Option is one answer chosen, with the questions that hang below it.
type Option struct {
	Feature
	Classifications []Classification `json:"classifications,omitempty"`
}

// AnswerKind says how a [Classification] was answered.
type AnswerKind string

// The kinds of answers.
const (
	AnswerRadio     AnswerKind = "radio"     // one Option
	AnswerChecklist AnswerKind = "checklist" // any number of Options
	AnswerDropdown  AnswerKind = "dropdown"  // a v1 answer array: the path through a menu
	AnswerText      AnswerKind = "text"      // Text
	AnswerUnknown   AnswerKind = "unknown"   // see Raw
)

// Relationship links two objects of a label.
type Relationship struct {
	Feature
	Place
	Source string `json:"source"`          // feature id
	Target string `json:"target"`          // feature id
	Label  string `json:"label,omitempty"` // what somebody wrote on it

	// Directed is false where both ends play the same part.
	Directed bool           `json:"directed"`
	Raw      jsontext.Value `json:"-"`
}

// Segment is a stretch that a feature covers, both ends inclusive.
type Segment struct {
	FeatureID string `json:"feature_id"`
	Group     string `json:"group,omitempty"` // DICOM plane
	Start     int    `json:"start"`
	End       int    `json:"end"`
}

// Annotations decodes the label's content. Nothing in it is lost: an object or
// answer of a form unknown here is kept with its Raw JSON, as [KindUnknown] or
// [AnswerUnknown], and a member of the wrong type costs that member only. The
// error matches [ErrPayload] and means that the content is not well-formed JSON
// or names a member twice.
func (l *Label) Annotations() (*Annotations, error) {
	r := newLabelReader()
	if err := r.readLabel(l.Content); err != nil {
		return nil, err
	}
	return r.finish(), nil
}

// Annotations decodes what all labels of a label event say, together. Other
// events have none. It decodes anew on each call, and the errors are those of
// [Delivery.Label] and [Label.Annotations].
func (d *Delivery) Annotations() (*Annotations, error) {
	r := newLabelReader()
	if !d.Event.IsLabel() {
		return r.finish(), nil
	}
	event, err := d.Label()
	if err != nil {
		return nil, err
	}
	r.checked = d.Version == V2 // as a part of the body
	for label := range event.Labels() {
		if err := r.readLabel(label.Content); err != nil {
			return nil, err
		}
	}
	return r.finish(), nil
}
