// Package diff says what changed between two states of a label: which annotations
// were added, removed, moved or answered otherwise.
package diff

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core/annotation"
)

// Kind says what has become of an annotation.
type Kind string

// The kinds of changes.
const (
	Added   Kind = "added"
	Removed Kind = "removed"
	Changed Kind = "changed"
)

// Part says in which list of an [annotation.Set] an annotation is.
type Part string

// The parts of a set. Text is that of labels that are no JSON.
const (
	Object         Part = "object"
	Classification Part = "classification"
	Relationship   Part = "relationship"
	Text           Part = "text"
)

// Change is one annotation that is not as it was.
type Change struct {
	Kind   Kind   `json:"change"`
	Part   Part   `json:"part"`
	ID     string `json:"feature_id"`
	Name   string `json:"name"`            // of its class
	Where  string `json:"where,omitempty"` // "frame 3", "page 2"; "" in an image
	Before int    `json:"-"`               // index in the older set's list; -1 if it was added
	After  int    `json:"-"`               // index in the newer set's list; -1 if it was removed

	// Details say in a few words what changed; of what was added or removed, what it
	// is. No element is empty.
	Details []string `json:"details"`
}

// String is the change in a line.
func (c Change) String() string {
	words := []string{string(c.Kind), string(c.Part)}
	for _, word := range []string{c.Name, c.ID, c.Where} {
		if word != "" {
			words = append(words, word)
		}
	}
	text := strings.Join(words, " ")
	if len(c.Details) > 0 {
		text += ": " + strings.Join(c.Details, "; ")
	}
	return text
}

// Of compares two states of what is said about one asset, first those annotations
// that the newer one has, in its order, then those that it has no more.
//
// Annotations are the same if they have the same feature id in the same place (frame,
// page, message, group). Of those without an id, and where several share one, equal
// ones are the same, and then those of one class in their order. Colors and the raw
// JSON are not compared: they say nothing that a labeler did. Time and memory are in
// proportion to the sets.
func Of(before, after *annotation.Set) []Change {
	all := slices.Concat(
		compare(Object, before.Objects, after.Objects, objectFace),
		compare(Classification, before.Classifications, after.Classifications, classificationFace),
		compare(Relationship, before.Relationships, after.Relationships, relationshipFace),
	)
	if before.Text != after.Text {
		all = append(all, Change{Kind: Changed, Part: Text, Before: -1, After: -1, Details: []string{quoted(before.Text) + " → " + quoted(after.Text)}})
	}
	return all
}

// face is what of an annotation is compared.
type face struct {
	id, class, name, where string
	geometry               annotation.Geometry
	kind                   string
	answers                []answer
}

func compare[T any](part Part, before, after []T, look func(*T) face) (changes []Change) {
	old := map[string][]int{} // those that have found no other yet, by name
	faces := make([]face, len(before))
	for i := range before {
		faces[i] = look(&before[i])
		old[faces[i].key()] = append(old[faces[i].key()], i)
	}
	matched := make([]int, len(after))
	take := func(f face, fits func(face) bool) int {
		key := f.key()
		list := old[key]
		for n, i := range list[:min(len(list), maxSought)] {
			if fits(faces[i]) {
				copy(list[1:n+1], list[:n]) // the others stay in their order
				old[key] = list[1:]
				return i
			}
		}
		return -1
	}
	for j := range after {
		f := look(&after[j])
		matched[j] = take(f, func(o face) bool { return len(o.differences(f)) == 0 })
	}
	gone := map[int]bool{}
	for i := range before {
		gone[i] = true
	}
	for j := range after {
		f := look(&after[j])
		if matched[j] < 0 {
			matched[j] = take(f, func(face) bool { return true })
		}
		c := Change{Part: part, ID: f.id, Name: f.name, Where: f.where, Before: matched[j], After: j}
		switch delete(gone, matched[j]); {
		case matched[j] < 0:
			c.Kind, c.Details = Added, f.inWords()
		default:
			c.Kind, c.Details = Changed, faces[matched[j]].differences(f)
			if len(c.Details) == 0 {
				continue
			}
		}
		changes = append(changes, c)
	}
	for i := range before {
		if f := faces[i]; gone[i] {
			changes = append(changes, Change{Kind: Removed, Part: part, ID: f.id, Name: f.name, Where: f.where, Before: i, After: -1, Details: f.inWords()})
		}
	}
	return changes
}

// maxSought is how many annotations that may be the same are looked through for an
// equal one, so that a label of a million that have no id takes no hours.
const maxSought = 64

// key is what two annotations have in common that may be the same.
func (f face) key() string {
	if f.id == "" {
		return "class\x00" + f.class + "\x00" + f.where
	}
	return "id\x00" + f.id + "\x00" + f.where
}

// differences says how one state differs from the next.
func (f face) differences(next face) (words []string) {
	if f.class != next.class {
		words = append(words, "class "+quoted(f.name)+" → "+quoted(next.name))
	}
	if f.kind != next.kind {
		words = append(words, f.kind+" → "+next.kind)
	}
	if !reflect.DeepEqual(f.geometry, next.geometry) {
		words = append(words, movement(f.geometry, next.geometry))
	}
	return append(words, answersDiffer(f.answers, next.answers)...)
}

func (f face) inWords() (words []string) {
	if f.kind != "" {
		words = append(words, f.kind)
	}
	for _, a := range f.answers {
		words = append(words, a.question+": "+quoted(a.text))
	}
	return words
}

func objectFace(o *annotation.Object) face {
	f := featureFace(o.Feature, o.Location)
	f.geometry, f.kind, f.answers = o.Geometry, string(o.Kind), answersOf("", o.Classifications)
	return f
}

func classificationFace(c *annotation.Classification) face {
	f := featureFace(c.Feature, c.Location)
	f.answers = answersOf("", []annotation.Classification{*c})
	return f
}

func relationshipFace(r *annotation.Relationship) face {
	f := featureFace(r.Feature, r.Location)
	f.answers = []answer{{"from", r.Source}, {"to", r.Target}}
	if r.Label != "" {
		f.answers = append(f.answers, answer{"label", r.Label})
	}
	return f
}

func featureFace(f annotation.Feature, at annotation.Location) face {
	var where []string
	for _, place := range []struct {
		name   string
		number *int
	}{{"frame", at.Frame}, {"page", at.Page}} {
		if place.number != nil {
			where = append(where, fmt.Sprintf("%s %d", place.name, *place.number))
		}
	}
	for _, name := range []string{at.Group, at.MessageID} {
		if name != "" {
			where = append(where, name)
		}
	}
	return face{
		id: f.ID, class: cmp.Or(f.SchemaID, f.Name, f.Value), name: cmp.Or(f.Name, f.Value, f.SchemaID), where: strings.Join(where, ", "),
	}
}

// quoted is a text as it stands in a line.
func quoted(text string) string {
	if text == "" {
		return "nothing"
	}
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return "“" + text + "”"
}
