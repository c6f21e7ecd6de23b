package core

import (
	"iter"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/internal/endtoend"
)

// Lister is a [Header] that can also list its names, in any case. Of one that
// cannot, [Delivery.Header] knows only the names that it looks up.
type Lister interface {
	Header
	Names() iter.Seq[string]
}

// Header returns the headers that are sent on with the delivery, sorted by
// name, each value a field of its own: signature, id, event name and content
// type, and of the others as they came Content-Encoding, User-Agent, Date,
// the ids of request and trace, and every header whose name begins with
// X-Labelbox-. Never among them are credentials, cookies, Host, what the sender's
// Connection header names, and what proxies and platforms add about the way here.
//
// A delivery that was not made of a request has only the first four.
func (d *Delivery) Header() []HeaderField {
	d.headerOnce.Do(func() {
		d.sentOn = d.readHeader()
		slices.SortStableFunc(d.sentOn, func(a, b HeaderField) int { return endtoend.Compare(a.Name, b.Name) })
	})
	return slices.Clone(d.sentOn)
}

func (d *Delivery) readHeader() []HeaderField {
	var fields []HeaderField
	for _, f := range []HeaderField{
		{SignatureHeader, d.Signature}, {IDHeader, d.ID}, {EventHeader, d.EventName}, {"Content-Type", d.ContentType},
	} {
		if f.Value != "" && isFieldValue(f.Value) {
			fields = append(fields, f)
		}
	}
	if d.header == nil {
		return fields
	}
	hop := strings.FieldsFunc(strings.Join(d.header.Values("Connection"), ","), func(r rune) bool { // what concerns only the connection that it came on
		return r == ',' || r == ' ' || r == '\t'
	})
	names := endtoend.Names
	if lister, ok := d.header.(Lister); ok {
		names = endtoend.Of(lister.Names(), IDHeader, EventHeader)
	}
	for _, name := range names {
		if endtoend.Contains(hop, name) {
			continue
		}
		for _, value := range d.header.Values(name) {
			if isFieldValue(value) {
				fields = append(fields, HeaderField{name, value})
			}
		}
	}
	return fields
}

// isFieldValue reports whether a value may stand in a header: a line break in
// one would be another header.
func isFieldValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
