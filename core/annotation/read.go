package annotation

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// labelReader walks the content of labels and gathers what they say.
type labelReader struct {
	Set
	label     *LabelRef
	checked   bool             // the content is known to be well-formed
	short     bool             // something was left out: see afford
	rest      bool             // there is an object that holds what was left out
	keyFrames []jsontext.Value // the members that list them

	// What readKnown tries with.
	ahead cursor
	trial Object

	// The items of lists within lists, before each list is copied out in its
	// exact size.
	classifications pile[Classification]
	options         pile[Option]
	messages        pile[Message]
	groups          pile[TokenGroup]
	tokens          pile[string]
	points          pile[Point]
	positions       pile[[2]float64]
	rings           pile[[][2]float64]
	parts           pile[int]
}

// pile gathers the items of several lists, of which the last begun ends first.
type pile[T any] []T

func (p *pile[T]) add(c *cursor, item T) { *p = append(room(*p, c), item) }

// take ends the list that began when there were so many items.
func (p *pile[T]) take(from int) []T {
	items := (*p)[from:]
	if len(items) == 0 {
		return nil
	}
	list := slices.Clone(items)
	clear(items)
	*p = (*p)[:from]
	return list
}

// What an annotation takes of memory, in bytes.
const (
	objectSize         = int(unsafe.Sizeof(Object{}))
	classificationSize = int(unsafe.Sizeof(Classification{}))
	optionSize         = int(unsafe.Sizeof(Option{}))
	relationshipSize   = int(unsafe.Sizeof(Relationship{}))
	segmentSize        = int(unsafe.Sizeof(Segment{}))
	tokenGroupSize     = int(unsafe.Sizeof(TokenGroup{}))
	messageSize        = int(unsafe.Sizeof(Message{}))
	stringSize         = int(unsafe.Sizeof(""))
)

// newLabelReader makes every list empty instead of nil, so that it becomes []
// in JSON.
func newLabelReader() *labelReader {
	return &labelReader{Set: Set{
		Objects: []Object{}, Classifications: []Classification{}, Relationships: []Relationship{},
	}}
}

// affords is [cursor.afford], and remembers a refusal.
func (r *labelReader) affords(c *cursor, n int) bool {
	ok := c.Afford(n)
	r.short = r.short || !ok
	return ok
}

func (r *labelReader) readLabel(c *Content) error {
	r.label, r.checked = new(c.Label), c.Checked
	return r.readContent(c.JSON)
}

// readContent reads the whole content of one label, in any of the forms that
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
//	{"Car":[{"geometry":[{"x":1,"y":2}],…}]}  labels of 2018
//	Skip                                      text, which is no JSON
//
// A class of 2018 may have any name, that of a member of the later forms too, so
// each member is told by what it holds.
func (r *labelReader) readContent(content jsontext.Value) error {
	c := newCursor(content)
	c.Unique = !r.checked
	switch c.Kind() {
	case '{':
		for c.Kind() == '{' && !c.Failed() {
			from, mark := c.Here(), r.mark()
			where, annotation := r.readEntry(c)
			if !annotation {
				r.stamp(mark, Location{Frame: where.Frame})
			}
			r.keepRest(c, from)
		}
		return c.end()
	case '[':
		from := c.Here()
		r.readFrames(c)
		r.keepRest(c, from)
		return c.end()
	case '"':
		if text, err := jsontext.AppendUnquote(nil, bytes.TrimSpace(content)); err == nil {
			return r.readText(text)
		}
	}
	r.keepText(content)
	return nil
}

// keepRest keeps what was left out, as a part of the whole that it stands in.
func (r *labelReader) keepRest(c *cursor, from int) {
	if r.short && !c.Failed() && (!r.rest || c.MustAfford(objectSize)) {
		r.rest = true
		r.Objects = append(r.Objects, Object{Kind: KindUnknown, LabelRef: r.label, Raw: c.Since(from)})
	}
	r.short = false
}

// readText reads content that was once more wrapped into a JSON string.
func (r *labelReader) readText(text []byte) error {
	if trimmed := bytes.TrimSpace(text); len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		r.keepText(text)
		return nil
	}
	defer func(was bool) { r.checked = was }(r.checked)
	r.checked = false
	return r.readContent(text)
}

func (r *labelReader) keepText(text []byte) {
	text = bytes.TrimSpace(text)
	switch {
	case len(text) == 0 || string(text) == "null":
	case r.Text == "":
		r.Text = string(text)
	default: // of a second label
		r.Classifications = append(r.Classifications, Classification{Kind: AnswerText, Text: string(text), LabelRef: r.label})
	}
}

// extent is how much of a label is being read.
type extent int

const (
	wholeLabel extent = iota
	oneGroup
	oneFrame
)

// readEntry reads a label, or the one annotation that is in its place.
func (r *labelReader) readEntry(c *cursor) (where Location, annotation bool) {
	if c.form() == formAnnotation && r.readKnown(c, Feature{}) {
		return where, true
	}
	return r.readPart(c, wholeLabel, Location{}), false
}

// form is what an object in the place of a label or frame looks like.
type form int

const (
	formUnknown    form = iota
	formPart            // it holds annotations
	formAnnotation      // it is one itself
)

// form looks ahead at the names of an object's members.
func (c *cursor) form() (f form) {
	var buf [40]byte
	p := c.peek()
	for name := range p.Members {
		switch string(fold(name, &buf)) {
		case "objects", "relationships", "segments", "keyframefeaturemap", "frames", "timestamp", "timestamps", "groups":
			f = formPart
			p.Halt()
		case "classifications", "framenumber":
			f = max(f, formPart)
		case "featureid", "featureschemaid", "schemaid":
			f = formAnnotation
		}
	}
	return f
}

// ofAClass looks ahead and reports whether there is what a class of 2018 holds:
// text, numbers, shapes or a list of them. A list of a later form holds objects,
// each of which says more of itself than its shape.
func (c *cursor) ofAClass() (yes bool) {
	p := c.peek()
	switch p.Kind() {
	case '[':
		for range p.Elements {
			if !p.Vacant() {
				yes = p.ofAClass()
				p.Halt()
			}
		}
	case '{':
		var buf [40]byte
		for name := range p.Members {
			switch string(fold(name, &buf)) {
			case "geometry":
				k := p.Kind()
				yes = yes || k == '[' || k == '"' || k == '{' && p.ofAClass()
			case "x", "y":
				k := p.Kind()
				yes = yes || k == '-' || '0' <= k && k <= '9'
			case "featureid", "featureschemaid", "schemaid", "title", "name", "value", "annotationkind":
				if p.Kind() == '"' {
					yes = false
					p.Halt()
				}
			}
		}
	case 0, 'n':
	default:
		yes = true
	}
	return yes
}

// readPart reads a label, one frame of it or one group of frames: they are all
// made of the same members. It returns where the part is, as far as that is known
// or the part itself says so.
func (r *labelReader) readPart(c *cursor, e extent, where Location) Location {
	var buf [40]byte
	var frame jsontext.Value // the member that names it
	var frameName []byte
	later := false // it has a list of the later forms
	for name := range c.Members {
		folded := fold(name, &buf)
		switch string(folded) {
		case "framenumber", "frame":
			p := c.peek()
			if n, ok := p.Integer(); ok {
				where.Frame, frame, frameName = new(n), c.Raw(), name
				continue
			}
		case "name":
			if p := c.peek(); e == oneGroup && p.Kind() == '"' {
				if group := p.Text(); where.Group == "" || where.Group == group {
					where.Group = group
					continue
				}
			}
		}
		if r.readList(c, folded, e) {
			later = true
		} else {
			r.readClass(c, name)
		}
	}
	if e == wholeLabel && !later && frame != nil { // a class of that name, then
		where.Frame = nil
		r.readClass(newCursor(frame), frameName)
	}
	return where
}

// readList reads a member that the later forms have, unless it is a class of
// that name.
func (r *labelReader) readList(c *cursor, folded []byte, e extent) bool {
	switch string(folded) {
	case "objects", "classifications", "relationships", "segments", "keyframefeaturemap":
	case "frames", "timestamp", "timestamps":
		if e == oneFrame {
			return false
		}
		if string(folded) == "frames" && c.Kind() == '"' {
			return r.readURL(c)
		}
	case "groups":
		if e != wholeLabel {
			return false
		}
	default:
		return false
	}
	if c.ofAClass() {
		return false
	}
	switch string(folded) {
	case "objects":
		c.each(func(id []byte) { r.readObject(c, id, Feature{}) })
	case "classifications":
		c.each(func(id []byte) {
			if r.affords(c, classificationSize) {
				r.Classifications = append(room(r.Classifications, c), r.classification(c, id, Feature{}))
			}
		})
	case "relationships":
		c.each(func(id []byte) { r.readRelationship(c, id) })
	case "segments":
		from := c.Here()
		if !r.readSegments(c, "") {
			r.keepUnknown(c, folded, c.Since(from))
		}
	case "keyframefeaturemap":
		if p := c.peek(); !p.eachKeyFrame(func(sighting) {}) {
			r.keepUnknown(c, folded, c.Raw())
		} else {
			r.keyFrames = append(room(r.keyFrames, c), c.Raw())
		}
	case "groups":
		r.readGroups(c)
	default:
		r.readFrames(c)
	}
	return true
}

// keepUnknown keeps a member that is not understood.
func (r *labelReader) keepUnknown(c *cursor, name []byte, raw jsontext.Value) {
	if r.affords(c, objectSize) {
		r.Objects = append(room(r.Objects, c), Object{Feature: Feature{Name: jsonscan.Unescape(name)}, Kind: KindUnknown, LabelRef: r.label, Raw: raw})
	}
}

// readURL reads the address of frames, unless it is none or there is one already.
func (r *labelReader) readURL(c *cursor) bool {
	p := c.peek()
	if r.FramesURL != "" || !strings.Contains(jsonscan.Unescape(p.Quoted()), "://") {
		return false
	}
	r.FramesURL = c.Text()
	return true
}

// readFrames reads a list of frames, or {"1":frame,…}.
func (r *labelReader) readFrames(c *cursor) {
	c.each(func(name []byte) {
		n, ok := parseInteger(name)
		switch {
		case ok:
			r.readFrame(c, new(n))
		case name == nil:
			r.readFrame(c, nil)
		default: // on what frame it is, it does not say
			r.keepUnknown(c, name, c.Raw())
		}
	})
}

// readFrame reads what is on one frame. What has the place of a frame but not
// its form is taken for the annotation itself.
func (r *labelReader) readFrame(c *cursor, number *int) {
	mark := r.mark()
	switch {
	case c.Vacant():
		c.Skip()
	case c.form() != formPart:
		r.readStray(c, Feature{})
	case c.frameIsDamaged():
		r.keepUnknown(c, nil, c.Raw())
	default:
		if where := r.readPart(c, oneFrame, Location{}); where.Frame != nil {
			number = where.Frame
		}
	}
	r.stamp(mark, Location{Frame: number})
}

// frameIsDamaged looks ahead and reports whether a frame has a number that is
// none.
func (c *cursor) frameIsDamaged() (damaged bool) {
	var buf [40]byte
	p := c.peek()
	for name := range p.Members {
		switch string(fold(name, &buf)) {
		case "framenumber", "frame":
			if p.Kind() != 'n' {
				_, ok := p.Integer()
				damaged = damaged || !ok
			}
		}
	}
	return damaged
}

// readStray reads an annotation that does not say whether it is an object or a
// classification.
func (r *labelReader) readStray(c *cursor, class Feature) {
	if c.Kind() != '{' || !r.readKnown(c, class) {
		r.readObject(c, nil, class)
	}
}

// readKnown reads an annotation if it is of a form known here.
func (r *labelReader) readKnown(c *cursor, class Feature) bool {
	p := &r.ahead
	p.Scanner = c.Try()
	if r.object(p, nil, class, &r.trial); r.trial.Kind != KindUnknown {
		c.Accept(&p.Scanner)
		if r.affords(c, objectSize) {
			r.Objects = append(room(r.Objects, c), r.trial)
		}
		return true
	}
	p.Scanner = c.Try()
	if q := r.classification(p, nil, class); q.Kind != AnswerUnknown {
		c.Accept(&p.Scanner)
		if r.affords(c, classificationSize) {
			r.Classifications = append(room(r.Classifications, c), q)
		}
		return true
	}
	return false
}

// readGroups reads the planes of a DICOM label.
func (r *labelReader) readGroups(c *cursor) {
	c.each(func(name []byte) {
		if c.Kind() != '{' {
			r.keepUnknown(c, name, c.Raw())
			return
		}
		mark := r.mark()
		where := r.readPart(c, oneGroup, Location{Group: jsonscan.Unescape(name)})
		r.stamp(mark, Location{Group: where.Group})
	})
}

// readSegments reads {id:[[first,last],…]}, which DICOM has once a plane. It
// returns false if anything in it is of another form.
func (r *labelReader) readSegments(c *cursor, group string) (ok bool) {
	if c.Kind() != '{' {
		vacant := c.Vacant()
		c.Skip()
		return vacant
	}
	ok = true
	for name := range c.Members {
		if c.Kind() == '{' && group == "" {
			ok = r.readSegments(c, jsonscan.Unescape(name)) && ok
			continue
		}
		if c.Kind() != '[' {
			ok = c.Vacant() && ok
			continue
		}
		id := jsonscan.Unescape(name)
		for range c.Elements {
			s := Segment{FeatureID: id, Group: group, LabelRef: r.label}
			switch {
			case c.Vacant():
			case !s.read(c):
				ok = false
			case r.affords(c, segmentSize):
				r.Segments = append(room(r.Segments, c), s)
			}
		}
	}
	return ok
}

// read reads [first,last] or {"start":first,"end":last}.
func (s *Segment) read(c *cursor) bool {
	var first, last bool
	n := 0
	if c.Kind() == '{' {
		for name := range c.Members {
			switch n++; string(name) {
			case "start":
				s.Start, first = c.Integer()
			case "end":
				s.End, last = c.Integer()
			}
		}
		return first && last && n == 2
	}
	for i := range c.Elements {
		switch n++; i {
		case 0:
			s.Start, first = c.Integer()
		case 1:
			s.End, last = c.Integer()
		}
	}
	return first && last && n == 2
}

// sighting is a feature on one frame.
type sighting struct {
	id, group string
	frame     int
	location  *Location
}

func (s sighting) compare(other sighting) int {
	return cmp.Or(strings.Compare(s.id, other.id), strings.Compare(s.group, other.group), cmp.Compare(s.frame, other.frame))
}

// eachKeyFrame reads which frames of which feature are key frames:
// {id:{"13":true}} or {id:[13]}, in DICOM once a plane. It returns false if
// anything is of another form.
func (c *cursor) eachKeyFrame(see func(sighting)) (ok bool) {
	ok = c.Kind() == '{' || c.Vacant()
	for id := range c.Members {
		ok = c.keyFramesOf(sighting{id: jsonscan.Unescape(id)}, false, see) && ok
	}
	return ok
}

func (c *cursor) keyFramesOf(feature sighting, grouped bool, see func(sighting)) (ok bool) {
	ok = c.Kind() == '{' || c.Kind() == '[' || c.Vacant()
	if c.Kind() == '[' {
		for range c.Elements {
			n, isNumber := c.Integer()
			if ok = ok && isNumber; isNumber {
				feature.frame = n
				see(feature)
			}
		}
		return ok
	}
	for name := range c.Members {
		if k := c.Kind(); !grouped && (k == '{' || k == '[') {
			ok = c.keyFramesOf(sighting{id: feature.id, group: jsonscan.Unescape(name)}, true, see) && ok
			continue
		}
		n, isNumber := parseInteger(name)
		k := c.Kind()
		ok = ok && isNumber && (k == 't' || k == 'f' || k == 'n')
		if isNumber && c.Truth() {
			feature.frame = n
			see(feature)
		}
	}
	return ok
}

// mark is how much was gathered at some time.
type mark struct{ objects, classifications, relationships, segments int }

func (r *labelReader) mark() mark {
	return mark{len(r.Objects), len(r.Classifications), len(r.Relationships), len(r.Segments)}
}

// stamp gives what was gathered since m the place of the part that held it.
// That is known only afterwards: frameNumber may follow the objects.
func (r *labelReader) stamp(m mark, where Location) {
	for i := range r.Objects[m.objects:] {
		r.Objects[m.objects+i].Location.within(where)
	}
	for i := range r.Classifications[m.classifications:] {
		r.Classifications[m.classifications+i].Location.within(where)
	}
	for i := range r.Relationships[m.relationships:] {
		r.Relationships[m.relationships+i].Location.within(where)
	}
	for i := range r.Segments[m.segments:] {
		if s := &r.Segments[m.segments+i]; s.Group == "" {
			s.Group = where.Group
		}
	}
}

func (p *Location) within(where Location) {
	if p.Frame == nil {
		p.Frame = where.Frame
	}
	if p.Group == "" {
		p.Group = where.Group
	}
}

// finish marks the key frames, which v2 lists beside the frames.
func (r *labelReader) finish() *Set {
	if r.keyFrames == nil {
		return &r.Set
	}
	sightings := make([]sighting, 0, len(r.Objects)+len(r.Classifications))
	note := func(id string, p *Location) {
		if p.Frame != nil {
			sightings = append(sightings, sighting{id, p.Group, *p.Frame, p})
		}
	}
	for i := range r.Objects {
		note(r.Objects[i].ID, &r.Objects[i].Location)
	}
	for i := range r.Classifications {
		note(r.Classifications[i].ID, &r.Classifications[i].Location)
	}
	slices.SortFunc(sightings, sighting.compare)
	for _, list := range r.keyFrames {
		newCursor(list).eachKeyFrame(func(key sighting) {
			i, _ := slices.BinarySearchFunc(sightings, key, sighting.compare)
			for ; i < len(sightings) && sightings[i].compare(key) == 0 && !sightings[i].location.KeyFrame; i++ {
				sightings[i].location.KeyFrame = true
			}
		})
	}
	return &r.Set
}
