package annotation

import (
	"bytes"
	"encoding/json"

	"github.com/go-json-experiment/json/jsontext"
)

// MarshalJSON writes all that the annotations say, with the label and the raw
// JSON of each. What is below an object or an answer is in the raw JSON of that.
// Objects read from one text have its raw JSON once, with the first.
func (a Set) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	err := a.MarshalJSONTo(jsontext.NewEncoder(&text))
	return bytes.TrimSpace(text.Bytes()), err
}

// MarshalJSONTo writes what [Set.MarshalJSON] does, annotation by annotation, so
// that it takes little memory however many there are.
func (a Set) MarshalJSONTo(to *jsontext.Encoder) error {
	w := viewWriter{to: to}
	w.token(jsontext.BeginObject)
	w.token(jsontext.String("objects"))
	w.token(jsontext.BeginArray)
	var before jsontext.Value
	for i := range a.Objects {
		o := &a.Objects[i]
		view := objectView{o, o.LabelRef, viewRaw(o.Raw)}
		switch {
		case sameBytes(o.Raw, before):
			view.rawView = rawView{}
		case o.Raw == nil && before != nil:
			view.rawView.Raw = json.RawMessage("null") // or it would be that of the object before
		}
		w.value(view)
		before = o.Raw
	}
	w.token(jsontext.EndArray)
	w.token(jsontext.String("classifications"))
	w.token(jsontext.BeginArray)
	for i := range a.Classifications {
		q := &a.Classifications[i]
		w.value(classificationView{q, q.LabelRef, viewRaw(q.Raw)})
	}
	w.token(jsontext.EndArray)
	w.token(jsontext.String("relationships"))
	w.token(jsontext.BeginArray)
	for i := range a.Relationships {
		l := &a.Relationships[i]
		w.value(relationshipView{l, l.LabelRef, viewRaw(l.Raw)})
	}
	w.token(jsontext.EndArray)
	if len(a.Segments) > 0 {
		w.token(jsontext.String("segments"))
		w.token(jsontext.BeginArray)
		for i := range a.Segments {
			w.value(&a.Segments[i])
		}
		w.token(jsontext.EndArray)
	}
	if a.FramesURL != "" {
		w.token(jsontext.String("frames_url"))
		w.value(a.FramesURL)
	}
	if a.Text != "" {
		w.token(jsontext.String("text"))
		w.value(a.Text)
	}
	if a.Asset != (AssetSize{}) {
		w.token(jsontext.String("asset"))
		w.value(a.Asset)
	}
	w.token(jsontext.EndObject)
	return w.err
}

// viewWriter writes to an encoder until there is an error.
type viewWriter struct {
	to  *jsontext.Encoder
	err error
}

func (w *viewWriter) token(t jsontext.Token) {
	if w.err == nil {
		w.err = w.to.WriteToken(t)
	}
}

func (w *viewWriter) value(v any) {
	if w.err != nil {
		return
	}
	var text []byte
	if text, w.err = json.Marshal(v); w.err == nil {
		w.err = w.to.WriteValue(text)
	}
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

// value is the raw JSON again.
func (v rawView) value() jsontext.Value {
	switch {
	case v.Base64 != nil:
		return v.Base64
	case string(v.Raw) == "null":
		return nil
	}
	return jsontext.Value(v.Raw)
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
