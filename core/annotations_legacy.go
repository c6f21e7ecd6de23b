package core

// readLegacy reads a label of 2018, which names its classes at the top:
//
//	{"Car":[{"geometry":[{"x":1,"y":2},…]},…],"Weather":"dry","Seen":["dog","cat"]}
//	{"Car":[[{"x":1,"y":2},…],…]}
//	{"Car":[{"geometry":"POLYGON ((1 2, …))"},…]}
//	{"Car":"MULTIPOLYGON (((1 2, …)), …)"}
//
// The form is told by having none of the members of later ones.
// Coordinates are kept as they are, although they count y from the lower edge:
// the label does not say how high its image is.
func (r *labelReader) readLegacy(c *cursor) {
	for name := range c.members {
		class := Feature{Name: unescape(name)}
		from := c.here()
		switch c.kind() {
		case '"':
			text := c.text()
			if !r.readLegacyText(text, class, c.since(from)) {
				r.Classifications = append(r.Classifications,
					Classification{Feature: class, Kind: AnswerText, Text: text, Raw: c.since(from)})
			}
		case '[':
			q := Classification{Feature: class, Kind: AnswerChecklist}
			r.readLegacyList(c, &q)
			if q.Options != nil {
				q.Raw = c.since(from)
				r.Classifications = append(r.Classifications, q)
			}
		case '{':
			r.readLegacyObject(c, class)
		}
	}
}

// readLegacyList reads the objects of a class, or the answers to a question.
func (r *labelReader) readLegacyList(c *cursor, q *Classification) {
	for range c.elements {
		switch c.kind() {
		case '{':
			r.readLegacyObject(c, q.Feature)
		case '[':
			before := *c
			from := c.here()
			if points, ok := c.points(); ok && len(points) > 0 {
				r.Objects = append(r.Objects,
					Object{Feature: q.Feature, Kind: KindPolygon, Geometry: Polygon(points), Raw: c.since(from)})
			} else {
				*c = before
				r.readLegacyList(c, q)
			}
		case 'n':
		default:
			from := c.here()
			if text := c.text(); !r.readLegacyText(text, q.Feature, c.since(from)) {
				q.Options = append(q.Options, Option{Feature: Feature{Name: text}})
			}
		}
	}
}

func (r *labelReader) readLegacyObject(c *cursor, class Feature) {
	before := *c
	o := Object{Feature: class}
	o.read(c)
	if o.Kind == KindUnknown {
		if p, ok := before.point(); ok {
			o.Kind, o.Geometry = KindPoint, p
		}
	}
	r.Objects = append(r.Objects, o)
}

// readLegacyText reads a text that gives the objects of a class.
func (r *labelReader) readLegacyText(text string, class Feature, raw []byte) bool {
	drawn := parseWKT(text)
	for _, d := range drawn {
		r.Objects = append(r.Objects, Object{Feature: class, Kind: d.kind, Geometry: d.geometry, Raw: raw})
	}
	return drawn != nil
}
