package annotation

import (
	"strings"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// classification reads a question with its answers. v1 has answer and answers,
// v2 radio_answer, checklist_answers, text_answer and numeric_answer, and in
// conversations the same with the prefix conversational_. A null is no answer:
// an export may hold all members, with null in those that do not apply.
func (r *labelReader) classification(c *cursor, id []byte, class Feature) Classification {
	q := Classification{Feature: class, LabelRef: r.label}
	if id != nil {
		q.ID = jsonscan.Unescape(id)
	}
	if c.Kind() != '{' {
		q.Kind, q.Raw = AnswerUnknown, c.Raw()
		return q
	}
	from := c.Here()
	var buf [40]byte
	for name := range c.Members {
		folded := fold(name, &buf)
		if q.Feature.readMember(c, folded) || c.Kind() == 'n' {
			continue
		}
		if known, _ := q.Location.readMember(c, folded); known {
			continue
		}
		switch string(folded) {
		case "answer":
			switch k := c.Kind(); {
			case k == '{':
				r.readOptions(c, &q, AnswerRadio)
			case k == '[':
				r.readOptions(c, &q, AnswerDropdown)
			case k == '-' || '0' <= k && k <= '9':
				q.readNumber(c)
			default:
				q.readText(c)
			}
		case "answers", "checklistanswers", "conversationalchecklistanswers":
			r.readOptions(c, &q, AnswerChecklist)
		case "radioanswer", "conversationalradioanswer":
			r.readOptions(c, &q, AnswerRadio)
		case "numericanswer", "numberanswer", "conversationalnumericanswer":
			q.readNumber(c)
		case "textanswer", "conversationaltextanswer":
			if k := c.Kind(); k == '-' || '0' <= k && k <= '9' {
				q.readNumber(c)
			} else {
				q.readText(c)
			}
		case "classifications":
			q.Classifications = r.nested(c, q.Classifications)
		}
	}
	if q.Kind == "" {
		q.Kind = AnswerUnknown
	}
	q.Raw = c.Since(from)
	return q
}

// nested reads questions that hang below something, behind those read before.
func (r *labelReader) nested(c *cursor, before []Classification) []Classification {
	from := len(r.classifications)
	c.each(func(id []byte) {
		if r.affords(c, 2*classificationSize) { // once more while the list is gathered
			q := r.classification(c, id, Feature{})
			r.classifications.add(c, q)
		}
	})
	list := r.classifications.take(from)
	if before == nil {
		return list
	}
	return append(before, list...)
}

func (q *Classification) answered(k AnswerKind) {
	if q.Kind == "" {
		q.Kind = k
	}
}

// readOptions reads one option or an array of them. A choice is told whole or
// not at all.
func (r *labelReader) readOptions(c *cursor, q *Classification, k AnswerKind) {
	q.answered(k)
	from, all := len(r.options), true
	c.flatten(nil, func([]byte) {
		if all = all && r.affords(c, 2*optionSize); all {
			o := r.option(c)
			r.options.add(c, o)
		}
	})
	list := r.options.take(from)
	switch {
	case !all:
		q.Kind, q.Options = AnswerUnknown, nil
	case q.Options == nil:
		q.Options = list
	default:
		q.Options = append(q.Options, list...)
	}
}

// option reads an option, or its name alone.
func (r *labelReader) option(c *cursor) (o Option) {
	if c.Kind() != '{' {
		o.Name = c.Text()
		return o
	}
	var buf [40]byte
	for name := range c.Members {
		folded := fold(name, &buf)
		if !o.Feature.readMember(c, folded) && string(folded) == "classifications" {
			o.Classifications = r.nested(c, o.Classifications)
		}
	}
	return o
}

// readText reads a text, or {"content":…} around it. An array is a text in
// several pieces, such as what is said in a recording, and has a line for each.
func (q *Classification) readText(c *cursor) {
	q.answered(AnswerText)
	var lines strings.Builder
	c.flatten(nil, func([]byte) {
		var line string
		if c.Kind() != '{' {
			line = c.Text()
		} else {
			for name := range c.Members {
				if string(name) == "content" {
					c.textInto(&line)
				}
			}
		}
		if line != "" {
			if lines.Len() > 0 {
				lines.WriteByte('\n')
			}
			lines.WriteString(line)
		}
	})
	if lines.Len() > 0 {
		q.Text = lines.String()
	}
}

// readNumber reads a number, or {"value":…} around it.
func (q *Classification) readNumber(c *cursor) {
	q.answered(AnswerNumber)
	if c.Kind() == '{' {
		for name := range c.Members {
			switch string(name) {
			case "value", "content", "number":
				q.readNumber(c)
			}
		}
		return
	}
	p := c.peek()
	if n, ok := p.Real(); ok {
		q.Number = new(n)
	}
	c.textInto(&q.Text)
}
