package draw

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/labelhook/labelhook/core/annotation"
)

// Picture is all that a label shows.
type Picture struct {
	Scenes  []Scene   // in the order of frames and pages
	Classes []Class   // in the order of their first object
	Undrawn []Undrawn // objects, or parts of them, that are in no scene
}

// Kind says what a scene is a picture of, and so what its unit is.
type Kind string

// The kinds of scenes.
const (
	Image Kind = "image" // pixels from the upper left corner
	Frame Kind = "frame" // the same, of one frame of a video or volume
	Page  Kind = "page"  // the payload's unit from the upper left corner of a page
	Map   Kind = "map"   // x is longitude, y is latitude with its sign changed
	Text  Kind = "text"  // spans in lanes; x is the character's number
)

// Scene is what is seen at the same time.
type Scene struct {
	Kind   Kind
	Title  string // "Frame 12"; "" for an image
	View   View   // what the picture shows: the media and all shapes
	Media  View   // the media itself; zero if the payload does not say its size
	Shapes []Shape
}

// View is an upright rectangle. Its size is never 0 in [Scene.View].
type View struct{ X, Y, Width, Height float64 }

// Class is a class of the ontology, as the legend names it.
type Class struct {
	Name  string // "" if the payload does not say
	Color string // #rrggbb
	Count int    // of the objects that are drawn, each once however many frames it is on
}

// Undrawn says why an object is not in the picture.
type Undrawn struct {
	Object int // index in [annotation.Set.Objects]
	Reason string
}

// Form says how a shape is drawn.
type Form string

// The forms of shapes.
const (
	Rectangle Form = "rectangle" // two opposite corners
	Area      Form = "area"      // closed outlines; where they overlap is a hole
	Chain     Form = "chain"     // open lines
	Dot       Form = "dot"       // each point by itself
	Arrow     Form = "arrow"     // from one object to another
	Bitmap    Form = "bitmap"    // pixels behind a URL, which cover the media
)

// Shape is one thing in a scene.
type Shape struct {
	Object   int    // index in [annotation.Set.Objects]; -1 for an arrow
	ID       string // the feature id
	Class    string // the name of a [Class]
	Label    string // id of the label that it is of
	Color    string // #rrggbb
	Form     Form
	Outlines [][]annotation.Point
	Mask     *annotation.Mask // of a Bitmap
	Text     string           // of a span, if the payload has it
	Directed bool             // of an Arrow: it has a head
}

// limit is how far from 0 a coordinate may be. No media is larger; beyond it, sums
// and differences of coordinates are not exact enough to draw.
const limit = 1e9

// Of makes the picture of what a label says. An object that has a geometry is in a
// scene or among [Picture.Undrawn]; several frames of one object are several
// shapes, and a relationship has an arrow in each scene that has both ends. Time and
// memory are in proportion to the set and to these arrows.
func Of(set *annotation.Set) Picture {
	b := builder{set: set, scenes: map[place]*Scene{}, classes: map[string]int{}, counted: map[string]bool{}}
	for i := range set.Objects {
		b.object(i, &set.Objects[i])
	}
	b.relationships()
	var p Picture
	p.Classes, p.Undrawn = b.list, b.undrawn
	slices.SortStableFunc(b.order, place.compare)
	for _, at := range b.order {
		s := b.scenes[at]
		s.frame(set.Asset, b.sizes[at])
		p.Scenes = append(p.Scenes, *s)
	}
	return p
}

// place is what tells scenes apart.
type place struct {
	kind   Kind
	number int // of the frame or page
	group  string
}

func (a place) compare(b place) int {
	order := []Kind{Image, Frame, Page, Map, Text}
	return cmp.Or(cmp.Compare(slices.Index(order, a.kind), slices.Index(order, b.kind)),
		cmp.Compare(a.group, b.group), cmp.Compare(a.number, b.number))
}

func (a place) title() string {
	var title string
	switch a.kind {
	case Frame:
		title = fmt.Sprintf("Frame %d", a.number)
	case Page:
		title = fmt.Sprintf("Page %d", a.number)
	case Map:
		title = "Map"
	case Text:
		title = "Text"
	}
	if a.group != "" {
		title += ", " + a.group
	}
	return title
}

type builder struct {
	set     *annotation.Set
	scenes  map[place]*Scene
	sizes   map[place]View // of pages
	order   []place
	classes map[string]int // index in list
	list    []Class
	counted map[string]bool
	undrawn []Undrawn
	top     *float64 // the highest y of what counts from below
}

// placeOf says in which scene an object is.
func placeOf(o *annotation.Object) place {
	at := place{kind: Image, group: o.Group}
	switch o.Kind {
	case annotation.KindGeoShape:
		at.kind = Map
	case annotation.KindTextSpan:
		at.kind, at.group = Text, o.MessageID
	case annotation.KindDocumentBox, annotation.KindDocumentTokens:
		at.kind = Page
	}
	switch {
	case o.Frame != nil:
		if at.kind == Image {
			at.kind = Frame
		}
		at.number = *o.Frame
	case o.Page != nil:
		if at.kind == Image {
			at.kind = Page
		}
		at.number = *o.Page
	}
	return at
}

// add puts a shape into its scene.
func (b *builder) add(at place, s Shape) {
	scene := b.scenes[at]
	if scene == nil {
		scene = &Scene{Kind: at.kind, Title: at.title()}
		b.scenes[at] = scene
		b.order = append(b.order, at)
	}
	scene.Shapes = append(scene.Shapes, s)
}

// class returns the class of a feature, and the color to draw it in.
func (b *builder) class(f annotation.Feature) (name, color string) {
	name = cmp.Or(f.Name, f.Value, f.SchemaID)
	i, known := b.classes[name]
	if !known {
		i = len(b.list)
		b.classes[name] = i
		b.list = append(b.list, Class{Name: name, Color: cmp.Or(hex(f.Color), palette[i%len(palette)])})
	}
	once := name + "\x00" + f.ID
	if f.ID == "" || !b.counted[once] {
		b.list[i].Count++
		b.counted[once] = true
	}
	return name, cmp.Or(hex(f.Color), b.list[i].Color)
}

// palette is for classes without a color: told apart by people who see colors
// differently, too, and visible on light and dark (Okabe and Ito, 2008).
var palette = []string{"#e69f00", "#56b4e9", "#009e73", "#d55e00", "#0072b2", "#cc79a7", "#f0e442"}

// hex returns a color as #rrggbb, "" if it is none: what stands in a payload
// may be anything.
func hex(color string) string {
	if len(color) < 1 || color[0] != '#' {
		return ""
	}
	digits := color[1:]
	for _, c := range []byte(digits) {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return ""
		}
	}
	switch len(digits) {
	case 3, 4:
		return "#" + string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	case 6, 8: // the last two are how opaque it is
		return "#" + digits[:6]
	}
	return ""
}
