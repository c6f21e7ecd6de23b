package core

import (
	"bytes"
	"strings"
)

func (r *labelReader) readRelationship(c *cursor, id []byte) {
	link := Relationship{Feature: Feature{ID: unescape(id)}, Directed: true}
	link.read(c)
	r.Relationships = append(r.Relationships, link)
}

// read reads a relationship. v2 has unidirectional_relationship (or bi…) with
// source and target; v1 has data with source and target or, for text,
// startFeatureId and endFeatureId, and says in relationshipType or format
// whether it is directed.
func (l *Relationship) read(c *cursor) {
	if c.kind() != '{' {
		l.Raw = c.raw()
		return
	}
	from := c.here()
	var buf [40]byte
	for name := range c.members {
		folded := fold(name, &buf)
		switch string(folded) {
		case "unidirectionalrelationship", "bidirectionalrelationship", "relationship", "data":
			if bytes.HasPrefix(folded, []byte("bi")) && c.kind() == '{' {
				l.Directed = false
			}
			for name := range c.members {
				l.readMember(c, fold(name, &buf))
			}
		default:
			if !l.Feature.readMember(c, folded) && !l.Place.readMember(c, folded) {
				l.readMember(c, folded)
			}
		}
	}
	l.Raw = c.since(from)
}

func (l *Relationship) readMember(c *cursor, folded []byte) {
	switch string(folded) {
	case "source", "startfeatureid":
		l.Source = c.featureID()
	case "target", "endfeatureid":
		l.Target = c.featureID()
	case "label":
		c.textInto(&l.Label)
	case "relationshiptype", "format", "type":
		if strings.HasPrefix(strings.ToLower(c.text()), "bi") {
			l.Directed = false
		}
	}
}

// featureID reads a feature's id, or the id of the feature that stands there.
func (c *cursor) featureID() string {
	if c.kind() != '{' {
		return c.text()
	}
	var f Feature
	var buf [40]byte
	for name := range c.members {
		f.readMember(c, fold(name, &buf))
	}
	return f.ID
}
