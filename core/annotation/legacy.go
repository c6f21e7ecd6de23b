package annotation

import (
	"slices"
	"strings"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// readClass reads a member of a label of 2018, which names its classes at the
// top:
//
//	{"Car":[{"geometry":[{"x":1,"y":2},…]},…],"Weather":"dry","Seen":["dog","cat"]}
//	{"Car":[[{"x":1,"y":2},…],…]}
//	{"Car":[{"geometry":"POLYGON ((1 2, …))"},…]}
//	{"Car":"MULTIPOLYGON (((1 2, …)), …)"}
//
// Whatever else is in a label that is not understood is read so too: it becomes
// an object of [KindUnknown] at least. Coordinates are kept as they are, although
// they count y from the lower edge: the label does not say how high its image is.
func (r *labelReader) readClass(c *cursor, name []byte) {
	class := Feature{Name: jsonscan.Unescape(name)}
	from := c.Here()
	q := Classification{Feature: class, LabelRef: r.label}
	switch k := c.Kind(); {
	case k == 'n':
		return
	case k == '{':
		r.readClassItem(c, class)
		return
	case k == '[':
		options := len(r.options)
		complete := r.readClassList(c, class)
		q.Kind, q.Options = AnswerChecklist, r.options.take(options)
		if !complete {
			q.Kind, q.Options = AnswerUnknown, nil
		} else if q.Options == nil {
			return
		}
	case k == '"':
		q.Kind, q.Text = AnswerText, c.Text()
		if r.readDrawn(c, q.Text, class, c.Since(from)) {
			return
		}
	case k == 't' || k == 'f':
		q.Kind, q.Text = AnswerText, c.Text()
	default:
		q.readNumber(c)
	}
	q.Raw = c.Since(from)
	if r.affords(c, classificationSize) {
		r.Classifications = append(room(r.Classifications, c), q)
	}
}

// readClassList reads the objects of a class, or the answers to a question. It
// returns false if there are more answers than can be told.
func (r *labelReader) readClassList(c *cursor, class Feature) bool {
	all := true
	for range c.Elements {
		from := c.Here()
		switch k := c.Kind(); {
		case c.Vacant():
		case k == '{':
			r.readClassItem(c, class)
		case k == '[' && c.ofPoints():
			o := Object{Feature: class, Kind: KindUnknown, LabelRef: r.label}
			if points, ok := r.readPoints(c, 3); ok {
				o.Kind, o.Geometry, o.FromBelow = KindPolygon, Polygon(points), true
			}
			o.Raw = c.Since(from)
			if r.affords(c, objectSize) {
				r.Objects = append(room(r.Objects, c), o)
			}
		case k == '[':
			all = r.readClassList(c, class) && all
		default:
			text := c.Text()
			if k == '"' && r.readDrawn(c, text, class, c.Since(from)) {
				continue
			}
			if all = all && r.affords(c, 2*optionSize); all {
				r.options.add(c, Option{Feature: Feature{Name: text}})
			}
		}
	}
	return all
}

// ofPoints looks ahead and reports whether an array begins with a point.
func (c *cursor) ofPoints() (yes bool) {
	p := c.peek()
	for range p.Elements {
		if p.Kind() == '{' {
			for name := range p.Members {
				yes = yes || string(name) == "x" || string(name) == "y"
			}
		}
		p.Halt()
	}
	return yes
}

// readClassItem reads one object of a class, or the point it is.
func (r *labelReader) readClassItem(c *cursor, class Feature) {
	p := c.peek()
	if at, ok := p.point(); ok {
		from := c.Here()
		c.Skip()
		if r.affords(c, objectSize) {
			r.Objects = append(room(r.Objects, c), Object{
				Feature: class, Kind: KindPoint, Geometry: at, FromBelow: true, LabelRef: r.label, Raw: c.Since(from),
			})
		}
		return
	}
	r.readStray(c, class)
}

// readDrawn reads a text that gives objects of a class.
func (r *labelReader) readDrawn(c *cursor, text string, class Feature, raw []byte) bool {
	if strings.IndexByte(text, '(') < 0 {
		return false
	}
	n, before := countDrawn(text), len(r.Objects)
	if !r.affords(c, n*objectSize) {
		return false
	}
	if n > 1 {
		r.Objects = slices.Grow(r.Objects, n)
	}
	ok := r.readWKT(c, text, func(k Kind, g Geometry) {
		r.Objects = append(r.Objects, Object{Feature: class, Kind: k, Geometry: g, FromBelow: true, LabelRef: r.label, Raw: raw})
	})
	if !ok {
		clear(r.Objects[before:])
		r.Objects = r.Objects[:before]
	}
	return ok
}
