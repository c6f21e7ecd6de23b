package core

// readLegacy reads a label of 2018, which names its classes at the top:
//
//	{"Car":[{"geometry":[{"x":1,"y":2},…]},…],"Weather":"dry","Seen":["dog","cat"]}
//
// The form is told by having none of the members of later ones.
func (r *labelReader) readLegacy(c *cursor) {
	for name := range c.members {
		class := Feature{Name: unescape(name)}
		switch c.kind() {
		case '"':
			from := c.here()
			r.Classifications = append(r.Classifications,
				Classification{Feature: class, Kind: AnswerText, Text: c.text(), Raw: c.since(from)})
		case '[':
			r.readLegacyClass(c, class)
		case '{':
			o := Object{Feature: class}
			o.read(c)
			r.Objects = append(r.Objects, o)
		}
	}
}

// readLegacyClass reads the objects of a class, or the answers to a question.
func (r *labelReader) readLegacyClass(c *cursor, class Feature) {
	q := Classification{Feature: class, Kind: AnswerChecklist}
	from := c.here()
	c.flatten(nil, func([]byte) {
		if c.kind() == '{' {
			o := Object{Feature: class}
			o.read(c)
			r.Objects = append(r.Objects, o)
			return
		}
		var o Option
		o.read(c)
		q.Options = append(q.Options, o)
	})
	if q.Options != nil {
		q.Raw = c.since(from)
		r.Classifications = append(r.Classifications, q)
	}
}
