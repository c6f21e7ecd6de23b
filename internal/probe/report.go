package probe

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/printable"
)

// The levels of a row.
const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelFail    = "fail"
	levelSkipped = "skipped"
)

// Report is what "labelhook check" prints; its names in JSON are stable.
type Report struct {
	URL        string `json:"url"` // scheme and host
	DeliveryID string `json:"delivery_id"`
	OK         bool   `json:"ok"` // no check failed
	Checks     []Row  `json:"checks"`
}

type Row struct {
	Name     string    `json:"name"`
	Framing  string    `json:"framing"`  // none, content-length, chunked
	Expected string    `json:"expected"` // status and code
	Status   int       `json:"status"`   // seen; 0 without an answer
	Code     core.Code `json:"code"`     // seen
	OK       bool      `json:"ok"`       // seen as expected
	Level    string    `json:"level"`    // ok, warning, fail, skipped
	Note     string    `json:"note"`     // what is wrong, and what to do
}

func (q request) row() Row {
	framing := "content-length"
	switch {
	case q.Method == http.MethodGet:
		framing = "none"
	case q.Chunked:
		framing = "chunked"
	}
	return Row{Name: q.name, Framing: framing, Expected: fmt.Sprint(q.status, " ", q.code)}
}

func (r *Row) skip(why string) { r.Level, r.Note = levelSkipped, why }

// compare sets the answer against the answer with the one expected. before are the rows judged
// so far.
func (r *Row) compare(q request, a answer, before []Row) {
	r.Status, r.Code = a.status, a.code
	twin := slices.ContainsFunc(before, func(b Row) bool { return b.Name == r.Name && b.OK })
	switch {
	case a.status == q.status && (a.code == q.code || q.genuine && a.code == "ignored"):
		r.OK, r.Level = true, levelOK
		if a.code == "ignored" {
			r.Note = "verified, but the receiver's filter (LABELHOOK_EVENTS) or handlers ignore the event"
		}
	case q.Chunked && twin && a.dropsChunks():
		r.Level, r.Note = levelWarning, chunksDropped
	default:
		r.Level, r.Note = levelFail, explain(q, a)
	}
}

func (r *Report) add(row Row) {
	r.Checks = append(r.Checks, row)
	if row.Level == levelFail {
		r.OK = false
	}
}

const columns = "%-8s %-10s %-15s %-25s %s\n"

func PrintHead(w io.Writer, target string) {
	fmt.Fprintf(w, "%s\n\n", printable.URL(target))
	fmt.Fprintf(w, columns, "VERDICT", "CHECK", "FRAMING", "EXPECTED", "SEEN")
}

func (r Row) Print(w io.Writer) {
	seen := "no answer"
	switch {
	case r.Level == levelSkipped:
		seen = "-"
	case r.Status != 0:
		seen = strings.TrimSpace(fmt.Sprint(r.Status, " ", r.Code))
	}
	fmt.Fprintf(w, columns, levelInTable(r.Level), r.Name, r.Framing, r.Expected, seen)
}

// levelInTable makes the failures stand out.
func levelInTable(level string) string {
	if level == levelFail {
		return "FAIL"
	}
	return level
}

// PrintNotes prints each note once, with the checks that it belongs to, and
// the sum of it all.
func (r *Report) PrintNotes(w io.Writer) {
	var notes []string
	about, counts := map[string][]string{}, map[string]int{}
	for _, row := range r.Checks {
		counts[row.Level]++
		if row.Note == "" {
			continue
		}
		name := row.Name
		if row.Framing == "chunked" {
			name += " (chunked)"
		}
		key := levelInTable(row.Level) + ": " + row.Note
		if about[key] == nil {
			notes = append(notes, key)
		}
		about[key] = append(about[key], name)
	}
	fmt.Fprintln(w)
	for _, note := range notes {
		fmt.Fprintf(w, "%s\n    %s\n", strings.Join(about[note], ", "), note)
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	var sums []string
	for _, level := range []string{levelOK, levelWarning, levelFail, levelSkipped} {
		if n := counts[level]; n > 0 {
			sums = append(sums, fmt.Sprint(n, " ", levelInTable(level)))
		}
	}
	fmt.Fprintf(w, "%d checks: %s\n", len(r.Checks), strings.Join(sums, ", "))
	if slices.ContainsFunc(r.Checks, func(row Row) bool { return row.Name == "signed" && row.OK }) {
		fmt.Fprintf(w, "the signed test delivery is event unknown, id %s; look for it at the destination\n", r.DeliveryID)
	}
}
