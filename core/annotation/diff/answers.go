package diff

import (
	"cmp"
	"slices"

	"github.com/labelhook/labelhook/core/annotation"
)

// answer is the answer to a question, which is named with those that it hangs below.
type answer struct{ question, text string }

// maxDepth bounds how deep questions are followed below each other.
const maxDepth = 100

// answersOf lists the answers in their order. Several options are one answer.
func answersOf(above string, all []annotation.Classification) []answer {
	return appendAnswers(nil, above, all, 0)
}

func appendAnswers(list []answer, above string, all []annotation.Classification, depth int) []answer {
	if depth > maxDepth {
		return list
	}
	for _, c := range all {
		question := above + cmp.Or(c.Name, c.Value, c.SchemaID)
		var chosen []string
		for _, o := range c.Options {
			chosen = append(chosen, cmp.Or(o.Name, o.Value, o.SchemaID))
		}
		slices.Sort(chosen) // they have no order
		text := c.Text
		for _, name := range chosen {
			if text != "" {
				text += ", "
			}
			text += name
		}
		list = append(list, answer{question, text})
		for _, o := range c.Options {
			list = appendAnswers(list, question+" › ", o.Classifications, depth+1)
		}
		list = appendAnswers(list, question+" › ", c.Classifications, depth+1)
	}
	return list
}

// answersDiffer says which questions are answered otherwise. Of one that is asked
// several times the answers are compared in their order.
func answersDiffer(before, after []answer) (words []string) {
	old := map[string][]string{}
	for _, a := range before {
		old[a.question] = append(old[a.question], a.text)
	}
	for _, a := range after {
		was := ""
		if texts := old[a.question]; len(texts) > 0 {
			was, old[a.question] = texts[0], texts[1:]
		}
		if was != a.text {
			words = append(words, a.question+": "+quoted(was)+" → "+quoted(a.text))
		}
	}
	for _, a := range before {
		if texts := old[a.question]; len(texts) > 0 {
			old[a.question] = texts[1:]
			if texts[0] != "" {
				words = append(words, a.question+": "+quoted(texts[0])+" → nothing")
			}
		}
	}
	return words
}
