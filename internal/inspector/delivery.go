package inspector

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// detail is a delivery, or a refused request, as the page shows it.
type detail struct {
	ID       string
	Refused  bool
	Error    string // instead of all that follows
	Title    string
	Outcome  string
	Received time.Time
	Verdict  []string // lines
	Facts    []fact
	Headers  []fact
	Size     int64

	Payload     string // for people
	PayloadNote string // why there is none, or not all
	Decoded     string

	Picture *sceneView // nil if there is nothing to draw
	Answers []answer
	Links   []fact    // relationships: from, to
	Undrawn []undrawn // what the picture leaves out
	Text    []span    // of a text that was labeled, if the payload has it

	ImageURL    string // where the payload says that the image is
	ImageOrigin string // of it; "" if it must not be loaded
	Image       string // the image, if it was asked for

	Earlier []row // other deliveries about the same thing, the newest first
	Forward string
}

// fact is a name and what it is.
type fact struct{ Name, Value string }

// maxShown is how much of a payload is shown, in bytes; all of it can be saved.
const maxShown = 256 << 10

// record reads a delivery by its key or id.
func (p *page) record(r *http.Request, id string) (inbox.Record, error) {
	records, err := p.Inbox.Get(r.Context(), id)
	if err != nil {
		return inbox.Record{}, err
	}
	return records[len(records)-1], nil
}

// detail reads what has an id, and the status to answer with.
func (p *page) detail(r *http.Request, id string) (detail, int) {
	if number, is := inbox.RefusalNumber(id); is {
		return p.refusal(r, number)
	}
	d, err := p.draw(r, id)
	if err != nil {
		return detail{ID: id, Error: err.Error()}, statusOf(err)
	}
	rec := d.record
	v := detail{
		ID: rec.Key, Title: cmp.Or(string(rec.Event), rec.EventName, "unknown event"), Outcome: string(rec.Status), Received: rec.Received,
		Verdict: []string{verdictOf(rec)}, Size: rec.Size, Forward: p.Forward,
		Facts: []fact{
			{"Delivery", rec.ID}, {"Key", rec.Key}, {"Form", string(rec.Version)}, {"Project", rec.ProjectID}, {"Subject", rec.Subject},
			{"Data row", rec.DataRowID}, {"Happened", when(rec.Time)}, {"Received", when(rec.Received)},
			{"Repeats", repeats(rec)}, {"Size", fmt.Sprintf("%d bytes", rec.Size)}, {"Origin", cmp.Or(rec.Origin, "webhook")},
		},
	}
	for _, f := range rec.Delivery().Header() {
		if isSignature(f.Name) { // with it the delivery could be sent again
			f.Value = "not shown"
		}
		v.Headers = append(v.Headers, fact{f.Name, f.Value})
	}
	v.Payload, v.PayloadNote = pretty(rec.Body)
	v.Decoded = indent(decoded.Of(rec.Delivery()))
	p.showLabel(&v, d, r)
	for other, err := range p.Inbox.Heads(r.Context(), inbox.Query{Subject: rec.Subject, Limit: 20}) {
		if err == nil && rec.Subject != "" && other.Key != rec.Key && other.Event.IsLabel() && rec.Event.IsLabel() {
			v.Earlier = append([]row{{ID: other.Key, Received: other.Received, Event: string(other.Event), Outcome: string(other.Status)}}, v.Earlier...)
		}
	}
	return v, http.StatusOK
}

// refusal is the detail of a refused request.
func (p *page) refusal(r *http.Request, number int64) (detail, int) {
	n, err := p.Inbox.Refusal(r.Context(), number)
	if err != nil {
		return detail{ID: fmt.Sprintf("r%d", number), Refused: true, Error: err.Error()}, statusOf(err)
	}
	v := detail{
		ID: n.ID(), Refused: true, Title: string(n.Code), Outcome: refused, Received: n.Received, Size: n.Size,
		Facts: []fact{{"Answered", fmt.Sprintf("%d %s", n.Status, n.Code)}, {"Method", n.Method}, {"Received", when(n.Received)}, {"Size", fmt.Sprintf("%d bytes", n.Size)}},
	}
	for _, f := range n.Headers {
		if isSignature(f.Name) {
			f.Value = "not shown"
		}
		v.Headers = append(v.Headers, fact{f.Name, f.Value})
	}
	why, err := p.Explain(r.Context(), n)
	if err != nil {
		why = "It cannot be explained: " + err.Error()
	}
	v.Verdict = strings.Split(strings.TrimSpace(why), "\n")
	v.Payload, v.PayloadNote = pretty(n.Body)
	return v, http.StatusOK
}

func isSignature(name string) bool {
	return strings.HasPrefix(strings.ToLower(name), strings.ToLower(core.SignatureHeader))
}

// delivery answers with what is open, for a list that is there already.
func (p *page) delivery(w http.ResponseWriter, r *http.Request) {
	d, status := p.detail(r, r.PathValue("id"))
	p.render(w, r, status, "detail", d)
}

// payload answers with the exact bytes. They are a file to save and never a
// document of this site, whatever is in them.
func (p *page) payload(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	var body []byte
	if number, is := inbox.RefusalNumber(id); is {
		n, err := p.Inbox.Refusal(r.Context(), number)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		body = n.Body
	} else {
		d, err := p.record(r, id)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		id, body = d.Key, d.Body
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "labelbox-" + id + ".json"}))
	w.Write(body) // an error means that the browser is gone
}

// verdictOf says whether a delivery was genuine, and what became of it.
func verdictOf(r inbox.Record) string {
	genuine := "Genuine: its signature is that of its body under the webhook secret."
	switch r.Origin {
	case "":
	case "unverified":
		genuine = "Not verified: there was no secret to verify it with."
	default:
		genuine = "Not signed: it came from “" + printable.Text(r.Origin) + "”."
	}
	switch r.Status {
	case inbox.Pending:
		return genuine + " It is stored, and is being passed on."
	case inbox.Failed:
		return genuine + " It is stored, but passing it on failed; send it again below."
	}
	return genuine + " It is stored, and passed on where that was asked for."
}

func repeats(r inbox.Record) string {
	if r.Repeats == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, the last at %s", r.Repeats, when(r.LastReceived))
}

func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05.000 UTC")
}

// pretty is JSON with a line for each value, as much of it as somebody reads, and
// says what it is not.
func pretty(body []byte) (text, note string) {
	if len(body) == 0 {
		return "", "There is no body."
	}
	v := jsontext.Value(body).Clone()
	lenient := []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
	switch {
	case printable.Deeper(v, printable.MaxDepth), v.Format(append(lenient, jsontext.WithIndent("  "))...) != nil:
		text, note = printable.Lines(string(body)), "This is no JSON, or nested too deeply to be laid out."
	default:
		text = string(printable.JSON(v))
	}
	if len(text) > maxShown {
		text, note = strings.ToValidUTF8(text[:maxShown], ""), fmt.Sprintf("This is the beginning; all %d bytes can be saved.", len(body))
	}
	return text, note
}

// indent is the decoded form of a delivery with a line for each value.
func indent(d *decoded.Delivery) string {
	line, err := d.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	text, _ := pretty(line)
	return text
}
