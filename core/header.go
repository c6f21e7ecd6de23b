package core

import (
	"cmp"
	"iter"
	"slices"
	"strings"
)

// Lister is a [Header] that can also list its names, in any case. Of one that
// cannot, [Delivery.Header] knows only the names that it looks up.
type Lister interface {
	Header
	Names() iter.Seq[string]
}

// The headers besides signature, id, event name and content type that travel on
// with a delivery: what describes the body, and what follows it through
// logs and traces. It is a list of what may pass and not of what may not,
// because gateways, proxies and platforms put tokens and keys under names of
// their own choice.
var (
	endToEndNames = []string{
		"Baggage", "B3", "Content-Encoding", "Content-Language", "Content-Disposition", "Content-Md5", "Content-Digest", "Repr-Digest",
		"Date", "Idempotency-Key", "Request-Id", "Sentry-Trace", "Traceparent", "Tracestate", "Uber-Trace-Id", "User-Agent",
		"X-Amzn-Trace-Id", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags",
		"X-Cloud-Trace-Context", "X-Correlation-Id", "X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority",
		"X-Request-Id",
	}
	endToEndPrefixes = []string{"x-labelbox-", "x-hub-signature-", "x-b3-", "x-datadog-"}
)

// Header returns the headers that are sent on with the delivery, sorted by
// name, each value a field of its own: signature, id, event name and content
// type, and of the others as they came Content-Encoding, User-Agent, Date,
// the ids of request and trace, and every header whose name begins with
// X-Labelbox-. Never among them are credentials, cookies, Host, what the sender's
// Connection header names, and what proxies and platforms add about the way here.
//
// A delivery that was not made of a request has only the first four.
func (d *Delivery) Header() []HeaderField {
	d.headerOnce.Do(func() { d.sentOn = d.readHeader() })
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
		return sortFields(fields)
	}
	hop := strings.FieldsFunc(strings.Join(d.header.Values("Connection"), ","), func(r rune) bool { // what concerns only the connection that it came on
		return r == ',' || r == ' ' || r == '\t'
	})
	for _, name := range d.endToEndNames() {
		if contains(hop, name) {
			continue
		}
		for _, value := range d.header.Values(name) {
			if isFieldValue(value) {
				fields = append(fields, HeaderField{name, value})
			}
		}
	}
	return sortFields(fields)
}

// endToEndNames are the names to look up, each once.
func (d *Delivery) endToEndNames() []string {
	lister, ok := d.header.(Lister)
	if !ok {
		return endToEndNames
	}
	var names []string
	for name := range lister.Names() {
		if i := slices.IndexFunc(endToEndNames, func(known string) bool { return strings.EqualFold(known, name) }); i >= 0 {
			name = endToEndNames[i]
		} else if strings.EqualFold(name, IDHeader) || strings.EqualFold(name, EventHeader) || !slices.ContainsFunc(endToEndPrefixes, func(prefix string) bool {
			return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
		}) {
			continue
		}
		if !contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

func sortFields(fields []HeaderField) []HeaderField {
	slices.SortStableFunc(fields, func(a, b HeaderField) int { return compareFold(a.Name, b.Name) })
	return fields
}

// compareFold compares names without regard to case, by the bit that a letter's
// two cases differ in.
func compareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if c := cmp.Compare(a[i]|0x20, b[i]|0x20); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

// isFieldValue reports whether a value may stand in a header: a line break in
// one would be another header.
func isFieldValue(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}
