package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/decoded"
)

// maxRows is how many annotations of a kind are shown to people. Programs get
// them all.
const maxRows = 100

// showAnnotations writes a row for each label and annotation, or for as many as
// somebody may want to see.
func showAnnotations(table io.Writer, content decoded.Content) {
	annotations, labels := content.Annotations, content.Labels
	if annotations == nil {
		fmt.Fprintf(table, "annotations\t%s\n", content.Reason)
		return
	}
	for i, l := range labels {
		if left(table, "labels", i, len(labels)) {
			break
		}
		fmt.Fprintf(table, "label\t%s\t%s\t%s\n", orDash(l.ID), orDash(l.CreatedBy), orDash(standing(l)))
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
func standing(l decoded.Label) string {
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
