package inspector

import (
	"net/http"
	"slices"

	"github.com/labelhook/labelhook/core/annotation/diff"
	"github.com/labelhook/labelhook/core/annotation/draw"
	"github.com/labelhook/labelhook/internal/inbox"
)

// comparison is two deliveries of labels beside each other.
type comparison struct {
	Error   string
	Sides   []side
	Changes []diff.Change
	More    int  // changes that are not listed
	Other   bool // they are about different labels
}

type side struct {
	Name    string
	Record  inbox.Record
	Picture *sceneView // nil if there is nothing to draw
}

// changes compares two deliveries, the older one first whichever is named first.
func (p *page) changes(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var both [2]drawn
	for i, id := range []string{q.Get("a"), q.Get("b")} {
		d, err := p.draw(r, id)
		switch {
		case err != nil:
			p.render(w, r, statusOf(err), "changes", comparison{Error: err.Error()})
			return
		case d.set == nil:
			p.render(w, r, http.StatusBadRequest, "changes", comparison{Error: "The delivery " + d.record.Reference() + " has no label that can be compared."})
			return
		}
		both[i] = d
	}
	if both[1].record.Seq < both[0].record.Seq {
		slices.Reverse(both[:])
	}
	found := diff.Of(both[0].set, both[1].set)
	v := comparison{Changes: found[:min(len(found), maxObjects)], Other: both[0].record.Subject != both[1].record.Subject}
	v.More = len(found) - len(v.Changes)
	for i, name := range []string{"Before", "After"} {
		s := side{Name: name, Record: both[i].record}
		if len(both[i].picture.Scenes) > 0 {
			s.Picture, _ = both[i].view(sceneOf(both[i], found, i), "", false, marks(found, i)) // there is such a scene
			s.Picture.Against = both[1-i].record.Key
		}
		v.Sides = append(v.Sides, s)
	}
	p.render(w, r, http.StatusOK, "changes", v)
}

// marks says what has become of the objects of one side.
func marks(found []diff.Change, side int) func(object int) string {
	marked := map[int]string{}
	for _, c := range found {
		if c.Part == diff.Object {
			marked[[]int{c.Before, c.After}[side]] = string(c.Kind)
		}
	}
	return func(object int) string {
		if mark := marked[object]; mark != "" {
			return mark
		}
		return "same"
	}
}

// sceneOf is the first scene of one side in which something has changed.
func sceneOf(d drawn, found []diff.Change, side int) int {
	changed := marks(found, side)
	return max(0, slices.IndexFunc(d.picture.Scenes, func(s draw.Scene) bool {
		return slices.ContainsFunc(s.Shapes, func(shape draw.Shape) bool { return shape.Object >= 0 && changed(shape.Object) != "same" })
	}))
}
