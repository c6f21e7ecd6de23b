package inbox

import (
	"iter"
	"maps"
	"net/http"
	"slices"
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
	header := http.Header{ // columns, empty where there was none
		core.SignatureHeader: {r.Signature}, core.IDHeader: {r.ID}, core.EventHeader: {r.EventName}, "Content-Type": {r.ContentType},
	}
	for _, f := range r.Headers {
		header.Add(f.Name, f.Value)
	}
	d := core.Identify(storedHeader{header}, r.Body)
	d.Received, d.Origin = r.Received, r.Origin
	return d
}

// storedHeader is a [core.Lister].
type storedHeader struct{ http.Header }

func (h storedHeader) Names() iter.Seq[string] { return maps.Keys(h.Header) }

// otherHeaders are the end-to-end headers that have no column of their own, as
// the file holds them.
func otherHeaders(d *core.Delivery) string {
	return headerLines(slices.DeleteFunc(d.Header(), func(f core.HeaderField) bool {
		return f.Name == core.SignatureHeader || f.Name == core.IDHeader || f.Name == core.EventHeader || f.Name == "Content-Type"
	}))
}

// headerLines is what [parseHeaders] reads.
func headerLines(fields []core.HeaderField) string {
	var lines strings.Builder
	for _, f := range fields {
		lines.WriteString(f.Name + ": " + f.Value + "\n")
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

// scan reads [headColumns] and, into rest, what is behind them.
func (r *Record) scan(row scannable, rest ...any) error {
	var at, received, last int64
	err := row.Scan(append([]any{&r.Seq, &r.Key, &r.ID, &r.Event, &r.Version, &r.ProjectID, &r.Subject, &r.DataRowID, &at, &received,
		&last, &r.Repeats, &r.Status, &r.Size, &r.Origin}, rest...)...)
	r.Time, r.Received, r.LastReceived = fromMicros(at), fromMicros(received), fromMicros(last)
	return err
}
