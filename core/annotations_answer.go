package core

import "strings"

// readClassification reads one classification into the list it belongs to.
func readClassification(c *cursor, id []byte, list *[]Classification) {
	q := Classification{Feature: Feature{ID: unescape(id)}}
	q.read(c)
	*list = append(*list, q)
}

// read reads a classification with its answers. v1 has answer and answers, v2
// radio_answer, checklist_answers and text_answer, and in conversations the
// same with the prefix conversational_. A null is no answer: an export may
// hold all members, with null in those that do not apply.
func (q *Classification) read(c *cursor) {
	if c.kind() != '{' {
		q.Kind, q.Raw = AnswerUnknown, c.raw()
		return
	}
	from := c.here()
	var buf [40]byte
	for name := range c.members {
		folded := fold(name, &buf)
		if q.Feature.readMember(c, folded) || q.Place.readMember(c, folded) || c.kind() == 'n' {
			continue
		}
		switch string(folded) {
		case "answer":
			switch c.kind() {
			case '{':
				q.readOptions(c, AnswerRadio)
			case '[':
				q.readOptions(c, AnswerDropdown)
			default:
				q.readText(c)
			}
		case "answers", "checklistanswers", "conversationalchecklistanswers":
			q.readOptions(c, AnswerChecklist)
		case "radioanswer", "conversationalradioanswer":
			q.readOptions(c, AnswerRadio)
		case "textanswer", "conversationaltextanswer":
			q.readText(c)
		case "classifications":
			c.each(func(id []byte) { readClassification(c, id, &q.Classifications) })
		}
	}
	if q.Kind == "" {
		q.Kind = AnswerUnknown
	}
	q.Raw = c.since(from)
}

func (q *Classification) answered(k AnswerKind) {
	if q.Kind == "" {
		q.Kind = k
	}
}

// readOptions reads one option or an array of them.
func (q *Classification) readOptions(c *cursor, k AnswerKind) {
	q.answered(k)
	c.flatten(nil, func([]byte) {
		var o Option
		o.read(c)
		q.Options = append(q.Options, o)
	})
}

// read reads an option, or its name alone.
func (o *Option) read(c *cursor) {
	if c.kind() != '{' {
		o.Name = c.text()
		return
	}
	var buf [40]byte
	for name := range c.members {
		folded := fold(name, &buf)
		if !o.Feature.readMember(c, folded) && string(folded) == "classifications" {
			c.each(func(id []byte) { readClassification(c, id, &o.Classifications) })
		}
	}
}

// readText reads a text, or {"content":…} around it. An array is a text in
// several pieces, such as what is said in a recording, and has a line for each.
func (q *Classification) readText(c *cursor) {
	q.answered(AnswerText)
	var lines []string
	c.flatten(nil, func([]byte) {
		var line string
		if c.kind() != '{' {
			line = c.text()
		} else {
			for name := range c.members {
				if string(name) == "content" {
					c.textInto(&line)
				}
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	})
	if lines != nil {
		q.Text = strings.Join(lines, "\n")
	}
}
