package core

import "strings"

// drawing is a geometry with its kind.
type drawing struct {
	kind     Kind
	geometry Geometry
}

// parseWKT reads well-known text, in which labels of 2018 give what was drawn:
//
//	POINT (7 8.125)
//	LINESTRING (10 20, 30 40)
//	POLYGON ((1.5 2, 3 4.25, 5 1, 1.5 2))
//	MULTIPOLYGON (((1.5 2, 3 4.25, 5 1, 1.5 2)), ((…)))
//
// Of a polygon it reads the outline and leaves the holes to Raw. Any other text
// has nothing drawn in it.
func parseWKT(text string) (drawn []drawing) {
	name, _, _ := strings.Cut(text, "(")
	content, ok := unwrapped(text[len(name):])
	if !ok {
		return nil
	}
	polygons := []string{content}
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "POINT":
		if points := wktPoints(content); len(points) == 1 {
			return []drawing{{KindPoint, points[0]}}
		}
		return nil
	case "LINESTRING":
		if points := wktPoints(content); points != nil {
			return []drawing{{KindLine, Line(points)}}
		}
		return nil
	case "POLYGON":
	case "MULTIPOLYGON":
		if polygons = wktGroups(content); polygons == nil {
			return nil
		}
	default:
		return nil
	}
	for _, polygon := range polygons {
		rings := wktGroups(polygon)
		if rings == nil {
			return nil
		}
		outline := wktPoints(rings[0])
		if outline == nil {
			return nil
		}
		drawn = append(drawn, drawing{KindPolygon, Polygon(outline)})
	}
	return drawn
}

// wktGroups gives what stands between each outer pair of parentheses in
// "(…), (…)"; nil if anything else does.
func wktGroups(text string) (groups []string) {
	for {
		depth, end := 0, -1
		for i, c := range text {
			if c == '(' {
				depth++
			} else if c == ')' {
				if depth--; depth == 0 {
					end = i + 1
					break
				}
			}
		}
		group, ok := unwrapped(text[:max(end, 0)])
		if !ok {
			return nil
		}
		groups = append(groups, group)
		rest := strings.TrimSpace(text[end:])
		if rest == "" {
			return groups
		}
		if text, ok = strings.CutPrefix(rest, ","); !ok {
			return nil
		}
	}
}

// unwrapped takes the parentheses off "(…)".
func unwrapped(text string) (inside string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) < 2 || text[0] != '(' || text[len(text)-1] != ')' {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// wktPoints reads "1 2, 3 4"; it gives nil if anything in it is no point.
func wktPoints(text string) (points []Point) {
	for pair := range strings.SplitSeq(text, ",") {
		numbers := strings.Fields(pair)
		if len(numbers) < 2 {
			return nil
		}
		x, isX := parseReal([]byte(numbers[0]))
		y, isY := parseReal([]byte(numbers[1]))
		if !isX || !isY {
			return nil
		}
		points = append(points, Point{x, y})
	}
	return points
}
