package inbox

import (
	"iter"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// Record is a delivery as the inbox holds it. Times are UTC, to the
// microsecond.
type Record struct {
	Seq          int64  // order of arrival
	Key          string // [core.Delivery.Key]
	ID           string // the X-Labelbox-Id header; may be empty
	Event        payload.Event
	Version      payload.Version
	ProjectID    string
	Subject      string // [core.Delivery.Subject]
	DataRowID    string
	Time         time.Time // the payload's own; zero if it has none
	Received     time.Time // the first arrival
	LastReceived time.Time // the last arrival
	Repeats      int       // arrivals after the first
	Status       Status
	Size         int64 // of Body, in bytes
	Origin       string

	// The headers as they came with the first arrival.
	Signature   string
	EventName   string
	ContentType string
	Headers     []core.HeaderField // the others of [core.Delivery.Header]

	Body []byte // the exact bytes that were signed
}

// Reference returns the delivery id, or the key where the sender gave no id.
func (r *Record) Reference() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Key
}

// Delivery rebuilds the delivery from its headers and body, as it was when it
// first arrived. What it says is read off the body again, so it follows this
// program's knowledge of payloads and not that of the one that stored it.
func (r *Record) Delivery() *core.Delivery {
	d := core.Identify(storedHeader{r}, r.Body)
	d.Received, d.Origin = r.Received, r.Origin
	return d
}

// storedHeader is the record's headers as a [core.Header].
type storedHeader struct{ *Record }

func (h storedHeader) Values(name string) (values []string) {
	for i, f := range append([]core.HeaderField{
		{Name: core.SignatureHeader, Value: h.Signature}, {Name: core.IDHeader, Value: h.ID},
		{Name: core.EventHeader, Value: h.EventName}, {Name: "Content-Type", Value: h.ContentType},
	}, h.Headers...) {
		if (f.Value != "" || i > 3) && strings.EqualFold(f.Name, name) { // the first four are columns, empty where there was none
			values = append(values, f.Value)
		}
	}
	return values
}

// Names implements [core.Lister].
func (h storedHeader) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, f := range h.Headers {
			if !yield(f.Name) {
				return
			}
		}
	}
}

// otherHeaders are the end-to-end headers that have no column of their own, as
// the file holds them.
func otherHeaders(d *core.Delivery) string {
	var lines strings.Builder
	for _, f := range d.Header() {
		switch f.Name {
		case core.SignatureHeader, core.IDHeader, core.EventHeader, "Content-Type":
		default:
			lines.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	return lines.String()
}

func parseHeaders(lines string) (fields []core.HeaderField) {
	for line := range strings.Lines(lines) {
		if name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); found {
			fields = append(fields, core.HeaderField{Name: name, Value: value})
		}
	}
	return fields
}

// Annotations counts the annotations of a label event: objects,
// classifications and relationships, those with a feature id once however many
// frames they appear on. It decodes the body, which takes its time. It returns
// false for other events and where the payload does not say.
func (r *Record) Annotations() (n int, known bool) {
	if !r.Event.IsLabel() {
		return 0, false
	}
	all, err := r.Delivery().Annotations()
	if err != nil || all.FramesURL != "" {
		return 0, false
	}
	seen := map[string]bool{}
	count := func(id string) {
		if id == "" || !seen[id] {
			n++
		}
		seen[id] = true
	}
	for _, o := range all.Objects {
		count(o.ID)
	}
	for _, c := range all.Classifications {
		count(c.ID)
	}
	for _, l := range all.Relationships {
		count(l.ID)
	}
	return n, true
}

// scannable is a row of a result.
type scannable interface{ Scan(into ...any) error }

// scan reads what [selectRow] selects.
func scan(row scannable) (r Record, err error) {
	var headers string
	err = r.scan(row, &r.Signature, &r.EventName, &r.ContentType, &headers, &r.Body)
	r.Headers = parseHeaders(headers)
	if err == nil && !isKeyOf(r.Key, string(r.Event), r.EventName, r.Body) {
		err = flaw("the body with the key " + r.Key + " is not the one that came")
	}
	return r, err
}

// scanHead reads [headColumns].
func scanHead(row scannable) (r Record, err error) {
	err = r.scan(row)
	return r, err
}

func (r *Record) scan(row scannable, rest ...any) error {
	var at, received, last int64
	err := row.Scan(append([]any{&r.Seq, &r.Key, &r.ID, &r.Event, &r.Version, &r.ProjectID, &r.Subject, &r.DataRowID, &at, &received,
		&last, &r.Repeats, &r.Status, &r.Size, &r.Origin}, rest...)...)
	r.Time, r.Received, r.LastReceived = fromMicros(at), fromMicros(received), fromMicros(last)
	return err
}
