package inspector

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/labelhook/labelhook/internal/inbox"
)

// maxCharted is how many of the newest deliveries the charts read that need the
// payloads, and charts are drawn of.
const (
	maxCharted = 1000
	maxCounted = 100_000
	maxBars    = 12
)

// chart is a bar chart. Bars are as long as their value is of the largest.
type chart struct {
	Title  string
	Note   string
	Legend []part // of bars with several parts
	Bars   []bar
}

type bar struct {
	Name  string
	Value string
	Parts []part // one behind the other
}

type part struct {
	Name   string
	Class  int     // which of the colors of the style sheet
	At, Of float64 // percent
}

func (p *page) charts(w http.ResponseWriter, r *http.Request) {
	charts, err := p.count(r.Context())
	if err != nil {
		p.fail(w, r, err)
		return
	}
	p.render(w, r, http.StatusOK, "charts", charts)
}

// count reads the inbox for all charts.
func (p *page) count(ctx context.Context) ([]chart, error) {
	perMinute, total := map[time.Time]map[string]int{}, 0
	events := map[string]bool{}
	for d, err := range p.Inbox.Heads(ctx, inbox.Query{Limit: maxCounted}) {
		if err != nil {
			return nil, err
		}
		minute := d.Received.Truncate(time.Minute)
		if perMinute[minute] == nil {
			perMinute[minute] = map[string]int{}
		}
		perMinute[minute][title(string(d.Event))]++
		events[title(string(d.Event))] = true
		total++
	}
	refusals, err := p.Inbox.Refusals(ctx, inbox.RefusedQuery{})
	if err != nil {
		return nil, err
	}
	reasons := map[string]float64{}
	for _, n := range refusals {
		reasons[string(n.Code)]++
	}
	classes, seconds, read, err := p.readLabels(ctx)
	if err != nil {
		return nil, err
	}
	medians := map[string]float64{}
	for who, all := range seconds {
		slices.Sort(all)
		medians[who] = all[len(all)/2]
	}
	names := slices.Sorted(maps.Keys(events))
	return []chart{
		{"Deliveries per minute, by event", fmt.Sprintf("of %d deliveries, the newest minutes that had any", total), legend(names), minutes(perMinute, names)},
		{"Refused requests, by reason", fmt.Sprintf("of the %d that are kept", len(refusals)), nil, bars(reasons, "%.0f")},
		{"Objects per class", fmt.Sprintf("in the last state of each label among the newest %d deliveries", read), nil, bars(classes, "%.0f")},
		{"Seconds to label, per labeler", fmt.Sprintf("the median, of the same %d deliveries", read), nil, bars(medians, "%.1f s")},
	}, nil
}

// readLabels reads what the newest deliveries say: objects per class, and the
// seconds that each labeler took. A label that came several times counts once, as
// it came last.
func (p *page) readLabels(ctx context.Context) (classes map[string]float64, seconds map[string][]float64, read int, err error) {
	last := map[string]inbox.Record{}
	for d, err := range p.Inbox.List(ctx, inbox.Query{Limit: maxCharted}) {
		if err != nil {
			return nil, nil, 0, err
		}
		read++
		if d.Event.IsLabel() {
			last[cmp.Or(d.Subject, d.Key)] = d
		}
	}
	classes, seconds = map[string]float64{}, map[string][]float64{}
	for _, d := range last {
		if ctx.Err() != nil {
			return nil, nil, 0, ctx.Err()
		}
		event, err := d.Delivery().Label()
		if err != nil {
			continue // it is shown in the list
		}
		for l := range event.Labels() {
			if l.Performance.SecondsToCreate > 0 {
				seconds[title(l.Details.CreatedBy)] = append(seconds[title(l.Details.CreatedBy)], l.Performance.SecondsToCreate)
			}
		}
		set, err := event.Annotations()
		if err != nil {
			continue
		}
		counted := map[string]bool{}
		for i, o := range set.Objects {
			if once := cmp.Or(o.ID, fmt.Sprint(i)); !counted[once] { // a video has it once a frame
				counted[once] = true
				classes[title(cmp.Or(o.Name, o.Value, o.SchemaID))]++
			}
		}
	}
	return classes, seconds, read, nil
}

// bars are the largest values, and how many are left.
func bars(values map[string]float64, format string) (list []bar) {
	names := slices.SortedFunc(maps.Keys(values), func(a, b string) int { return cmp.Or(cmp.Compare(values[b], values[a]), cmp.Compare(a, b)) })
	for _, name := range names[:min(len(names), maxBars)] {
		list = append(list, bar{name, fmt.Sprintf(format, values[name]), []part{{name, 0, 0, 100 * values[name] / values[names[0]]}}})
	}
	if more := len(names) - maxBars; more > 0 {
		list = append(list, bar{Name: fmt.Sprintf("and %d more", more)})
	}
	return list
}

// colors is how many the style sheet has.
const colors = 8

func legend(events []string) (parts []part) {
	for i, name := range events {
		parts = append(parts, part{Name: name, Class: i % colors})
	}
	return parts
}

// minutes are the last minutes in which something came, each with a part for each
// event.
func minutes(counts map[time.Time]map[string]int, events []string) (list []bar) {
	times := slices.SortedFunc(maps.Keys(counts), func(a, b time.Time) int { return b.Compare(a) })
	times = times[:min(len(times), maxBars)]
	most := 0
	sums := map[time.Time]int{}
	for _, at := range times {
		for _, n := range counts[at] {
			sums[at] += n
		}
		most = max(most, sums[at])
	}
	for _, at := range times {
		b := bar{Name: at.Local().Format("2006-01-02 15:04"), Value: fmt.Sprint(sums[at])}
		done := 0.0
		for i, event := range events {
			if n := counts[at][event]; n > 0 {
				of := 100 * float64(n) / float64(most)
				b.Parts = append(b.Parts, part{fmt.Sprintf("%s: %d", event, n), i % colors, done, of})
				done += of
			}
		}
		list = append(list, b)
	}
	return list
}
