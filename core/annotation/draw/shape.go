package draw

import (
	"fmt"
	"math"

	"github.com/labelhook/labelhook/core/annotation"
)

// object draws an object, or says why not.
func (b *builder) object(i int, o *annotation.Object) {
	at := placeOf(o)
	s := Shape{Object: i, ID: o.ID, Form: Area}
	if o.LabelRef != nil {
		s.Label = o.LabelRef.ID
	}
	reason := ""
	switch g := o.Geometry.(type) {
	case annotation.Box:
		s.Form, s.Outlines = Rectangle, corners(g)
	case annotation.Polygon:
		s.Outlines = [][]annotation.Point{g}
	case annotation.HoledPolygon:
		s.Outlines = [][]annotation.Point{g.Outline}
		for _, hole := range g.Holes {
			s.Outlines = append(s.Outlines, hole)
		}
	case annotation.Line:
		s.Form, s.Outlines = Chain, [][]annotation.Point{g}
	case annotation.Point:
		s.Form, s.Outlines = Dot, [][]annotation.Point{{g}}
	case annotation.Mask:
		s.Form, s.Mask = Bitmap, &g
	case annotation.DocumentBox:
		s.Form, s.Outlines = Rectangle, corners(g.Box)
		b.pageSize(at, g)
	case annotation.GeoShape:
		s.Form, s.Outlines = geo(g)
	case annotation.TextSpan:
		s.Form, s.Text = Rectangle, g.Token
		end := float64(max(g.Start, g.End)) + 1 // the end is inclusive
		s.Outlines = [][]annotation.Point{{{X: float64(min(g.Start, g.End))}, {X: end, Y: 1}}}
	case annotation.DocumentTokens:
		b.tokens(s, at, o, g)
		return
	case annotation.MessageSelection:
		reason = "it chooses among messages, which have no place in a picture"
	default:
		if o.Mask == nil {
			reason = "its geometry is missing, damaged or of a form unknown here"
		} else {
			s.Form, s.Mask = Bitmap, o.Mask
		}
	}
	if reason == "" {
		reason = undrawable(s)
	}
	if reason != "" {
		b.undrawn = append(b.undrawn, Undrawn{i, reason})
		return
	}
	if o.FromBelow {
		b.turn(s.Outlines)
	}
	s.Class, s.Color = b.class(o.Feature)
	b.add(at, s)
}

// undrawable says why a shape cannot be drawn, "" if it can.
func undrawable(s Shape) string {
	points := 0
	for _, outline := range s.Outlines {
		points += len(outline)
		for _, p := range outline {
			if !(math.Abs(p.X) <= limit && math.Abs(p.Y) <= limit) { // nor is NaN
				return fmt.Sprintf("it has a coordinate beyond %.0e", limit)
			}
		}
	}
	if points == 0 && s.Mask == nil {
		return "its geometry has no point"
	}
	return ""
}

// corners are the upper left and the lower right of a box, also of one whose
// width or height is negative.
func corners(box annotation.Box) [][]annotation.Point {
	x, y := box.Left+box.Width, box.Top+box.Height
	return [][]annotation.Point{{
		{X: min(box.Left, x), Y: min(box.Top, y)}, {X: max(box.Left, x), Y: max(box.Top, y)},
	}}
}

// tokens draws each run of words of a document on its page.
func (b *builder) tokens(s Shape, at place, o *annotation.Object, g annotation.DocumentTokens) {
	lost := 0
	drawn := map[place]*Shape{}
	var pages []place
	for _, group := range g.Groups {
		on := at
		if group.Page != nil {
			on.number = *group.Page
		}
		part := Shape{}
		if group.Box != nil {
			part.Outlines = corners(*group.Box)
		}
		if undrawable(part) != "" {
			lost++
			continue
		}
		if drawn[on] == nil {
			copied := s
			drawn[on], pages = &copied, append(pages, on)
		}
		first, second := part.Outlines[0][0], part.Outlines[0][1]
		drawn[on].Outlines = append(drawn[on].Outlines, []annotation.Point{first, {X: second.X, Y: first.Y}, second, {X: first.X, Y: second.Y}})
	}
	if lost > 0 || len(g.Groups) == 0 {
		b.undrawn = append(b.undrawn, Undrawn{s.Object, fmt.Sprintf("the payload does not say where %d of its %d runs of words are", lost, len(g.Groups))})
	}
	if len(pages) == 0 {
		return
	}
	class, color := b.class(o.Feature)
	for _, on := range pages {
		drawn[on].Class, drawn[on].Color = class, color
		b.add(on, *drawn[on])
	}
}

func (b *builder) pageSize(at place, g annotation.DocumentBox) {
	if g.PageWidth > 0 && g.PageHeight > 0 && g.PageWidth <= limit && g.PageHeight <= limit {
		if b.sizes == nil {
			b.sizes = map[place]View{}
		}
		b.sizes[at] = View{Width: g.PageWidth, Height: g.PageHeight}
	}
}

// geo turns positions on the map into points whose y counts downwards.
func geo(g annotation.GeoShape) (form Form, outlines [][]annotation.Point) {
	switch g.Type {
	case "Point", "MultiPoint":
		form = Dot
	case "LineString", "MultiLineString":
		form = Chain
	default:
		form = Area
	}
	for _, ring := range g.Rings {
		var outline []annotation.Point
		for _, position := range ring {
			outline = append(outline, annotation.Point{X: position[0], Y: 0 - position[1]}) // 0-, so that the equator is no -0
		}
		outlines = append(outlines, outline)
	}
	return form, outlines
}

// turn has y count from the upper edge where it counts from the lower one. Where
// the label does not say the height, the highest point of the label is taken for
// it, so that the picture is at least the right way up.
func (b *builder) turn(outlines [][]annotation.Point) {
	height := b.set.Asset.Height
	if height == 0 {
		height = b.highest()
	}
	for i, outline := range outlines {
		turned := make([]annotation.Point, len(outline)) // the label's own stay
		for j, p := range outline {
			turned[j] = annotation.Point{X: p.X, Y: height - p.Y}
		}
		outlines[i] = turned
	}
	if len(outlines) == 1 && len(outlines[0]) == 2 && outlines[0][0].Y > outlines[0][1].Y { // the corners of a box
		outlines[0][0].Y, outlines[0][1].Y = outlines[0][1].Y, outlines[0][0].Y
	}
}

func (b *builder) highest() (y float64) {
	if b.top != nil {
		return *b.top
	}
	for _, o := range b.set.Objects {
		if o.FromBelow {
			for _, p := range pointsOf(o.Geometry) {
				if math.Abs(p.Y) <= limit {
					y = max(y, p.Y)
				}
			}
		}
	}
	b.top = &y
	return y
}

// pointsOf lists the points of the geometries that 2018's labels had.
func pointsOf(g annotation.Geometry) []annotation.Point {
	switch g := g.(type) {
	case annotation.Box:
		return corners(g)[0]
	case annotation.Polygon:
		return g
	case annotation.HoledPolygon:
		return g.Outline
	case annotation.Line:
		return g
	case annotation.Point:
		return []annotation.Point{g}
	}
	return nil
}

// relationships draws an arrow wherever both ends are in the same scene.
func (b *builder) relationships() {
	if len(b.set.Relationships) == 0 {
		return
	}
	type end struct {
		at     place
		middle annotation.Point
	}
	ends := map[string][]end{} // by feature id, in the order of the scenes
	for _, at := range b.order {
		for _, s := range b.scenes[at].Shapes {
			box, any := extent(s)
			if all := ends[s.ID]; any && s.ID != "" && (len(all) == 0 || all[len(all)-1].at != at) {
				ends[s.ID] = append(all, end{at, annotation.Point{X: box.X + box.Width/2, Y: box.Y + box.Height/2}})
			}
		}
	}
	for _, r := range b.set.Relationships {
		targets := map[place]annotation.Point{}
		for _, target := range ends[r.Target] {
			targets[target.at] = target.middle
		}
		for _, source := range ends[r.Source] {
			target, there := targets[source.at]
			if !there || r.Frame != nil && (source.at.kind != Frame || source.at.number != *r.Frame) {
				continue
			}
			s := Shape{Object: -1, ID: r.ID, Form: Arrow, Directed: r.Directed, Outlines: [][]annotation.Point{{source.middle, target}}}
			if r.LabelRef != nil {
				s.Label = r.LabelRef.ID
			}
			s.Class, s.Color = b.class(r.Feature)
			b.add(source.at, s)
		}
	}
}

// extent is the smallest rectangle around a shape; false if it has no points.
func extent(s Shape) (v View, any bool) {
	least := annotation.Point{X: math.Inf(1), Y: math.Inf(1)}
	most := annotation.Point{X: math.Inf(-1), Y: math.Inf(-1)}
	for _, outline := range s.Outlines {
		for _, p := range outline {
			least.X, least.Y = min(least.X, p.X), min(least.Y, p.Y)
			most.X, most.Y = max(most.X, p.X), max(most.Y, p.Y)
			any = true
		}
	}
	return View{least.X, least.Y, most.X - least.X, most.Y - least.Y}, any
}
