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
//	{}                                        a skipped label
//	[{"frameNumber":1,"objects":[…]},…]       v1 video
//	{"frames":"https://…"}                    v1 video, to be fetched
//	{"frameNumber":1,"objects":[…]}           v1 video, as fetched:
//	{"frameNumber":2,"objects":[…]}           one frame a line
//	{"frames":{"1":{"objects":{…}}},…}        v2 video
//	{"groups":{"Axial":{"frames":{…}}},…}     v2 DICOM
//	{"timestamp":{"1":{…}},…}                 v2 audio
//	{"Car":[{"geometry":[{"x":1,"y":2},…]}]}  labels of 2018
//	Skip                                      text, which is no JSON
func (r *labelReader) readLabel(content jsontext.Value) error {
	c := newCursor(content)
	c.unique = !r.checked
	switch c.kind() {
	case '{':
		for c.kind() == '{' {
			from, mark := c.here(), r.mark()
			where, form := r.readPart(c, wholeLabel)
			if form == formUnknown && !c.bad {
				r.readLegacy(newCursor(c.since(from)))
			}
			r.stamp(mark, Place{Frame: where.Frame})
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
	defer func(was bool) { r.checked = was }(r.checked)
	r.checked = false
	return r.readLabel(text)
}

func (r *labelReader) keepText(text []byte) {
	if text = bytes.TrimSpace(text); r.Text == "" && string(text) != "null" {
		r.Text = string(text)
	}
}

// extent is how much of a label is being read.
type extent int

const (
	wholeLabel extent = iota
	oneGroup
	oneFrame
)

// form is what an object in the place of a label, group or frame looks like.
type form int

const (
	formUnknown    form = iota
	formPart            // it holds annotations
	formAnnotation      // it is one itself
)

// readPart reads a label, one frame of it or one group of frames: they are all
// made of the same members. It returns what the part says about its own place.
func (r *labelReader) readPart(c *cursor, e extent) (where Place, f form) {
	var buf [40]byte
	for name := range c.members {
		folded := fold(name, &buf)
		switch string(folded) {
		case "objects":
			c.each(func(id []byte) { r.readObject(c, id) })
		case "classifications":
			c.each(func(id []byte) { readClassification(c, id, &r.Classifications) })
		case "relationships":
			c.each(func(id []byte) { r.readRelationship(c, id) })
		case "segments":
			r.readSegments(c, "")
		case "keyframefeaturemap":
			for id := range c.members {
				r.readKeyFrames(c, appearance{id: unescape(id)})
			}
		case "frames", "timestamp", "timestamps":
			if e == oneFrame {
				continue
			}
			if string(folded) == "frames" && c.kind() == '"' {
				r.keepURL(c)
			} else {
				r.readFrames(c)
			}
		case "groups":
			if e != wholeLabel {
				continue
			}
			r.readGroups(c)
		case "framenumber", "frame":
			if n, ok := c.integer(); ok {
				where.Frame = &n
			}
		case "name":
			c.textInto(&where.Group)
			continue // many things have one
		case "featureid", "featureschemaid", "schemaid":
			f = formAnnotation
			continue
		default:
			continue
		}
		f = max(f, formPart)
	}
	return where, f
}

func (r *labelReader) keepURL(c *cursor) {
	if url := c.text(); r.FramesURL == "" {
		r.FramesURL = url
	}
}

// readFrames reads a list of frames, or {"1":frame,…}.
func (r *labelReader) readFrames(c *cursor) {
	c.each(func(name []byte) {
		if n, ok := parseInteger(name); ok {
			r.readFrame(c, &n)
		} else {
			r.readFrame(c, nil)
		}
	})
}

// readFrame reads what is on one frame. What has the place of a frame but not
// its form is taken for the annotation itself.
func (r *labelReader) readFrame(c *cursor, number *int) {
	from, mark := c.here(), r.mark()
	where, form := r.readPart(c, oneFrame)
	if where.Frame != nil {
		number = where.Frame
	}
	if form != formPart {
		r.rewind(mark)
		r.readStray(c.since(from))
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
	o.read(newCursor(value))
	if o.Kind == KindUnknown {
		var q Classification
		if q.read(newCursor(value)); q.Kind != AnswerUnknown {
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
		where, _ := r.readPart(c, oneGroup)
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

// rewind forgets what was gathered since m.
func (r *labelReader) rewind(m mark) {
	r.Objects, r.Classifications = r.Objects[:m.objects], r.Classifications[:m.classifications]
	r.Relationships, r.Segments = r.Relationships[:m.relationships], r.Segments[:m.segments]
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
