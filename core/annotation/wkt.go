package annotation

import (
	"strings"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// readWKT reads well-known text, in which labels of 2018 give what was drawn, and
// calls draw for each shape:
//
//	POINT (7 8.125)
//	LINESTRING (10 20, 30 40)
//	POLYGON ((1.5 2, 3 4.25, 5 1, 1.5 2))
//	MULTIPOLYGON (((1.5 2, 3 4.25, 5 1, 1.5 2)), ((…), (…)))
//
// The rings of a polygon behind its first are holes. It returns false for any
// other text, perhaps after some shapes.
func (r *labelReader) readWKT(c *cursor, text string, draw func(Kind, Geometry)) bool {
	open := strings.IndexByte(text, '(')
	if open < 0 || open > 20 {
		return false
	}
	w := wkt{labelReader: r, c: c, rest: text[open:]}
	ok := false
	switch strings.ToUpper(strings.TrimSpace(text[:open])) {
	case "POINT":
		var points []Point
		if points, ok = w.points(1); ok && len(points) == 1 {
			draw(KindPoint, points[0])
		}
		ok = ok && len(points) == 1
	case "LINESTRING":
		var points []Point
		if points, ok = w.points(2); ok {
			draw(KindLine, Line(points))
		}
	case "POLYGON":
		ok = w.polygon(draw)
	case "MULTIPOLYGON":
		ok = w.list(func() bool { return w.polygon(draw) })
	}
	return ok && strings.TrimSpace(w.rest) == ""
}

// wkt reads well-known text from left to right.
type wkt struct {
	*labelReader
	c    *cursor
	rest string
}

func (w *wkt) mark(b byte) bool {
	w.rest = strings.TrimLeft(w.rest, " \t\r\n")
	if w.rest == "" || w.rest[0] != b {
		return false
	}
	w.rest = w.rest[1:]
	return true
}

// list reads (item, item, …).
func (w *wkt) list(item func() bool) bool {
	ok := w.mark('(') && item()
	for ok && w.mark(',') {
		ok = item()
	}
	return ok && w.mark(')')
}

func (w *wkt) polygon(draw func(Kind, Geometry)) bool {
	var outline Polygon
	var holes []Polygon
	ok := w.list(func() bool {
		ring, ok := w.points(3)
		if outline == nil {
			outline = ring
		} else {
			holes = append(holes, ring)
		}
		return ok
	})
	switch {
	case !ok:
	case holes == nil:
		draw(KindPolygon, outline)
	default:
		draw(KindHoledPolygon, HoledPolygon{Outline: outline, Holes: holes})
	}
	return ok
}

// points reads (1 2, 3 4), so many or more. What follows x and y is left out.
func (w *wkt) points(least int) ([]Point, bool) {
	from := len(w.labelReader.points)
	ok := w.list(func() bool {
		x, isX := w.number()
		y, isY := w.number()
		for isX && isY && w.rest != "" && w.rest[0] != ',' && w.rest[0] != ')' {
			_, isY = w.number()
		}
		w.labelReader.points.add(w.c, Point{x, y})
		return isX && isY
	})
	points := w.labelReader.points.take(from)
	return points, ok && len(points) >= least
}

// number reads a number and the blanks around it.
func (w *wkt) number() (float64, bool) {
	w.rest = strings.TrimLeft(w.rest, " \t\r\n")
	end := 0
	for end < len(w.rest) && strings.IndexByte(" \t\r\n,()", w.rest[end]) < 0 {
		end++
	}
	n, ok := jsonscan.ParseReal([]byte(w.rest[:end]))
	w.rest = strings.TrimLeft(w.rest[end:], " \t\r\n")
	return n, ok
}

// countDrawn returns how many objects a text may give.
func countDrawn(text string) int {
	depth, n := 0, 0
	for _, b := range []byte(text) {
		switch b {
		case '(':
			if depth++; depth == 2 {
				n++
			}
		case ')':
			depth--
		}
	}
	return max(1, n)
}
