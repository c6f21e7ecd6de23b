package annotation

import (
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// MarshalJSON writes all that the annotations say, with the label and the raw
// JSON of each. What is below an object or an answer is in the raw JSON of that.
// Annotations read from one text have its raw JSON once, with the first.
func (a Set) MarshalJSON() ([]byte, error) {
	type plain Set
	view := struct {
		Objects         []objectView         `json:"objects"`
		Classifications []classificationView `json:"classifications"`
		Relationships   []relationshipView   `json:"relationships"`
		plain
	}{
		Objects:         make([]objectView, len(a.Objects)),
		Classifications: make([]classificationView, len(a.Classifications)),
		Relationships:   make([]relationshipView, len(a.Relationships)),
		plain:           plain(a),
	}
	var before jsontext.Value
	for i := range a.Objects {
		o := &a.Objects[i]
		view.Objects[i] = objectView{o, o.LabelRef, rawView{}}
		if !sameBytes(o.Raw, before) {
			view.Objects[i].rawView = viewRaw(o.Raw)
		}
		before = o.Raw
	}
	for i := range a.Classifications {
		q := &a.Classifications[i]
		view.Classifications[i] = classificationView{q, q.LabelRef, viewRaw(q.Raw)}
	}
	for i := range a.Relationships {
		l := &a.Relationships[i]
		view.Relationships[i] = relationshipView{l, l.LabelRef, viewRaw(l.Raw)}
	}
	return json.Marshal(view)
}

type objectView struct {
	*Object
	LabelRef *LabelRef `json:"label_ref,omitempty"`
	rawView
}

type classificationView struct {
	*Classification
	LabelRef *LabelRef `json:"label_ref,omitempty"`
	rawView
}

type relationshipView struct {
	*Relationship
	LabelRef *LabelRef `json:"label_ref,omitempty"`
	rawView
}

// rawView is raw JSON as a member of other JSON.
type rawView struct {
	Raw    json.RawMessage `json:"raw,omitempty"`
	Base64 []byte          `json:"raw_base64,omitempty"` // what is not I-JSON (RFC 7493), such as text that is not UTF-8
}

func viewRaw(raw jsontext.Value) rawView {
	if raw.IsValid() && newCursor(raw).finite() {
		return rawView{Raw: json.RawMessage(raw)}
	}
	return rawView{Base64: raw}
}

// sameBytes reports whether a and b are the same bytes in memory.
func sameBytes(a, b []byte) bool {
	return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0]
}

// finite passes over a value and reports whether all numbers in it are in the
// range of float64.
func (c *cursor) finite() (ok bool) {
	ok = true
	switch k := c.Kind(); {
	case k == '{':
		for range c.Members {
			ok = c.finite() && ok
		}
	case k == '[':
		for range c.Elements {
			ok = c.finite() && ok
		}
	case k == '-' || '0' <= k && k <= '9':
		_, ok = c.Real()
	default:
		c.Skip()
	}
	return ok
}
