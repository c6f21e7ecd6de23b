package annotation

// readShape reads a shape on the map, or the outline or point in pixels that
// labels of 2018 have under the same name, as JSON or as well-known text.
func (r *objectReader) readShape(c *cursor) {
	switch c.Kind() {
	case '[':
		points, ok := r.readPoints(c, 3)
		r.outline = true
		r.found(KindPolygon, Polygon(points), ok)
		return
	case '"':
		var kind Kind
		var drawn Geometry
		n := 0
		ok := r.readWKT(c, c.Text(), func(k Kind, g Geometry) {
			kind, drawn = k, g
			n++
		})
		r.outline = true
		r.found(kind, drawn, ok && n == 1)
		return
	case '{':
	default:
		r.damaged = true
		return
	}
	var g GeoShape
	var pixel Point
	var x, y, any, flat, ok bool
	for name := range c.Members {
		switch string(name) {
		case "type":
			c.textInto(&g.Type)
		case "coordinates":
			any = true
			ok = r.readCoordinates(c, &g)
		case "geometry": // of a GeoJSON feature
			r.readShape(c)
		case "x":
			flat = true
			pixel.X, x = c.coordinate()
		case "y":
			flat = true
			pixel.Y, y = c.coordinate()
		}
	}
	switch {
	case any:
		r.found(KindGeoShape, g, ok)
	case flat:
		r.outline = true
		r.found(KindPoint, pixel, x && y)
	}
}

// readCoordinates reads the positions of a shape, and how deep they are nested.
func (r *objectReader) readCoordinates(c *cursor, g *GeoShape) bool {
	positions, rings, parts := len(r.positions), len(r.rings), len(r.parts)
	depth, ok := r.coordinates(c, positions)
	if ok && depth < 2 { // a position, or a line of them
		r.endRing(c, positions)
	}
	r.positions.take(positions)
	g.Rings, g.Parts, r.depth = r.rings.take(rings), r.parts.take(parts), depth
	return ok
}

// coordinates reads an array of numbers, which is one position, of depth 0, or
// of arrays that are all of one depth. It returns the depth.
func (r *objectReader) coordinates(c *cursor, positions int) (depth int, ok bool) {
	if c.Kind() != '[' {
		c.Skip()
		return 0, false
	}
	var p [2]float64
	n, ok := 0, true
	rings := len(r.rings)
	for range c.Elements {
		if !ok {
			continue
		}
		if c.Kind() != '[' {
			v, isNumber := c.coordinate()
			if n < len(p) {
				p[n] = v
			}
			ok = isNumber && (n == 0 || depth == 0)
			n++
			continue
		}
		inner, isArray := r.coordinates(c, positions)
		ok = isArray && inner < 3 && (n == 0 || depth == inner+1)
		depth = inner + 1
		n++
		if ok && depth == 2 {
			r.endRing(c, positions)
		}
	}
	switch {
	case depth == 0 && ok && n >= len(p):
		r.positions.add(c, p)
		return 0, true
	case depth == 2 && ok:
		r.parts.add(c, len(r.rings)-rings)
	}
	return depth, ok && depth > 0
}

func (r *objectReader) endRing(c *cursor, from int) {
	r.rings.add(c, r.positions.take(from))
}

// holds reports whether the positions, nested so deep, make a shape of its type.
func (g *GeoShape) holds(depth int) bool {
	want, least := depth, 1
	switch g.Type {
	case "Point":
		want = 0
	case "MultiPoint":
		want = 1
	case "LineString":
		want, least = 1, 2
	case "MultiLineString":
		want, least = 2, 2
	case "Polygon":
		want, least = 2, 3
	case "MultiPolygon":
		want, least = 3, 3
	}
	for _, ring := range g.Rings {
		if len(ring) < least {
			return false
		}
	}
	return depth == want && len(g.Rings) > 0
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

// isGeoType reports whether v1 has such a type.
func isGeoType(v1 string) bool { return geoJSONType(v1) != v1 }
