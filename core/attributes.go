package core

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core/payload"
)

// Attribute is one CloudEvents 1.0 attribute of a delivery, in the spelling of
// the specification: lower-case name without a prefix, value as text.
type Attribute struct{ Name, Value string }

// Attributes describes the delivery as a CloudEvents 1.0 event whose data is
// the body, for a transport's binary mode
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md). The
// order is fixed, the most useful first, for transports that carry only so
// many; attributes without a value are left out. Besides the specification's
// own there are labelboxkey ([Delivery.Key]), labelboxsignature (the header as
// it came, so that a consumer can verify again), labelboxversion,
// labelboxdatarow and, for what did not come from a webhook, labelboxorigin.
func (d *Delivery) Attributes() []Attribute {
	source := "/labelbox"
	if d.ProjectID != "" {
		source += "/projects/" + d.ProjectID
	}
	contentType := d.ContentType
	if contentType == "" {
		contentType = "application/json"
	}
	happened := ""
	if !d.Time.IsZero() {
		happened = d.Time.Format(time.RFC3339Nano)
	}
	attributes := []Attribute{
		{"specversion", "1.0"},
		{"id", d.Reference()},
		{"type", typePrefix + string(d.Event)},
		{"source", source},
		{"labelboxkey", d.Key()},
		{"labelboxsignature", d.Signature},
		{"labelboxorigin", d.Origin},
		{"subject", d.Subject()},
		{"time", happened},
		{"labelboxversion", string(d.Version)},
		{"labelboxdatarow", d.DataRowID},
		{"datacontenttype", contentType},
	}
	return slices.DeleteFunc(attributes, func(a Attribute) bool { return a.Value == "" })
}

// typePrefix stands before the event in the attribute "type".
const typePrefix = "com.labelbox."

// ErrForeign is what [FromAttributes] returns for what no receiver of labelhook
// has sent on.
var ErrForeign = errors.New("this is no delivery of labelhook's")

// FromAttributes is the inverse of [Delivery.Attributes], for the consumer of a
// queue or bucket: it makes the delivery again of its attributes and its body.
// The order of the attributes does not matter, and those not known here are left
// alone. body is kept, not copied; a transport that has put it somewhere else or
// into another encoding has undone that before.
//
// Attributes are not signed. So what the body says of itself is read out of the
// body, as [Identify] does it, and the attribute "type" is what the event header
// is there. To prove the body, call [Verify] with the delivery's Signature.
// Received is zero, and EventName "" for an unknown event.
//
// The error matches [ErrForeign]: there is no type that begins with
// "com.labelbox.", the type is no event, or labelboxkey is not the key of this
// body and event, which means that one of them was changed on the way or that it
// was sent [Delivery.InForm].
func FromAttributes(attributes []Attribute, body []byte) (*Delivery, error) {
	of := func(name string) string {
		for _, a := range attributes {
			if a.Name == name {
				return a.Value
			}
		}
		return ""
	}
	name, found := strings.CutPrefix(of("type"), typePrefix)
	if !found {
		return nil, fmt.Errorf("%w: its type is %q, not %s and an event", ErrForeign, of("type"), typePrefix)
	}
	event, known := payload.ParseEvent(name)
	if !known {
		return nil, fmt.Errorf("%w: no event is called %q", ErrForeign, name)
	}
	is := payload.Identify(body, name)
	d := &Delivery{
		ID:          of("id"),
		Event:       is.Event,
		Version:     is.Version,
		ProjectID:   is.ProjectID,
		LabelID:     is.LabelID,
		DataRowID:   is.DataRowID,
		Time:        is.Time,
		Signature:   of("labelboxsignature"),
		ContentType: of("datacontenttype"),
		Origin:      of("labelboxorigin"),
		Body:        body,
	}
	if d.Event != event {
		return nil, fmt.Errorf("%w: it is called %s, but its body is that of %s", ErrForeign, event, d.Event)
	}
	if event != payload.Unknown {
		d.EventName = strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
	}
	key := of("labelboxkey")
	if event == payload.Unknown && key != "" {
		d.keyOnce.Do(func() { d.key = key }) // it counts the name that the sender gave, which no attribute holds
	}
	if key != "" && key != d.Key() {
		return nil, fmt.Errorf("%w: its body is not the one that came, but changed or decoded (?form=decoded)", ErrForeign)
	}
	if d.ID == d.Key() {
		d.ID = "" // the sender gave none
	}
	return d, nil
}
