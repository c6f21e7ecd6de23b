package core

import "strings"

func (r *labelReader) readObject(c *cursor, id []byte) {
	o := Object{Feature: Feature{ID: unescape(id)}}
	o.read(c)
	r.Objects = append(r.Objects, o)
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
	default:
		return false
	}
	return true
}

// readMember reads one member of an annotation if it says where that is.
func (p *Place) readMember(c *cursor, folded []byte) bool {
	switch string(folded) {
	case "page", "pagenumber":
		if n, ok := c.integer(); ok {
			p.Page = &n
		}
	case "frame", "framenumber":
		if n, ok := c.integer(); ok {
			p.Frame = &n
		}
	case "messageid":
		c.textInto(&p.MessageID)
	case "keyframe":
		p.KeyFrame = c.truth()
	default:
		return false
	}
	return true
}

// objectReader holds, until an object has been passed, what bears upon its
// geometry but is not part of it.
type objectReader struct {
	*Object
	uri      string // instanceURI: most v1 objects have one, but only a mask has nothing else
	unread   bool   // there is a member which may be a geometry, but of no form known here
	document bool   // a box is on a page
	unit     string
	width    float64 // of the page
	height   float64
	geoType  string // v1 says the type of a shape on the map beside its geometry
	parentID string // of the messages
}

// read reads an object of any kind. If it has several geometries, the first
// that can be read counts.
func (o *Object) read(c *cursor) {
	if c.kind() != '{' {
		o.Kind, o.Raw = KindUnknown, c.raw()
		return
	}
	from, r := c.here(), objectReader{Object: o}
	var buf [40]byte
	for name := range c.members {
		folded := fold(name, &buf)
		if !o.Feature.readMember(c, folded) && !o.Place.readMember(c, folded) {
			r.readMember(c, folded)
		}
	}
	r.finish()
	o.Raw = c.since(from)
}

func (r *objectReader) readMember(c *cursor, folded []byte) {
	switch string(folded) {
	case "classifications":
		c.each(func(id []byte) { readClassification(c, id, &r.Classifications) })
	case "instanceuri":
		if c.kind() == '"' {
			c.textInto(&r.uri)
		}
	case "parentmessageid":
		c.textInto(&r.parentID)
	case "type":
		c.textInto(&r.geoType)
	case "unit":
		c.textInto(&r.unit)
	case "annotationkind":
		r.document = strings.HasPrefix(c.text(), "Document") || r.document
	case "pagedimensions":
		r.document = true
		r.readPage(c)
	case "metadata", "metrics", "custommetrics", "relationships":
		// known not to be a geometry
	default:
		k := c.kind()
		r.readGeometry(c, folded)
		if (k == '{' || k == '[') && r.Geometry == nil {
			r.unread = true
		}
	}
}

// readGeometry reads a member that may be the object's geometry.
func (r *objectReader) readGeometry(c *cursor, folded []byte) {
	switch string(folded) {
	case "bbox", "boundingbox":
		if b, _, ok := c.box(); ok {
			r.found(KindBox, b)
		}
	case "polygon":
		if points, ok := c.points(); ok {
			r.found(KindPolygon, Polygon(points))
		}
	case "line", "polyline":
		if points, ok := c.points(); ok {
			r.found(KindLine, Line(points))
		}
	case "point":
		if p, ok := c.point(); ok {
			r.found(KindPoint, p)
		}
	case "mask", "compositemask":
		if m, ok := c.mask(); ok {
			m.Composite = string(folded) == "compositemask"
			r.found(KindMask, m)
		}
	case "data", "location", "conversationallocation":
		r.readLocation(c)
	case "geometry", "geojson":
		r.readShape(c)
	case "selectedmessage", "selectedmessages", "rankedmessages", "messageevaluationtask":
		var s MessageSelection
		if s.read(c); s.Messages != nil {
			r.found(KindMessageSelection, s)
		}
	}
}

func (r *objectReader) found(k Kind, g Geometry) {
	if r.Geometry == nil {
		r.Kind, r.Geometry = k, g
	}
}

// finish puts together what may have been sent apart.
func (r *objectReader) finish() {
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
			r.Geometry = g
		}
	case MessageSelection:
		if g.ParentID == "" {
			g.ParentID = r.parentID
			r.Geometry = g
		}
	case nil:
		if r.uri != "" && !r.unread {
			r.Kind, r.Geometry = KindMask, Mask{URL: r.uri}
		} else {
			r.Kind = KindUnknown
		}
	}
}

// geoJSONType translates v1's types.
func geoJSONType(v1 string) string {
	switch v1 {
	case "point":
		return "Point"
	case "line", "polyline":
		return "LineString"
	case "polygon", "rectangle":
		return "Polygon"
	}
	return v1
}

func (r *objectReader) readPage(c *cursor) {
	for name := range c.members {
		switch string(name) {
		case "width":
			r.width, _ = c.real()
		case "height":
			r.height, _ = c.real()
		}
	}
}

// readLocation reads where in a text an object is: {"start":1,"end":2}, which
// conversations wrap once more with the message's id, or the words of a
// document, as {"groups":[…]} (v2) or as an array of boxes (v1). v1 wraps all
// of it into "data".
func (r *objectReader) readLocation(c *cursor) {
	if c.kind() == '[' {
		r.readTokens(c)
		return
	}
	var buf [40]byte
	var span TextSpan
	var start, end bool
	for name := range c.members {
		switch string(fold(name, &buf)) {
		case "start":
			span.Start, start = c.integer()
		case "end":
			span.End, end = c.integer()
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
	if start || end {
		r.found(KindTextSpan, span)
	}
}

func (r *objectReader) readTokens(c *cursor) {
	var t DocumentTokens
	for range c.elements {
		if c.kind() == '{' {
			var g TokenGroup
			g.read(c)
			t.Groups = append(t.Groups, g)
		}
	}
	if t.Groups != nil {
		r.found(KindDocumentTokens, t)
	}
}

func (g *TokenGroup) read(c *cursor) {
	var buf [40]byte
	for name := range c.members {
		switch string(fold(name, &buf)) {
		case "id":
			g.ID = c.text()
		case "page", "pagenumber":
			g.Page, _ = c.integer()
		case "tokens":
			for range c.elements {
				g.Tokens = append(g.Tokens, c.text())
			}
		case "text":
			g.Text = c.text()
		case "textbbox":
			if b, page, ok := c.box(); ok {
				g.Box = &b
				if page != nil {
					g.Page = *page
				}
			}
		}
	}
}

// readShape reads a shape on the map, or the outline or point in pixels that
// labels of 2018 have under the same name, as JSON or as well-known text.
func (r *objectReader) readShape(c *cursor) {
	if c.kind() == '[' {
		if points, ok := c.points(); ok {
			r.found(KindPolygon, Polygon(points))
		}
		return
	}
	if c.kind() == '"' {
		if drawn := parseWKT(c.text()); len(drawn) == 1 {
			r.found(drawn[0].kind, drawn[0].geometry)
		}
		return
	}
	var g GeoShape
	var pixel Point
	var x, y bool
	for name := range c.members {
		switch string(name) {
		case "type":
			c.textInto(&g.Type)
		case "coordinates":
			if p, ok := g.read(c); ok {
				g.Rings = [][][2]float64{{p}}
			}
		case "geometry": // of a GeoJSON feature
			r.readShape(c)
		case "x":
			pixel.X, x = c.real()
		case "y":
			pixel.Y, y = c.real()
		}
	}
	switch {
	case g.Rings != nil:
		r.found(KindGeoShape, g)
	case x && y:
		r.found(KindPoint, pixel)
	}
}

// read reads coordinates of any depth. It returns the position if they are no
// more than that.
func (g *GeoShape) read(c *cursor) (p [2]float64, isPosition bool) {
	n, ring := 0, -1
	for range c.elements {
		if c.kind() != '[' {
			if v, ok := c.real(); ok && n < len(p) {
				p[n] = v
				n++
			}
		} else if p, ok := g.read(c); ok {
			if ring < 0 {
				ring = len(g.Rings)
				g.Rings = append(g.Rings, nil)
			}
			g.Rings[ring] = append(g.Rings[ring], p)
		}
	}
	return p, n == len(p)
}

// read reads the chosen messages in any of these forms:
//
//	{"message_id":…,"model_config_name":…,"parent_message_id":…}
//	{"messages":[…],"parent_message_id":…}
//	{"ranked_messages":[{"message_id":…,"order":1},…],"parent_message_id":…}
//	{"format":"message-ranking","data":{…}}
func (s *MessageSelection) read(c *cursor) {
	switch c.kind() {
	case '[':
		if s.Messages == nil {
			s.Messages = []Message{}
		}
		for range c.elements {
			s.read(c)
		}
		return
	case '"':
		s.Messages = append(s.Messages, Message{ID: c.text()})
		return
	}
	var buf [40]byte
	var m Message
	for name := range c.members {
		switch string(fold(name, &buf)) {
		case "messageid":
			m.ID = c.text()
		case "modelconfigname":
			m.Model = c.text()
		case "order":
			m.Order, _ = c.integer()
		case "parentmessageid":
			c.textInto(&s.ParentID)
		case "messages", "selectedmessages", "rankedmessages", "selectedmessage", "data":
			s.read(c)
		}
	}
	if m != (Message{}) {
		s.Messages = append(s.Messages, m)
	}
}

// box reads a rectangle, and the page if it names one.
func (c *cursor) box() (b Box, page *int, ok bool) {
	for name := range c.members {
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
			if n, ok := c.integer(); ok {
				page = &n
			}
			continue
		default:
			continue
		}
		if n, isNumber := c.real(); isNumber {
			*field, ok = n, true
		}
	}
	return b, page, ok
}

// point reads {"x":1,"y":2} or [1,2].
func (c *cursor) point() (p Point, ok bool) {
	var x, y bool
	if c.kind() == '[' {
		for i := range c.elements {
			switch i {
			case 0:
				p.X, x = c.real()
			case 1:
				p.Y, y = c.real()
			}
		}
		return p, x && y
	}
	for name := range c.members {
		switch string(name) {
		case "x":
			p.X, x = c.real()
		case "y":
			p.Y, y = c.real()
		}
	}
	return p, x && y
}

// points reads an array of points and leaves out what is none. An array of
// nothing but such is no array of points.
func (c *cursor) points() ([]Point, bool) {
	if c.kind() != '[' {
		c.skip()
		return nil, false
	}
	points, n := []Point{}, 0
	for range c.elements {
		n++
		if p, ok := c.point(); ok {
			points = append(points, p)
		}
	}
	return points, n == 0 || len(points) > 0
}

// mask reads {"url":…}, {"url":…,"color_rgb":[…]} or the URL alone.
func (c *cursor) mask() (m Mask, ok bool) {
	if c.kind() == '"' {
		m.URL = c.text()
		return m, m.URL != ""
	}
	var buf [40]byte
	for name := range c.members {
		switch string(fold(name, &buf)) {
		case "url", "instanceuri":
			c.textInto(&m.URL)
		case "colorrgb":
			for i := range c.elements {
				if i < len(m.RGB) {
					m.RGB[i], _ = c.integer()
				}
			}
		}
	}
	return m, m.URL != ""
}
