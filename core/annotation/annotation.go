package annotation

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// Set is what a label says about its asset, in one form for v1 and v2
// and for every kind of asset. Video and DICOM labels hold one object or
// classification per frame it appears on; its [Location] says which. Everything
// stands in the order in which Labelbox sent it.
type Set struct {
	Objects         []Object         `json:"objects"`
	Classifications []Classification `json:"classifications"`
	Relationships   []Relationship   `json:"relationships"`

	// Segments lists the stretches of frames (or milliseconds, in audio) that a
	// feature covers.
	Segments []Segment `json:"segments,omitempty"`

	// FramesURL is set where a v1 video label holds nothing but the address of
	// its frames. Fetching them takes the API key, so it must never be sent to a
	// host that is not Labelbox's. What is fetched, one frame a line, is the
	// [Content] of the label again.
	FramesURL string `json:"frames_url,omitempty"`

	// Text is set where the label is a text that is not JSON ("Skip").
	Text string `json:"text,omitempty"`

	// Asset is what the geometry is drawn on, if the payload says.
	Asset AssetSize `json:"asset,omitzero"`
}

// AssetSize is the size of an image or video in pixels, 0 if not said.
type AssetSize struct {
	Width  float64 `json:"width"`
	Height float64 `json:"height"`

	// Rotation is the image's EXIF orientation, 1 to 8. Any but 1 means that the
	// pixels are stored in another order than they are shown in.
	Rotation float64 `json:"exif_rotation,omitempty"`
}

// LabelRef says which label an annotation is of. All annotations of one label
// share one. What else is known of the label is in the payload.
type LabelRef struct {
	ID        string `json:"id"`
	ProjectID string `json:"project_id"`
	CreatedBy string `json:"created_by"`         // the author's e-mail address
	Selected  bool   `json:"selected,omitempty"` // the project names it as the one that counts
	Skipped   bool   `json:"skipped,omitempty"`
	Deleted   bool   `json:"deleted,omitempty"` // v1 says so; in v2 only the event does
}

// Feature names an annotation: which one it is, and of what class.
type Feature struct {
	ID       string `json:"feature_id"`        // of this very annotation
	SchemaID string `json:"feature_schema_id"` // of its class in the ontology
	Name     string `json:"name"`              // the class as people see it; v1 calls it title
	Value    string `json:"value"`             // the class as programs see it
	Color    string `json:"color,omitempty"`

	// Confidence is a model's, most often 0 to 1; nil if not given.
	Confidence *float64 `json:"confidence,omitempty"`
}

// Location says where in its asset an annotation is, beyond its geometry. Fields
// that do not apply are zero. A classification below an object or an answer is
// where that is, and does not repeat it.
type Location struct {
	Frame     *int   `json:"frame,omitempty"`      // video and DICOM frame, or audio millisecond, as Labelbox numbers it
	KeyFrame  bool   `json:"key_frame,omitempty"`  // set by a person, not interpolated
	Page      *int   `json:"page,omitempty"`       // as Labelbox numbers it: from 0 or 1
	MessageID string `json:"message_id,omitempty"` // conversations
	Group     string `json:"group,omitempty"`      // DICOM plane
}

// Object is an annotation with a geometry. Geometry that is damaged is not
// mended: a box without its top, a polygon with a corner that is none, or a line
// of one point makes an object of [KindUnknown], which has its Raw JSON still.
type Object struct {
	Feature
	Location
	Kind Kind `json:"kind"`

	// Tool is what it was drawn with, as Labelbox names it: "ImageBoundingBox",
	// "GeoPolygon", …; in v1 only shapes on a map have one, such as "rectangle".
	Tool string `json:"annotation_kind,omitempty"`

	Geometry Geometry `json:"geometry,omitempty"` // nil if Kind is [KindUnknown]

	// FromBelow is set where y counts from the lower edge of the image, as it did
	// in 2018. Its height, which such labels do not say, minus y is y from above.
	FromBelow bool `json:"y_from_below,omitempty"`

	// Mask is the object's own bitmap, where there is one beside the geometry.
	Mask *Mask `json:"mask,omitempty"`

	Classifications []Classification `json:"classifications,omitempty"`
	LabelRef        *LabelRef        `json:"-"` // never nil in what is decoded here
	Raw             jsontext.Value   `json:"-"` // all of it, unknown members too
}

// Classification is a question of the ontology with the answers it got.
type Classification struct {
	Feature
	Location
	Kind     AnswerKind     `json:"kind"`
	Text     string         `json:"text,omitempty"`    // the answer to a free text question
	Number   *float64       `json:"number,omitempty"`  // the answer to a numeric one; Text spells it
	Options  []Option       `json:"options,omitempty"` // the answers chosen from a list
	LabelRef *LabelRef      `json:"-"`                 // never nil in what is decoded here
	Raw      jsontext.Value `json:"-"`

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
	AnswerNumber    AnswerKind = "number"    // Number
	AnswerUnknown   AnswerKind = "unknown"   // see Raw
)

// Relationship links two objects of a label.
type Relationship struct {
	Feature
	Location
	Source string `json:"source"`          // feature id
	Target string `json:"target"`          // feature id
	Label  string `json:"label,omitempty"` // what somebody wrote on it

	// Directed is false where both ends play the same part.
	Directed bool           `json:"directed"`
	LabelRef *LabelRef      `json:"-"`
	Raw      jsontext.Value `json:"-"`
}

// Segment is a stretch that a feature covers, both ends inclusive.
type Segment struct {
	FeatureID string `json:"feature_id"`
	Group     string `json:"group,omitempty"` // DICOM plane
	Start     int    `json:"start"`
	End       int    `json:"end"`

	LabelRef *LabelRef `json:"label_ref,omitempty"`
}

// ErrDecode is matched by every error of [Read]: the content is not well-formed
// JSON, names a member twice, or has more parts than its size can hold.
var ErrDecode = errors.New("the payload cannot be decoded")

// Content is the undecoded annotations of one label.
type Content struct {
	Label LabelRef
	JSON  jsontext.Value // or text that is no JSON, as in very old labels

	// Checked says that JSON is a part of a text that is known to be well-formed
	// and to name no member twice, which saves looking again.
	Checked bool
}

// Read decodes what labels say about one asset, together. Nothing in it is lost:
// an object or answer of a form unknown here is kept with its Raw JSON, as
// [KindUnknown] or [AnswerUnknown], and a member of the wrong type costs that
// member only. The error matches [ErrDecode].
//
// It takes time in proportion to the content. What it returns takes at most 12
// bytes of memory for each byte of content, and on the way at most 24 are
// allocated, plus 1 MiB and what nesting takes; a real label takes one or two. Where so much is in the label that this does not do, such as a million
// numbers in the place of objects, what is beyond is together in the Raw of one
// object, of [KindUnknown], that holds the whole label.
func Read(asset AssetSize, labels ...Content) (*Set, error) {
	r := newLabelReader()
	r.Asset = asset
	for i := range labels {
		if err := r.readLabel(&labels[i]); err != nil {
			return nil, err
		}
	}
	return r.finish(), nil
}
