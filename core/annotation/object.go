package annotation

import (
	"strings"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

func (r *labelReader) readObject(c *cursor, id []byte, class Feature) {
	if r.affords(c, objectSize) {
		r.Objects = append(room(r.Objects, c), Object{})
		r.object(c, id, class, &r.Objects[len(r.Objects)-1])
	}
}

// readMember reads one member of an annotation if it names the feature.
func (f *Feature) readMember(c *cursor, folded []byte) bool {
	switch string(folded) {
	case "featureid":
		c.textInto(&f.ID)
	case "schemaid", "featureschemaid":
		c.textInto(&f.SchemaID)
	case "name", "title":
		c.textInto(&f.Name)
	case "value":
		c.textInto(&f.Value)
	case "color":
		c.textInto(&f.Color)
	case "confidence":
		if n, ok := c.Real(); ok {
			f.Confidence = new(n)
		}
	default:
		return false
	}
	return true
}

// readMember reads one member of an annotation if it says where that is. It is
// not ok if it should but does not.
func (p *Location) readMember(c *cursor, folded []byte) (known, ok bool) {
	var number **int
	switch string(folded) {
	case "page", "pagenumber":
		number = &p.Page
	case "frame", "framenumber":
		number = &p.Frame
	case "messageid":
		c.textInto(&p.MessageID)
		return true, true
	case "keyframe":
		p.KeyFrame = c.Truth()
		return true, true
	default:
		return false, true
	}
	if c.Kind() == 'n' {
		return true, true
	}
	n, ok := c.Integer()
	if ok {
		*number = new(n)
	}
	return true, ok
}

// objectReader holds, until an object has been passed, what bears upon its
// geometry but is not part of it.
type objectReader struct {
	*labelReader
	*Object
	uri      string // instanceURI: most v1 objects have one, but only a mask has nothing else
	unread   bool   // there is a member which may be a geometry, but of no form known here
	damaged  bool   // there is a geometry with a part that is missing or no number
	outline  bool   // the geometry is in pixels, under the name that labels of 2018 have for it
	document bool   // a box is on a page
	unit     string
	width    float64 // of the page
	height   float64
	geoType  string // v1 says the type of a shape on the map beside its geometry
	depth    int    // of the brackets around that shape's positions
	parentID string // of the messages
}

// object reads an object of any kind into o. If it has several geometries, the
// first counts, and a mask is kept beside it.
func (r *labelReader) object(c *cursor, id []byte, class Feature, o *Object) {
	*o = Object{Feature: class, LabelRef: r.label}
	if id != nil {
		o.ID = jsonscan.Unescape(id)
	}
	if c.Kind() != '{' {
		o.Kind, o.Raw = KindUnknown, c.Raw()
		return
	}
	from, reader := c.Here(), objectReader{labelReader: r, Object: o}
	var buf [40]byte
	for name := range c.Members {
		folded := fold(name, &buf)
		if o.Feature.readMember(c, folded) {
			continue
		}
		if known, ok := o.Location.readMember(c, folded); known {
			reader.damaged = reader.damaged || !ok
		} else {
			reader.readMember(c, folded)
		}
	}
	reader.finish()
	o.Raw = c.Since(from)
}

func (r *objectReader) readMember(c *cursor, folded []byte) {
	switch string(folded) {
	case "classifications":
		r.Object.Classifications = r.nested(c, r.Object.Classifications)
	case "instanceuri":
		if c.Kind() == '"' {
			c.textInto(&r.uri)
		}
	case "parentmessageid":
		c.textInto(&r.parentID)
	case "type":
		c.textInto(&r.geoType)
	case "unit":
		c.textInto(&r.unit)
	case "annotationkind":
		c.textInto(&r.Tool)
		r.document = r.document || strings.HasPrefix(r.Tool, "Document")
	case "pagedimensions":
		r.document = true
		r.readPage(c)
	case "metadata", "metrics", "custommetrics", "relationships":
		// known not to be a geometry
	default:
		k, at := c.Kind(), c.Here()
		if k == 'n' {
			return
		}
		r.readGeometry(c, folded)
		if r.Geometry == nil && (k == '{' || k == '[' || c.Here() != at) {
			r.unread = true
		}
	}
}

// readGeometry reads a member that may be the object's geometry.
func (r *objectReader) readGeometry(c *cursor, folded []byte) {
	switch string(folded) {
	case "bbox", "boundingbox":
		b, _, ok := c.box()
		r.found(KindBox, b, ok)
	case "polygon":
		points, ok := r.readPoints(c, 3)
		r.found(KindPolygon, Polygon(points), ok)
	case "line", "polyline":
		points, ok := r.readPoints(c, 2)
		r.found(KindLine, Line(points), ok)
	case "point":
		p, ok := c.point()
		r.found(KindPoint, p, ok)
	case "mask", "compositemask":
		m, ok := c.mask(string(folded) == "compositemask")
		r.found(KindMask, m, ok)
	case "data", "location", "conversationallocation":
		r.readLocation(c)
	case "geometry", "geojson":
		r.readShape(c)
	case "selectedmessage", "selectedmessages", "rankedmessages", "messageevaluationtask":
		from := len(r.messages)
		var s MessageSelection
		ok := r.readSelection(c, &s)
		s.Messages = r.messages.take(from)
		r.found(KindMessageSelection, s, ok && s.Messages != nil)
	}
}

// found takes a geometry that was read, or notes that it could not be. The mask
// beside another geometry is kept, whichever comes first.
func (r *objectReader) found(k Kind, g Geometry, ok bool) {
	if !ok {
		r.damaged = true
		return
	}
	if m, isMask := g.(Mask); isMask && r.Mask == nil {
		r.Mask = new(m)
		return
	}
	if r.Geometry == nil {
		r.Kind, r.Geometry = k, g
	}
}

// finish puts together what may have been sent apart.
func (r *objectReader) finish() {
	if r.Mask == nil && r.uri != "" && r.mayHaveMask() {
		r.Mask = &Mask{URL: r.uri}
	}
	if r.Tool == "" && isGeoType(r.geoType) {
		r.Tool = r.geoType
	}
	switch g := r.Geometry.(type) {
	case Box:
		if r.document || r.unit != "" || r.Page != nil {
			r.Kind = KindDocumentBox
			r.Geometry = DocumentBox{Box: g, Unit: r.unit, PageWidth: r.width, PageHeight: r.height}
		}
	case DocumentTokens:
		g.Unit = r.unit
		r.Geometry = g
	case GeoShape:
		if g.Type == "" {
			g.Type = geoJSONType(r.geoType)
		}
		r.damaged = r.damaged || !g.holds(r.depth)
		if g.Type != "MultiPolygon" {
			g.Parts = nil
		}
		r.Geometry = g
	case MessageSelection:
		if g.ParentID == "" {
			g.ParentID = r.parentID
			r.Geometry = g
		}
	case nil:
		if r.Mask != nil && !r.damaged {
			r.Kind, r.Geometry, r.Mask = KindMask, *r.Mask, nil
		}
	}
	if r.damaged || r.Geometry == nil {
		r.Kind, r.Geometry = KindUnknown, nil
	}
	r.FromBelow = r.outline && r.ID == "" && r.Kind != KindUnknown
}

// mayHaveMask reports whether what stands behind the instance's address is a
// bitmap. It is one beside every shape on an image, and where nothing else is.
func (r *objectReader) mayHaveMask() bool {
	switch r.Geometry.(type) {
	case nil:
		return !r.unread && !r.damaged
	case Box:
		return !r.document && r.unit == "" && r.Page == nil
	case Polygon, HoledPolygon, Line, Point:
		return true
	}
	return false
}

func (r *objectReader) readPage(c *cursor) {
	for name := range c.Members {
		switch string(name) {
		case "width":
			r.width, _ = c.coordinate()
		case "height":
			r.height, _ = c.coordinate()
		}
	}
}

// readLocation reads where in a text an object is: {"start":1,"end":2}, which
// conversations wrap once more with the message's id, or the words of a
// document, as {"groups":[…]} (v2) or as an array of boxes (v1). v1 wraps all
// of it into "data".
func (r *objectReader) readLocation(c *cursor) {
	if c.Kind() == '[' {
		r.readTokens(c)
		return
	}
	var buf [40]byte
	var span TextSpan
	var start, end, any bool
	for name := range c.Members {
		switch string(fold(name, &buf)) {
		case "start":
			any = true
			span.Start, start = c.offset()
		case "end":
			any = true
			span.End, end = c.offset()
		case "token":
			c.textInto(&span.Token)
		case "groups":
			r.readTokens(c)
		case "location":
			r.readLocation(c)
		case "messageid":
			c.textInto(&r.MessageID)
		case "unit":
			c.textInto(&r.unit)
		}
	}
	if any {
		r.found(KindTextSpan, span, start && end && span.Start <= span.End)
	}
}

// offset reads a place in a text.
func (c *cursor) offset() (int, bool) {
	n, ok := jsonscan.ExactInt(c.coordinate())
	return n, ok && n >= 0
}

func (r *objectReader) readTokens(c *cursor) {
	if c.Vacant() {
		return
	}
	from, ok := len(r.groups), c.Kind() == '['
	for range c.Elements {
		var g TokenGroup
		if ok = ok && r.readGroup(c, &g) && r.affords(c, 2*tokenGroupSize); ok {
			r.groups.add(c, g)
		}
	}
	r.found(KindDocumentTokens, DocumentTokens{Groups: r.groups.take(from)}, ok)
}

// readGroup returns false unless the group is whole, with words or the box
// around them.
func (r *objectReader) readGroup(c *cursor, g *TokenGroup) bool {
	ok := c.Kind() == '{'
	var buf [40]byte
	for name := range c.Members {
		switch string(fold(name, &buf)) {
		case "id":
			g.ID = c.Text()
		case "page", "pagenumber":
			if c.Kind() != 'n' {
				n, isNumber := c.Integer()
				g.Page, ok = &n, ok && isNumber
			}
		case "tokens":
			from := len(r.tokens)
			ok = ok && (c.Kind() == '[' || c.Kind() == 'n')
			for range c.Elements {
				if ok = ok && r.affords(c, 2*stringSize); ok {
					r.tokens.add(c, c.Text())
				}
			}
			g.Tokens = r.tokens.take(from)
		case "text":
			g.Text = c.Text()
		case "textbbox":
			if c.Kind() != 'n' {
				b, page, isBox := c.box()
				g.Box, ok = &b, ok && isBox
				if page != nil {
					g.Page = page
				}
			}
		}
	}
	return ok && (g.Tokens != nil || g.Text != "" || g.Box != nil)
}

// readSelection reads the chosen messages in any of these forms:
//
//	{"message_id":…,"model_config_name":…,"parent_message_id":…}
//	{"messages":[…],"parent_message_id":…}
//	{"ranked_messages":[{"message_id":…,"order":1},…],"parent_message_id":…}
//	{"format":"message-ranking","data":{…}}
func (r *objectReader) readSelection(c *cursor, s *MessageSelection) (ok bool) {
	switch k := c.Kind(); {
	case k == '[':
		ok = true
		for range c.Elements {
			ok = ok && r.readSelection(c, s)
		}
		return ok
	case k == '"' && !c.Vacant():
		return r.addMessage(c, Message{ID: c.Text()})
	case k != '{':
		c.Skip()
		return false
	}
	ok = true
	var buf [40]byte
	var m Message
	for name := range c.Members {
		folded := fold(name, &buf)
		if c.Kind() == 'n' {
			continue
		}
		switch string(folded) {
		case "messageid":
			m.ID = c.Text()
		case "modelconfigname":
			m.Model = c.Text()
		case "order":
			var isNumber bool
			m.Order, isNumber = jsonscan.ExactInt(c.coordinate())
			ok = ok && isNumber
		case "parentmessageid":
			c.textInto(&s.ParentID)
		case "messages", "selectedmessages", "rankedmessages", "selectedmessage", "data":
			ok = r.readSelection(c, s) && ok
		}
	}
	if m != (Message{}) {
		ok = ok && m.ID != "" && r.addMessage(c, m)
	}
	return ok
}

func (r *objectReader) addMessage(c *cursor, m Message) bool {
	ok := r.affords(c, 2*messageSize)
	if ok {
		r.messages.add(c, m)
	}
	return ok
}

// box reads a rectangle, and the page if it names one. It is ok if it has all
// its four numbers, and none of its sides is negative.
func (c *cursor) box() (b Box, page *int, ok bool) {
	sides, ok := 0, true
	for name := range c.Members {
		var field *float64
		switch string(name) {
		case "top":
			field = &b.Top
		case "left":
			field = &b.Left
		case "height":
			field = &b.Height
		case "width":
			field = &b.Width
		case "page":
			if c.Kind() != 'n' {
				n, isNumber := c.Integer()
				page, ok = &n, ok && isNumber
			}
			continue
		default:
			continue
		}
		if n, isNumber := c.coordinate(); isNumber {
			*field = n
			sides++
		}
	}
	return b, page, ok && sides == 4 && b.Height >= 0 && b.Width >= 0
}

// point reads {"x":1,"y":2} or [1,2].
func (c *cursor) point() (p Point, ok bool) {
	var x, y bool
	if c.Kind() == '[' {
		n := 0
		for i := range c.Elements {
			switch n++; i {
			case 0:
				p.X, x = c.coordinate()
			case 1:
				p.Y, y = c.coordinate()
			}
		}
		return p, x && y && n == 2
	}
	for name := range c.Members {
		switch string(name) {
		case "x":
			p.X, x = c.coordinate()
		case "y":
			p.Y, y = c.coordinate()
		}
	}
	return p, x && y
}

// readPoints reads an array of so many points or more. It is ok if each is one.
func (r *labelReader) readPoints(c *cursor, least int) (points []Point, ok bool) {
	from, ok := len(r.points), c.Kind() == '['
	for range c.Elements {
		if !ok {
			continue
		}
		var p Point
		if p, ok = c.point(); ok {
			r.points.add(c, p)
		}
	}
	points = r.points.take(from)
	return points, ok && len(points) >= least
}

// mask reads {"url":…}, {"url":…,"color_rgb":[…]} or the URL alone. A composite
// mask without its color could be any of those in the image.
func (c *cursor) mask(composite bool) (m Mask, ok bool) {
	m.Composite = composite
	if c.Kind() == '"' {
		m.URL = c.Text()
		return m, m.URL != "" && !composite
	}
	var buf [40]byte
	colors, ok := 0, true
	for name := range c.Members {
		switch string(fold(name, &buf)) {
		case "url", "instanceuri":
			if c.Kind() == '"' {
				c.textInto(&m.URL)
			}
		case "colorrgb":
			if c.Kind() == 'n' {
				continue
			}
			ok = c.Kind() == '['
			for i := range c.Elements {
				n, isNumber := jsonscan.ExactInt(c.coordinate())
				if ok = ok && isNumber && i < len(m.RGB) && 0 <= n && n <= 255; ok {
					m.RGB[i] = n
					colors++
				}
			}
			ok = ok && colors == len(m.RGB)
		}
	}
	return m, ok && m.URL != "" && (colors > 0 || !composite)
}
