package annotation

import (
	"bytes"
	"strings"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// readRelationship reads a relationship. v2 has unidirectional_relationship (or
// bi…) with source and target; v1 has data with source and target or, for text,
// startFeatureId and endFeatureId, and says in relationshipType or format
// whether it is directed. One without both ends still has its Raw.
func (r *labelReader) readRelationship(c *cursor, id []byte) {
	if !r.affords(c, relationshipSize) {
		return
	}
	r.Relationships = append(room(r.Relationships, c), Relationship{Directed: true, LabelRef: r.label})
	link := &r.Relationships[len(r.Relationships)-1]
	if id != nil {
		link.ID = jsonscan.Unescape(id)
	}
	link.read(c)
}

func (l *Relationship) read(c *cursor) {
	if c.Kind() != '{' {
		l.Raw = c.Raw()
		return
	}
	from := c.Here()
	var buf [40]byte
	for name := range c.Members {
		folded := fold(name, &buf)
		switch string(folded) {
		case "unidirectionalrelationship", "bidirectionalrelationship", "relationship", "data":
			if bytes.HasPrefix(folded, []byte("bi")) && c.Kind() == '{' {
				l.Directed = false
			}
			for name := range c.Members {
				l.readMember(c, fold(name, &buf))
			}
		default:
			if l.Feature.readMember(c, folded) {
				continue
			}
			if known, _ := l.Location.readMember(c, folded); !known {
				l.readMember(c, folded)
			}
		}
	}
	l.Raw = c.Since(from)
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
		if strings.HasPrefix(strings.ToLower(c.Text()), "bi") {
			l.Directed = false
		}
	}
}

// featureID reads a feature's id, or the id of the feature that stands there.
func (c *cursor) featureID() string {
	if c.Kind() != '{' {
		return c.Text()
	}
	var f Feature
	var buf [40]byte
	for name := range c.Members {
		f.readMember(c, fold(name, &buf))
	}
	return f.ID
}
