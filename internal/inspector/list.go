package inspector

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/inbox"
)

// chunkRows is how many rows are sent at a time, and laid out at a time as the list
// is scrolled: as many as take no browser long.
const chunkRows = 100

// refused is the outcome of what the inbox has no delivery of.
const refused = "refused"

// outcomes are those that a list can be of.
var outcomes = []string{string(inbox.Accepted), string(inbox.Pending), string(inbox.Failed), refused}

// filter is what the list is of, as it stands in the page's URL.
type filter struct {
	Event, Project, Outcome, Text string
}

func filterOf(q url.Values) filter {
	return filter{Event: q.Get("event"), Project: q.Get("project"), Outcome: q.Get("outcome"), Text: q.Get("q")}
}

// Query is the filter in a URL, with other members behind it.
func (f filter) Query(more ...string) template.URL {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("event", f.Event)
	set("project", f.Project)
	set("outcome", f.Outcome)
	set("q", f.Text)
	for i := 0; i+1 < len(more); i += 2 {
		set(more[i], more[i+1])
	}
	return template.URL(q.Encode())
}

// row is a delivery or a refused request in the list.
type row struct {
	ID       string // a key, or that of a refused request
	Received time.Time
	Outcome  string
	Status   int // of a refused request
	Event    string
	Version  string
	Project  string
	Subject  string
	Size     int64
	Repeats  int
}

// chunk is a part of the list, the newest first.
type chunk struct {
	Filter filter
	Rows   []row
	Next   string // where the next one begins; "" if this is the last
	Open   string // the row that is open
}

// cursor says above which delivery and which refused request nothing is wanted; 0
// is none.
type cursor struct{ delivery, refused int64 }

func (c cursor) String() string { return fmt.Sprintf("%d.%d", c.delivery, c.refused) }

func parseCursor(text string) (c cursor, err error) {
	if text == "" {
		return c, nil
	}
	a, b, _ := strings.Cut(text, ".")
	if c.delivery, err = strconv.ParseInt(a, 10, 64); err == nil {
		c.refused, err = strconv.ParseInt(b, 10, 64)
	}
	return c, err
}

// chunk reads the newest rows before the cursor. Deliveries and refused requests
// are each in the order of their arrival, and are merged by its time.
func (p *page) chunk(ctx context.Context, f filter, at cursor) (chunk, error) {
	c := chunk{Filter: f}
	deliveries, err := p.deliveries(ctx, f, at.delivery)
	if err != nil {
		return c, err
	}
	var refusals []inbox.Refusal
	if f.Event == "" && f.Project == "" && (f.Outcome == "" || f.Outcome == refused) { // nothing of the others is proven
		refusals, err = p.Inbox.Refusals(ctx, inbox.RefusedQuery{Before: at.refused, Text: f.Text, Limit: chunkRows})
		if err != nil {
			return c, err
		}
	}
	more := len(deliveries) == chunkRows || len(refusals) == chunkRows
	for len(c.Rows) < chunkRows && len(deliveries)+len(refusals) > 0 {
		if len(refusals) == 0 || len(deliveries) > 0 && deliveries[0].Received.After(refusals[0].Received) {
			d := deliveries[0]
			deliveries = deliveries[1:]
			at.delivery = d.Seq
			c.Rows = append(c.Rows, row{d.Key, d.Received, string(d.Status), 200, string(d.Event), string(d.Version), d.ProjectID, d.Subject, d.Size, d.Repeats})
			continue
		}
		n := refusals[0]
		refusals = refusals[1:]
		at.refused = n.Number
		c.Rows = append(c.Rows, row{ID: n.ID(), Received: n.Received, Outcome: refused, Status: n.Status, Event: string(n.Code), Size: n.Size})
	}
	if more || len(deliveries)+len(refusals) > 0 {
		c.Next = at.String()
	}
	return c, nil
}

// deliveries returns the newest before a number, the newest first.
func (p *page) deliveries(ctx context.Context, f filter, before int64) (list []inbox.Record, err error) {
	q := inbox.Query{Event: payload.Event(f.Event), Project: f.Project, Text: f.Text, Before: before, Limit: chunkRows}
	switch f.Outcome {
	case "":
	case refused:
		return nil, nil
	default:
		q.Status = []inbox.Status{inbox.Status(f.Outcome)}
	}
	for record, err := range p.Inbox.Heads(ctx, q) {
		if err != nil {
			return nil, err
		}
		list = append(list, record)
	}
	slices.Reverse(list)
	return list, nil
}

// rows answers with a part of the list.
func (p *page) rows(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	at, err := parseCursor(q.Get("before"))
	if err != nil {
		http.Error(w, "before: not where a part of the list ends", http.StatusBadRequest)
		return
	}
	c, err := p.chunk(r.Context(), filterOf(q), at)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	c.Open = q.Get("d")
	p.render(w, r, http.StatusOK, "chunk", c)
}

// index is the page: the list, and what is open beside it.
func (p *page) index(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	at, _ := parseCursor(q.Get("before")) // of a link to older ones, without the scripts
	list, err := p.chunk(r.Context(), filterOf(q), at)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	list.Open = q.Get("d")
	view := struct {
		List     chunk
		Events   []payload.Event
		Outcomes []string
		URL      string
		Detail   any // nil if nothing is open
		Image    bool
	}{List: list, Events: payload.Events(), Outcomes: outcomes, URL: p.URL}
	status := http.StatusOK
	switch {
	case list.Open != "":
		var d detail
		d, status = p.detail(r, list.Open)
		view.Detail, view.Image = d, d.Image != ""
		if d.Image != "" {
			w.Header().Set("Content-Security-Policy", policy+" "+d.ImageOrigin)
		}
	}
	p.render(w, r, status, "page", view)
}

// title is what a list calls something that may have no name.
func title(text string) string { return cmp.Or(text, "–") }
