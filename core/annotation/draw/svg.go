package draw

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/labelhook/labelhook/core/annotation"
)

// Options are what a picture may have besides the shapes.
type Options struct {
	Image  string                  // address of the media's pixels; "" leaves them out
	Bitmap func(object int) string // address of an object's bitmap, PNG of the media's size; nil or "" leaves it out
	Legend bool                    // write the classes below the picture
	Mark   func(object int) string // what the shapes of an object have as data-mark, for a style sheet; nil or "" leaves it out
}

// WriteSVG writes one scene as an SVG document, which can also stand in HTML. The
// shapes have the payload's coordinates, one element each, with its index and
// class in data-object and data-class. There is no script and no style sheet in it,
// and what the payload says is text: the strictest Content-Security-Policy takes
// it. The error is that of w, or says that there is no such scene.
func (p Picture) WriteSVG(w io.Writer, scene int, o Options) error {
	if scene < 0 || scene >= len(p.Scenes) {
		return fmt.Errorf("there is no scene %d; the picture has %d", scene, len(p.Scenes))
	}
	s := &p.Scenes[scene]
	c := &canvas{View: s.View, unit: max(s.View.Width, s.View.Height) / 200}
	height := s.View.Height
	if o.Legend {
		height += c.unit * 8 * float64(len(p.Classes)+1)
	}
	c.open("svg", "xmlns", "http://www.w3.org/2000/svg", "viewBox", c.numbers(s.View.X, s.View.Y, s.View.Width, height),
		"role", "img", "aria-label", p.inWords(s), "data-kind", string(s.Kind), "fill", "none", "stroke-width", "2", "stroke-linejoin", "round", "stroke-linecap", "round")
	if s.Kind == Map {
		c.grid()
	}
	if o.Image != "" {
		c.leaf("image", "href", o.Image, "x", "0", "y", "0", "width", number(cmp.Or(s.Media.Width, s.View.Width)), "height", number(cmp.Or(s.Media.Height, s.View.Height)), "preserveAspectRatio", "none")
	}
	if s.Media.Width > 0 {
		c.leaf("rect", append(c.box(s.Media), "stroke", "#888888", "stroke-width", "1", "vector-effect", "non-scaling-stroke", "data-media", "")...)
	}
	for i := range s.Shapes {
		c.shape(&s.Shapes[i], s.Media, o)
	}
	if o.Legend {
		p.legend(c)
	}
	c.close("svg")
	_, err := c.out.WriteTo(w)
	return err
}

// inWords is what somebody hears who does not see the picture.
func (p Picture) inWords(s *Scene) string {
	counts := map[string]int{}
	for _, shape := range s.Shapes {
		counts[shape.Class]++
	}
	words := cmp.Or(s.Title, "Image") + ":"
	for _, class := range p.Classes {
		if n := counts[class.Name]; n > 0 {
			words += fmt.Sprintf(" %d × %s,", n, cmp.Or(class.Name, "no class"))
		}
	}
	return words[:len(words)-1]
}

// canvas is an SVG document that is being written. Every number and text in it is
// made safe here.
type canvas struct {
	View
	unit float64 // a two hundredth of the picture: the size of dots and letters
	out  bytes.Buffer
}

// number writes a coordinate as short as it is exact.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (c *canvas) numbers(all ...float64) (text string) {
	for i, v := range all {
		if i > 0 {
			text += " "
		}
		text += number(v)
	}
	return text
}

func (c *canvas) open(name string, attributes ...string) { c.tag(name, ">", attributes) }
func (c *canvas) leaf(name string, attributes ...string) { c.tag(name, "/>", attributes) }
func (c *canvas) close(name string)                      { c.out.WriteString("</" + name + ">\n") }

func (c *canvas) tag(name, end string, attributes []string) {
	c.out.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		c.out.WriteString(" " + attributes[i] + `="`)
		c.text(attributes[i+1])
		c.out.WriteString(`"`)
	}
	c.out.WriteString(end)
	if end == "/>" {
		c.out.WriteString("\n")
	}
}

// text escapes; what XML cannot hold becomes U+FFFD.
func (c *canvas) text(s string) { xml.EscapeText(&c.out, []byte(s)) }

func (c *canvas) box(v View) []string {
	return []string{"x", number(v.X), "y", number(v.Y), "width", number(v.Width), "height", number(v.Height)}
}

// shape writes a shape. What the class, id and text are is in its title, which
// browsers show when the pointer rests on it.
func (c *canvas) shape(s *Shape, media View, o Options) {
	attributes := []string{"data-object", strconv.Itoa(s.Object), "data-class", s.Class, "data-form", string(s.Form), "stroke", s.Color, "vector-effect", "non-scaling-stroke"}
	if o.Mark != nil {
		if mark := o.Mark(s.Object); mark != "" {
			attributes = append(attributes, "data-mark", mark)
		}
	}
	with := func(more ...string) []string { return append(attributes, more...) }
	switch s.Form {
	case Rectangle:
		from, to := s.Outlines[0][0], s.Outlines[0][1]
		v := View{from.X, from.Y, to.X - from.X, to.Y - from.Y}
		if v.Width == 0 || v.Height == 0 { // which no rect shows
			c.titled("path", s, with("d", path(s.Outlines, false)))
			return
		}
		c.titled("rect", s, with(append(c.box(v), "fill", s.Color, "fill-opacity", "0.15")...))
	case Area:
		c.titled("path", s, with("d", path(s.Outlines, true), "fill", s.Color, "fill-opacity", "0.2", "fill-rule", "evenodd"))
	case Chain:
		c.titled("path", s, with("d", path(s.Outlines, false)))
	case Dot:
		for _, outline := range s.Outlines {
			for _, p := range outline {
				c.titled("circle", s, with("cx", number(p.X), "cy", number(p.Y), "r", number(c.unit*1.5), "fill", s.Color))
			}
		}
	case Arrow:
		outlines := s.Outlines
		if s.Directed {
			outlines = append(outlines, c.head(s.Outlines[0][0], s.Outlines[0][1]))
		}
		c.titled("path", s, with("d", path(outlines, false), "stroke-width", "1.5"))
	case Bitmap:
		over := media
		if over.Width == 0 {
			over = c.View
		}
		if o.Bitmap != nil {
			if address := o.Bitmap(s.Object); address != "" {
				c.titled("image", s, with(append(c.box(over), "href", address, "preserveAspectRatio", "none", "opacity", "0.6")...))
				return
			}
		}
		// What is not fetched is seen to be missing.
		c.titled("rect", s, with(append(c.box(over), "stroke-dasharray", "2 6")...))
	}
}

func (c *canvas) titled(name string, s *Shape, attributes []string) {
	c.open(name, attributes...)
	c.out.WriteString("<title>")
	title := cmp.Or(s.Class, "no class")
	if s.Text != "" {
		title += ": " + s.Text
	}
	if s.ID != "" {
		title += " (" + s.ID + ")"
	}
	c.text(title)
	c.out.WriteString("</title>")
	c.close(name)
}

// path is the outlines as the data of an SVG path.
func path(outlines [][]annotation.Point, closed bool) string {
	var d []byte
	for _, outline := range outlines {
		for i, p := range outline {
			command := byte('L')
			if i == 0 {
				command = 'M'
			}
			d = append(d, command)
			d = strconv.AppendFloat(d, p.X, 'f', -1, 64)
			d = append(d, ' ')
			d = strconv.AppendFloat(d, p.Y, 'f', -1, 64)
		}
		switch {
		case closed && len(outline) > 0:
			d = append(d, 'Z')
		case len(outline) == 1: // which only a line of no length shows
			d = append(d, "h0"...)
		}
	}
	return string(d)
}

// head is the two strokes of an arrow's head.
func (c *canvas) head(from, to annotation.Point) []annotation.Point {
	angle := math.Atan2(to.Y-from.Y, to.X-from.X)
	at := func(turn float64) annotation.Point {
		return annotation.Point{X: to.X - 4*c.unit*math.Cos(angle+turn), Y: to.Y - 4*c.unit*math.Sin(angle+turn)}
	}
	return []annotation.Point{at(0.5), to, at(-0.5)}
}

// grid writes meridians and parallels with their degrees, some five of each.
func (c *canvas) grid() {
	step := math.Pow(10, math.Floor(math.Log10(max(c.Width, c.Height)/2)))
	if max(c.Width, c.Height)/step > 8 {
		step *= 2.5
	}
	digits := max(0, int(math.Ceil(-math.Log10(step)))+1)
	line := func(x1, y1, x2, y2, value float64, positive, negative string, x, y float64) {
		c.leaf("path", "d", path([][]annotation.Point{{{X: x1, Y: y1}, {X: x2, Y: y2}}}, false), "stroke", "#888888", "stroke-width", "0.5", "vector-effect", "non-scaling-stroke")
		side := positive
		if value < 0 {
			side = negative
		}
		c.open("text", "x", number(x), "y", number(y), "font-size", number(c.unit*5), "font-family", "sans-serif", "fill", "#888888")
		c.text(strconv.FormatFloat(math.Abs(value), 'f', digits, 64) + "°" + side)
		c.close("text")
	}
	for _, x := range ticks(c.X, c.Width, step) {
		line(x, c.Y, x, c.Y+c.Height, x, "E", "W", x+c.unit, c.Y+c.Height-c.unit)
	}
	for _, y := range ticks(c.Y, c.Height, step) {
		line(c.X, y, c.X+c.Width, y, 0-y, "N", "S", c.X+c.unit, y-c.unit)
	}
}

// ticks are the multiples of step from a number on, for a length.
func ticks(from, length, step float64) (all []float64) {
	first := math.Ceil(from / step)
	for i := range int(length/step) + 1 {
		if v := (first + float64(i)) * step; v <= from+length {
			all = append(all, v)
		}
	}
	return all
}

// legend writes the classes below the picture, for who has it as a file.
func (p Picture) legend(c *canvas) {
	for i, class := range p.Classes {
		y := c.Y + c.Height + c.unit*8*float64(i+1)
		c.leaf("rect", append(c.box(View{c.X + 2*c.unit, y - 4*c.unit, 4 * c.unit, 4 * c.unit}), "fill", class.Color)...)
		c.open("text", "x", number(c.X+8*c.unit), "y", number(y), "font-size", number(c.unit*5), "font-family", "sans-serif", "fill", "#888888")
		c.text(fmt.Sprintf("%s (%d)", cmp.Or(class.Name, "no class"), class.Count))
		c.close("text")
	}
}
