package diff

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/labelhook/labelhook/core/annotation"
)

// movement says how one geometry became another that is not equal.
func movement(before, after annotation.Geometry) string {
	a, b := pointsOf(before), pointsOf(after)
	box, isBox := boxOf(before)
	next, staysBox := boxOf(after)
	if isBox && staysBox {
		var words []string
		if box.Left != next.Left || box.Top != next.Top {
			words = append(words, "moved by "+pair(next.Left-box.Left, next.Top-box.Top))
		}
		if box.Width != next.Width || box.Height != next.Height {
			words = append(words, fmt.Sprintf("%s × %s → %s × %s", number(box.Width), number(box.Height), number(next.Width), number(next.Height)))
		}
		if len(words) > 0 {
			return strings.Join(words, ", ")
		}
	}
	switch {
	case before == nil:
		return "has got a geometry"
	case after == nil:
		return "has lost its geometry"
	case len(a) == len(b) && len(a) > 0:
		if x, y, together := shift(a, b); together {
			return "moved by " + pair(x, y)
		}
		moved := 0
		for i := range a {
			if a[i] != b[i] {
				moved++
			}
		}
		if moved > 0 {
			return fmt.Sprintf("%d of %d points moved", moved, len(a))
		}
	case len(a) > 0 && len(b) > 0:
		return fmt.Sprintf("%d points → %d points", len(a), len(b))
	}
	if was, is := spanOf(before); is {
		if next, too := spanOf(after); too && (was.Start != next.Start || was.End != next.End) {
			return fmt.Sprintf("%d–%d → %d–%d", was.Start, was.End, next.Start, next.End)
		}
	}
	return "reshaped"
}

// shift returns by how much all points moved, if all moved alike.
func shift(a, b []annotation.Point) (x, y float64, together bool) {
	x, y = b[0].X-a[0].X, b[0].Y-a[0].Y
	for i := range a {
		if !near(b[i].X-a[i].X, x) || !near(b[i].Y-a[i].Y, y) {
			return 0, 0, false
		}
	}
	return x, y, true
}

// near compares differences of coordinates, which are not exact.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-6*max(1, math.Abs(a)) }

func boxOf(g annotation.Geometry) (annotation.Box, bool) {
	switch g := g.(type) {
	case annotation.Box:
		return g, true
	case annotation.DocumentBox:
		return g.Box, true
	}
	return annotation.Box{}, false
}

func spanOf(g annotation.Geometry) (annotation.TextSpan, bool) {
	span, is := g.(annotation.TextSpan)
	return span, is
}

func pointsOf(g annotation.Geometry) (points []annotation.Point) {
	switch g := g.(type) {
	case annotation.Polygon:
		return g
	case annotation.Line:
		return g
	case annotation.Point:
		return []annotation.Point{g}
	case annotation.HoledPolygon:
		points = append(points, g.Outline...)
		for _, hole := range g.Holes {
			points = append(points, hole...)
		}
	case annotation.GeoShape:
		for _, ring := range g.Rings {
			for _, p := range ring {
				points = append(points, annotation.Point{X: p[0], Y: p[1]})
			}
		}
	}
	return points
}

func pair(x, y float64) string { return number(x) + ", " + number(y) }

// number writes a coordinate with no more digits than differences have.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1e6)/1e6+0, 'f', -1, 64)
}
