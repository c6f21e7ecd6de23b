package core

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// labelReader walks the content of labels and gathers what they say.
type labelReader struct {
	Annotations
	checked   bool // the content is known to be well-formed
	keyFrames map[appearance]bool
}

// appearance is a feature on one frame.
type appearance struct {
	id, group string
	frame     int
}

// newLabelReader makes every list empty instead of nil, so that it becomes []
// in JSON.
func newLabelReader() *labelReader {
	return &labelReader{Annotations: Annotations{
		Objects: []Object{}, Classifications: []Classification{}, Relationships: []Relationship{},
	}}
}

// readLabel reads the whole content of one label, in any of the forms that
// Labelbox has been seen to send:
//
//	{"objects":[…],"classifications":[…],"relationships":[…]}
//	{}                                  a skipped label
//	[{"frameNumber":1,"objects":[…]},…] v1 video
//	{"frames":"https://…"}              v1 video, to be fetched
//	{"frames":{"1":{"objects":{…}}},"segments":{…},…}  v2 video; v2 DICOM has groups of those
//	{"timestamp":{…},"segments":{…},…}  v2 audio
//	{"Car":[{"geometry":[{"x":1,"y":2},…]}]}  labels of 2018
//	Skip                                text, which is no JSON
func (r *labelReader) readLabel(content jsontext.Value) error {
	c := &cursor{b: content, unique: !r.checked}
	switch c.kind() {
	case '{':
		mark := r.mark()
		where, known := r.readPart(c)
		r.stamp(mark, Place{Frame: where.Frame})
		if !known {
			r.readLegacy(&cursor{b: content})
		}
		return c.end()
	case '[':
		r.readFrames(c)
		return c.end()
	case '"':
		if text, err := jsontext.AppendUnquote(nil, bytes.TrimSpace(content)); err == nil {
			return r.readText(text)
		}
	}
	r.keepText(content)
	return nil
}

// readText reads content that was once more wrapped into a JSON string.
func (r *labelReader) readText(text []byte) error {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		r.keepText(text)
		return nil
	}
	checked := r.checked
	r.checked = false
	err := r.readLabel(text)
	r.checked = checked
	return err
}

func (r *labelReader) keepText(text []byte) {
	if text = bytes.TrimSpace(text); r.Text == "" && string(text) != "null" {
		r.Text = string(text)
	}
}

// readPart reads a label, one frame of it or one group of frames: they are all
// made of the same members. It returns what the part says about its own place,
// and whether it has any member known here.
func (r *labelReader) readPart(c *cursor) (where Place, known bool) {
	var buf [40]byte
	for name := range c.members {
		switch string(fold(name, &buf)) {
		case "objects":
			c.each(func(id []byte) { r.readObject(c, id) })
		case "classifications":
			c.each(func(id []byte) { r.readClassification(c, id) })
		case "relationships":
			c.each(func(id []byte) { r.readRelationship(c, id) })
		case "frames", "timestamp", "timestamps":
			r.readFrames(c)
		case "groups":
			r.readGroups(c)
		case "segments":
			r.readSegments(c, "")
		case "keyframefeaturemap":
			for id := range c.members {
				r.readKeyFrames(c, appearance{id: unescape(id)})
			}
		case "framenumber", "frame":
			if n, ok := c.integer(); ok {
				where.Frame = &n
			}
		case "name":
			c.textInto(&where.Group)
			continue // it says nothing about the rest
		default:
			continue
		}
		known = true
	}
	return where, known
}

func (r *labelReader) readFrames(c *cursor) {
	switch c.kind() {
	case '"':
		if url := c.text(); r.FramesURL == "" {
			r.FramesURL = url
		}
	case '[':
		for range c.elements {
			r.readFrame(c, nil)
		}
	case '{':
		for name := range c.members {
			if n, ok := parseInteger(name); ok {
				r.readFrame(c, &n)
			} else {
				r.readFrame(c, nil)
			}
		}
	}
}

// readFrame reads what is on one frame. What has the place of a frame but not
// its form is taken for the annotation itself.
func (r *labelReader) readFrame(c *cursor, number *int) {
	from, mark := c.here(), r.mark()
	switch c.kind() {
	case '{':
		where, known := r.readPart(c)
		if where.Frame != nil {
			number = where.Frame
		}
		if !known {
			r.readStray(c.since(from))
		}
	case '[':
		c.flatten(nil, func([]byte) { r.readStray(c.raw()) })
	}
	r.stamp(mark, Place{Frame: number})
}

// readStray reads an annotation that does not say whether it is an object or a
// classification.
func (r *labelReader) readStray(value jsontext.Value) {
	if len(value) == 0 || string(value) == "{}" {
		return
	}
	var o Object
	o.read(&cursor{b: value})
	if o.Kind == KindUnknown {
		var q Classification
		if q.read(&cursor{b: value}); q.Kind != AnswerUnknown {
			r.Classifications = append(r.Classifications, q)
			return
		}
	}
	r.Objects = append(r.Objects, o)
}

// readGroups reads the planes of a DICOM label.
func (r *labelReader) readGroups(c *cursor) {
	c.each(func(name []byte) {
		mark := r.mark()
		where, _ := r.readPart(c)
		if name != nil {
			where.Group = unescape(name)
		}
		r.stamp(mark, Place{Group: where.Group})
	})
}

// readSegments reads {id:[[first,last],…]}, which DICOM has once a plane.
func (r *labelReader) readSegments(c *cursor, group string) {
	for name := range c.members {
		if c.kind() == '{' && group == "" {
			r.readSegments(c, unescape(name))
			continue
		}
		for range c.elements {
			s := Segment{FeatureID: unescape(name), Group: group}
			if s.read(c) {
				r.Segments = append(r.Segments, s)
			}
		}
	}
}

// read reads [first,last] or {"start":first,"end":last}.
func (s *Segment) read(c *cursor) bool {
	var first, last bool
	if c.kind() == '{' {
		for name := range c.members {
			switch string(name) {
			case "start":
				s.Start, first = c.integer()
			case "end":
				s.End, last = c.integer()
			}
		}
		return first && last
	}
	for i := range c.elements {
		switch i {
		case 0:
			s.Start, first = c.integer()
		case 1:
			s.End, last = c.integer()
		}
	}
	return first && last
}

// readKeyFrames reads which frames of a feature are key frames: {"13":true} or
// [13], in DICOM once a plane.
func (r *labelReader) readKeyFrames(c *cursor, feature appearance) {
	if r.keyFrames == nil {
		r.keyFrames = make(map[appearance]bool)
	}
	if c.kind() == '[' {
		for range c.elements {
			var ok bool
			if feature.frame, ok = c.integer(); ok {
				r.keyFrames[feature] = true
			}
		}
		return
	}
	for name := range c.members {
		if k := c.kind(); feature.group == "" && (k == '{' || k == '[') {
			r.readKeyFrames(c, appearance{id: feature.id, group: unescape(name)})
			continue
		}
		var ok bool
		if feature.frame, ok = parseInteger(name); ok && c.truth() {
			r.keyFrames[feature] = true
		}
	}
}

// mark is how much was gathered at some time.
type mark struct{ objects, classifications, relationships, segments int }

func (r *labelReader) mark() mark {
	return mark{len(r.Objects), len(r.Classifications), len(r.Relationships), len(r.Segments)}
}

// stamp gives what was gathered since m the place of the part that held it.
// That is known only afterwards: frameNumber may follow the objects.
func (r *labelReader) stamp(m mark, where Place) {
	for i := range r.Objects[m.objects:] {
		r.Objects[m.objects+i].Place.within(where)
	}
	for i := range r.Classifications[m.classifications:] {
		r.Classifications[m.classifications+i].Place.within(where)
	}
	for i := range r.Relationships[m.relationships:] {
		r.Relationships[m.relationships+i].Place.within(where)
	}
	for i := range r.Segments[m.segments:] {
		if s := &r.Segments[m.segments+i]; s.Group == "" {
			s.Group = where.Group
		}
	}
}

func (p *Place) within(where Place) {
	if p.Frame == nil {
		p.Frame = where.Frame
	}
	if p.Group == "" {
		p.Group = where.Group
	}
}

// finish marks the key frames, which v2 lists beside the frames.
func (r *labelReader) finish() *Annotations {
	if len(r.keyFrames) > 0 {
		for i := range r.Objects {
			r.markKeyFrame(r.Objects[i].ID, &r.Objects[i].Place)
		}
		for i := range r.Classifications {
			r.markKeyFrame(r.Classifications[i].ID, &r.Classifications[i].Place)
		}
	}
	return &r.Annotations
}

func (r *labelReader) markKeyFrame(id string, p *Place) {
	if p.Frame != nil && r.keyFrames[appearance{id, p.Group, *p.Frame}] {
		p.KeyFrame = true
	}
}
