package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/payload"
)

// maxRows is how many annotations of a kind are shown to people. Programs get
// them all.
const maxRows = 100

// labelView is a label in JSON: who made it, and what says whether it counts.
type labelView struct {
	ID        string `json:"id"`
	ProjectID string `json:"project_id"`
	Selected  bool   `json:"selected"` // the project names it as the one that counts
	Counts    bool   `json:"counts"`   // it is that one, or what stands for it: see payload.Project.Selected
	Deleted   bool   `json:"deleted"`
	payload.LabelDetails
	payload.PerformanceDetails
}

// annotationView is what a delivery says, in JSON.
type annotationView struct {
	Labels      []labelView     `json:"labels,omitempty"`
	Media       *payload.Media  `json:"media,omitempty"`
	Annotations *annotation.Set `json:"annotations"` // null with the reason:
	Reason      string          `json:"annotations_error,omitempty"`
}

func viewAnnotations(d *core.Delivery) (v annotationView) {
	annotations, err := d.Annotations()
	if err == nil && anyDeep(annotations) {
		annotations, err = nil, errors.New("nested too deep to be shown")
	}
	if v.Annotations = annotations; err != nil {
		v.Reason = err.Error()
	}
	v.Labels, v.Media = viewLabels(d)
	return v
}

// viewLabels gives the labels of a label event, and what they are drawn on.
func viewLabels(d *core.Delivery) (labels []labelView, media *payload.Media) {
	if !d.Event.IsLabel() {
		return nil, nil
	}
	event, err := d.Label()
	if err != nil {
		return nil, nil
	}
	counts := map[*payload.Label]bool{}
	for l := range event.Selected() {
		counts[l] = true
	}
	for l := range event.Labels() {
		labels = append(labels, labelView{
			ID: l.ID, ProjectID: l.ProjectID, Selected: l.Selected, Counts: counts[l], Deleted: l.Deleted,
			LabelDetails: l.Details, PerformanceDetails: l.Performance,
		})
	}
	return labels, &event.Media
}

// showAnnotations writes a row for each label and annotation, or for as many as
// somebody may want to see.
func showAnnotations(table io.Writer, d *core.Delivery) {
	annotations, err := d.Annotations()
	if err != nil {
		fmt.Fprintf(table, "annotations\t%s\n", err)
		return
	}
	labels, _ := viewLabels(d)
	for i, l := range labels {
		if left(table, "labels", i, len(labels)) {
			break
		}
		fmt.Fprintf(table, "label\t%s\t%s\t%s\n", orDash(l.ID), orDash(l.CreatedBy), orDash(l.standing()))
	}
	several := len(labels) > 1
	of := func(l *annotation.LabelRef) string {
		if !several || l == nil {
			return ""
		}
		return "\t" + orDash(l.ID)
	}
	for i, o := range annotations.Objects {
		if left(table, "objects", i, len(annotations.Objects)) {
			break
		}
		fmt.Fprintf(table, "%s\t%s\t%s%s\n", o.Kind, orDash(cmp.Or(o.Name, o.Value)), orDash(o.ID), of(o.LabelRef))
	}
	for i, c := range annotations.Classifications {
		if left(table, "classifications", i, len(annotations.Classifications)) {
			break
		}
		fmt.Fprintf(table, "%s\t%s\t%s%s\n", c.Kind, orDash(cmp.Or(c.Name, c.Value)), orDash(answers(c)), of(c.LabelRef))
	}
}

// left says how many of n are left out when enough have been shown.
func left(table io.Writer, what string, shown, n int) bool {
	if shown < maxRows {
		return false
	}
	fmt.Fprintf(table, "…\t%d more %s; --json lists them\n", n-shown, what)
	return true
}

// standing says in a few words whether the label counts.
func (l labelView) standing() string {
	var words []string
	for _, w := range []struct {
		true bool
		word string
	}{{l.Selected, "selected"}, {l.Counts && !l.Selected, "counts"}, {l.Skipped, "skipped"}, {l.Deleted, "deleted"}} {
		if w.true {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ", ")
}

// answers are the answers to a question, in a line of bounded length.
func answers(c annotation.Classification) string {
	text := []byte(clip(c.Text))
	for i, o := range c.Options {
		if i == maxRows {
			text = append(text, ", …"...)
			break
		}
		if len(text) > 0 {
			text = append(text, ", "...)
		}
		text = append(text, clip(cmp.Or(o.Name, o.Value))...)
	}
	return string(text)
}

// clip cuts a text that would fill the screen.
func clip(s string) string {
	const most = 1000
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// Readers of JSON end at some depth, older jq at 256. What an annotation says is
// up to a third deeper than its raw JSON, where each answer has questions below.
// Nor is deeper JSON indented: what that adds to a payload of 20 KB can be 200 MB.
const maxDepth, maxRawDepth = 200, 150

// anyDeep reports whether the raw JSON of any annotation is nested too deep for
// other JSON.
func anyDeep(a *annotation.Set) bool {
	var raw [][]byte
	for _, o := range a.Objects {
		raw = append(raw, o.Raw)
	}
	for _, c := range a.Classifications {
		raw = append(raw, c.Raw)
	}
	for _, r := range a.Relationships {
		raw = append(raw, r.Raw)
	}
	return slices.ContainsFunc(slices.CompactFunc(raw, sameText), func(text []byte) bool { return deeper(text, maxRawDepth) })
}

// sameText reports whether two annotations were read from the one text.
func sameText(a, b []byte) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }

// maxIndented is how long a payload may be, in bytes, and still be indented:
// one of megabytes is not read line by line.
const maxIndented = 1 << 20

// layout is how JSON is written: with a line for each value, or all in one.
func layout(indented bool) jsontext.Options {
	if indented {
		return jsontext.WithIndent("  ")
	}
	return jsontext.Multiline(false)
}

// deeper reports whether JSON is nested deeper than so many levels.
func deeper(body []byte, levels int) bool {
	tokens := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for tokens.StackDepth() <= levels {
		if _, err := tokens.ReadToken(); err != nil {
			return false
		}
	}
	return true
}
