package sender

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"github.com/tidwall/gjson"
)

// Template makes payloads that differ from each other out of one: each has its
// own ids (label, data rows, model run, review) and times, wherever the payload
// has such, so each has its own [core.Delivery.Key]. Everything else stays as
// it is, byte for byte.
//
// A JSON object without a known id gets one more member, labelhook_delivery,
// for its id.
type Template struct {
	text  []byte
	slots []slot // in the order of the text
}

// slot is a place in the text where something fresh goes.
type slot struct {
	start, end     int
	time           bool // else an id
	prefix, suffix string
}

// NewTemplate finds the places. The values at the paths in keep, which [Set]
// returns, stay as they are in every payload, and so does all that is in them.
func NewTemplate(payload []byte, keep ...string) *Template {
	t := &Template{text: payload}
	root := gjson.ParseBytes(payload)
	if !json.Valid(payload) || !root.IsObject() { // gjson's own check has no bound on the depth
		return t
	}
	root.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "id", "modelRunId":
			t.add(value, false)
		case "createdAt", "updatedAt", "timestamp":
			t.add(value, true)
		case "data_row", "dataRow":
			t.addMembers(value, "id")
		case "dataRowIds":
			for _, id := range value.Array() {
				t.add(id, false)
			}
		case "projects":
			t.addProjects(value)
		}
		return true
	})
	for _, path := range keep {
		kept := gjson.GetBytes(payload, path)
		end := kept.Index + len(kept.Raw)
		t.slots = slices.DeleteFunc(t.slots, func(s slot) bool { return kept.Index <= s.start && s.end <= end })
	}
	if !slices.ContainsFunc(t.slots, func(s slot) bool { return !s.time }) {
		t.addMember()
	}
	slices.SortFunc(t.slots, func(a, b slot) int { return a.start - b.start })
	return t
}

func (t *Template) addProjects(projects gjson.Result) {
	projects.ForEach(func(_, project gjson.Result) bool {
		project.Get("labels").ForEach(func(_, label gjson.Result) bool {
			t.addMembers(label, "id")
			for _, details := range []string{"label_details", "labelDetails"} {
				t.addMembers(label.Get(details), "created_at", "createdAt", "updated_at", "updatedAt")
			}
			return true
		})
		return true
	})
}

func (t *Template) addMembers(object gjson.Result, names ...string) {
	object.ForEach(func(name, value gjson.Result) bool {
		if slices.Contains(names, name.Str) {
			t.add(value, name.Str != "id")
		}
		return true
	})
}

func (t *Template) add(value gjson.Result, time bool) {
	if value.Type == gjson.String && value.Index > 0 {
		t.slots = append(t.slots, slot{start: value.Index, end: value.Index + len(value.Raw), time: time})
	}
}

// addMember puts a slot for an id at the front of the object.
func (t *Template) addMember() {
	start := bytes.IndexByte(t.text, '{') + 1
	s := slot{start: start, end: start, prefix: `"labelhook_delivery":`, suffix: ","}
	if rest := bytes.TrimLeft(t.text[start:], " \t\r\n"); rest[0] == '}' {
		s.suffix = ""
	}
	t.slots = append(t.slots, s)
}

// Distinct reports whether the payloads will differ. They do unless the payload
// is not a JSON object.
func (t *Template) Distinct() bool { return len(t.slots) > 0 }

// Fresh returns a payload with new ids and the time now. The same id in two
// places of the payload is not the same in both afterwards.
func (t *Template) Fresh(now time.Time) []byte {
	out := make([]byte, 0, len(t.text)+32*len(t.slots))
	done := 0
	for _, s := range t.slots {
		out = append(append(out, t.text[done:s.start]...), s.prefix...)
		out = append(out, '"')
		if s.time {
			out = now.UTC().AppendFormat(out, "2006-01-02T15:04:05.000Z")
		} else {
			out = append(out, NewID()...)
		}
		out = append(append(out, '"'), s.suffix...)
		done = s.end
	}
	return append(out, t.text[done:]...)
}
