package core

import "time"

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
		{"type", "com.labelbox." + string(d.Event)},
		{"source", source},
		{"labelboxkey", d.Key()},
		{"labelboxsignature", d.Signature},
		{"subject", d.Subject()},
		{"time", happened},
		{"labelboxversion", string(d.Version)},
		{"labelboxdatarow", d.DataRowID},
		{"datacontenttype", contentType},
		{"labelboxorigin", d.Origin},
	}
	set := attributes[:0]
	for _, a := range attributes {
		if a.Value != "" {
			set = append(set, a)
		}
	}
	return set
}
