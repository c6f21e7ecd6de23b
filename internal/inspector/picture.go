package inspector

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"image/color"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/core/annotation/diff"
	"github.com/labelhook/labelhook/core/annotation/draw"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/loopback"
)

// drawn is a delivery with the picture of its label.
type drawn struct {
	record  inbox.Record
	event   *payload.LabelEvent // nil if it is none, or cannot be decoded
	set     *annotation.Set     // the same
	err     error               // why it cannot be decoded
	picture draw.Picture
}

// draw reads and draws a delivery. The last one is kept: the frames of a video are
// asked for one after the other.
func (p *page) draw(r *http.Request, id string) (drawn, error) {
	p.mu.Lock()
	last := p.last
	p.mu.Unlock()
	record, err := p.record(r, id)
	if err != nil {
		return drawn{}, err
	}
	if last.record.Key == record.Key {
		last.record = record // its status and repeats
		return last, nil
	}
	d := drawn{record: record}
	if record.Event.IsLabel() {
		if d.event, d.err = record.Delivery().Label(); d.err == nil {
			d.set, d.err = d.event.Annotations()
		}
		if d.err == nil {
			d.picture = draw.Of(d.set)
		}
	}
	p.mu.Lock()
	p.last = d
	p.mu.Unlock()
	return d, nil
}

// sceneView is one picture of a label, and what is in it.
type sceneView struct {
	Key      string
	Against  string // the key of what it is compared with; "" if with nothing
	Number   int    // from 0
	Last     int    // the number of the last one
	Title    string
	SVG      template.HTML
	Classes  []draw.Class
	Objects  []object
	More     int          // objects that are not listed
	HasMasks bool         // some object is a bitmap
	Masks    bool         // they are drawn
	Query    template.URL // of the page, without the scene
}

// Before and After are the numbers of the pictures beside this one.
func (v *sceneView) Before() int { return max(v.Number-1, 0) }
func (v *sceneView) After() int  { return min(v.Number+1, v.Last) }

// object is a row about an object of a label.
type object struct {
	Number   int // in the set
	Kind     string
	Class    string
	Color    string
	Geometry string
	ID       string
	Answers  []answer
	Change   string // of a comparison
}

// maxObjects is how many objects of one picture are listed.
const maxObjects = 500

// view makes the view of a scene. change says what has become of an object, for a
// comparison; it may be nil.
func (d *drawn) view(number int, image string, masks bool, change func(object int) string) (*sceneView, error) {
	if number < 0 || number >= len(d.picture.Scenes) {
		return nil, fmt.Errorf("there is no picture %d of this label; it has %d", number+1, len(d.picture.Scenes))
	}
	s := d.picture.Scenes[number]
	v := &sceneView{Key: d.record.Key, Number: number, Last: len(d.picture.Scenes) - 1, Title: s.Title, Classes: d.picture.Classes, Masks: masks}
	o := draw.Options{Mark: change}
	if s.Kind == draw.Image {
		o.Image = image
	}
	if masks {
		o.Bitmap = func(object int) string { return fmt.Sprintf("/inbox/delivery/%s/mask/%d", d.record.Key, object) }
	}
	var svg bytes.Buffer
	if err := d.picture.WriteSVG(&svg, number, o); err != nil {
		return nil, err
	}
	v.SVG = template.HTML(svg.String()) // every text in it is escaped there
	for _, shape := range s.Shapes {
		v.HasMasks = v.HasMasks || shape.Form == draw.Bitmap
		switch {
		case shape.Object < 0: // an arrow
		case len(v.Objects) == maxObjects:
			v.More++
		default:
			row := objectOf(shape.Object, &d.set.Objects[shape.Object], shape.Color)
			if change != nil {
				row.Change = change(shape.Object)
			}
			v.Objects = append(v.Objects, row)
		}
	}
	return v, nil
}

func objectOf(number int, o *annotation.Object, color string) object {
	return object{
		Number: number, Kind: string(o.Kind), Class: cmp.Or(o.Name, o.Value, o.SchemaID), Color: color,
		Geometry: geometryInWords(o.Geometry), ID: o.ID, Answers: answersOf(o.Classifications),
	}
}

// answer is a question with its answer, and what was asked further.
type answer struct {
	Question string
	Answer   string
	Below    []answer
}

func answersOf(all []annotation.Classification) (list []answer) {
	for _, c := range all {
		a := answer{Question: cmp.Or(c.Name, c.Value, c.SchemaID), Answer: c.Text, Below: answersOf(c.Classifications)}
		for i, o := range c.Options {
			if i > 0 || a.Answer != "" {
				a.Answer += ", "
			}
			a.Answer += cmp.Or(o.Name, o.Value)
			a.Below = append(a.Below, answersOf(o.Classifications)...)
		}
		if c.Frame != nil {
			a.Question += fmt.Sprintf(" (frame %d)", *c.Frame)
		}
		list = append(list, a)
	}
	return list
}

// geometryInWords says where something is, in a line.
func geometryInWords(g annotation.Geometry) string {
	n := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	corners := func(count int, what string) string { return fmt.Sprintf("%d %s", count, what) }
	switch g := g.(type) {
	case annotation.Box:
		return fmt.Sprintf("left %s, top %s, %s × %s", n(g.Left), n(g.Top), n(g.Width), n(g.Height))
	case annotation.DocumentBox:
		return fmt.Sprintf("left %s, top %s, %s × %s %s", n(g.Left), n(g.Top), n(g.Width), n(g.Height), strings.ToLower(g.Unit))
	case annotation.Polygon:
		return corners(len(g), "corners")
	case annotation.HoledPolygon:
		return fmt.Sprintf("%d corners, %d holes", len(g.Outline), len(g.Holes))
	case annotation.Line:
		return corners(len(g), "points")
	case annotation.Point:
		return n(g.X) + ", " + n(g.Y)
	case annotation.Mask:
		return "bitmap"
	case annotation.GeoShape:
		positions := 0
		for _, ring := range g.Rings {
			positions += len(ring)
		}
		return fmt.Sprintf("%s of %d positions", g.Type, positions)
	case annotation.TextSpan:
		if g.Token != "" {
			return fmt.Sprintf("%d–%d “%s”", g.Start, g.End, g.Token)
		}
		return fmt.Sprintf("%d–%d", g.Start, g.End)
	case annotation.DocumentTokens:
		return corners(len(g.Groups), "runs of words")
	case annotation.MessageSelection:
		return corners(len(g.Messages), "messages")
	}
	return ""
}

// undrawn is an object that no picture shows.
type undrawn struct {
	object
	Reason string
}

// showLabel adds what a label says to a detail.
func (p *page) showLabel(v *detail, d drawn, r *http.Request) {
	if d.err != nil {
		v.Verdict = append(v.Verdict, "The label cannot be read: "+d.err.Error()+".")
		return
	}
	if d.set == nil {
		return
	}
	q := r.URL.Query()
	if d.set.FramesURL != "" {
		v.Verdict = append(v.Verdict, "The frames of this video are behind a URL that takes the API key, so they are not drawn.")
	}
	if address, origin := imageOf(d); address != "" {
		v.ImageURL, v.ImageOrigin = address, origin
		if origin != "" && q.Get("image") != "" {
			v.Image = address
		}
	}
	number, _ := strconv.Atoi(q.Get("scene")) // 0 where it is not said
	if len(d.picture.Scenes) > 0 {
		number = min(max(number, 0), len(d.picture.Scenes)-1)
		v.Picture, _ = d.view(number, v.Image, q.Get("masks") != "", nil) // there is such a scene
		q.Del("scene")
		v.Picture.Query = template.URL(q.Encode())
	}
	v.Answers = answersOf(d.set.Classifications)
	if d.set.Text != "" {
		v.Answers = append(v.Answers, answer{Question: "Label", Answer: d.set.Text})
	}
	names := map[string]string{}
	for _, o := range d.set.Objects {
		names[o.ID] = cmp.Or(o.Name, o.Value, o.ID)
	}
	for _, l := range d.set.Relationships {
		v.Links = append(v.Links, fact{cmp.Or(l.Name, l.Value, l.Label), cmp.Or(names[l.Source], l.Source) + " → " + cmp.Or(names[l.Target], l.Target)})
	}
	for _, u := range d.picture.Undrawn[:min(len(d.picture.Undrawn), maxObjects)] {
		v.Undrawn = append(v.Undrawn, undrawn{objectOf(u.Object, &d.set.Objects[u.Object], ""), u.Reason})
	}
	v.Text = spansOf(d)
}

// imageOf returns where the image is that was labeled, and the origin to load it
// from, which is "" where that is not safe: it must be https, or on this machine.
func imageOf(d drawn) (address, origin string) {
	if len(d.picture.Scenes) == 0 || d.picture.Scenes[0].Kind != draw.Image {
		return "", ""
	}
	address = d.event.DataRow.RowData
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", ""
	}
	plain := strings.Trim(strings.ToLower(u.Host), "abcdefghijklmnopqrstuvwxyz0123456789.-:[]") == "" // in a policy, other characters have a meaning
	if !plain || u.User != nil || u.Scheme == "http" && !loopback.Reaches(u.Hostname()) {
		return address, ""
	}
	return address, u.Scheme + "://" + u.Host
}

// span is a stretch of a text, with the objects that cover it.
type span struct {
	Text    string
	Objects string // numbers, separated by blanks
	Number  int    // of the innermost
	Color   string
	Class   string
}

// maxText is how long a text may be to be shown with what was marked in it, in
// bytes.
const maxText = 100 << 10

// spansOf cuts a text, where the payload has it, at the ends of what was marked.
// Labelbox counts characters, both ends inclusive.
func spansOf(d drawn) (list []span) {
	text := d.event.DataRow.RowData
	if len(d.picture.Scenes) != 1 || d.picture.Scenes[0].Kind != draw.Text || len(text) > maxText || strings.Contains(text[:min(len(text), 20)], "://") {
		return nil
	}
	runes := []rune(text)
	shapes := d.picture.Scenes[0].Shapes
	cuts := []int{0, len(runes)}
	type reach struct{ from, to int }
	reaches := make([]reach, len(shapes))
	for i, shape := range shapes {
		if g, is := d.set.Objects[max(shape.Object, 0)].Geometry.(annotation.TextSpan); is && shape.Object >= 0 {
			reaches[i] = reach{min(max(min(g.Start, g.End), 0), len(runes)), min(max(max(g.Start, g.End), -1)+1, len(runes))}
			cuts = append(cuts, reaches[i].from, reaches[i].to)
		}
	}
	slices.Sort(cuts)
	cuts = slices.Compact(cuts)
	if len(cuts)*len(shapes) > 1_000_000 {
		return nil
	}
	for i := 0; i+1 < len(cuts); i++ {
		s := span{Text: string(runes[cuts[i]:cuts[i+1]]), Number: -1}
		narrow := len(runes) + 1
		for j, r := range reaches {
			if r.from > cuts[i] || r.to < cuts[i+1] {
				continue
			}
			if s.Objects != "" {
				s.Objects += " "
			}
			s.Objects += strconv.Itoa(shapes[j].Object)
			if r.to-r.from < narrow {
				narrow, s.Number, s.Color, s.Class = r.to-r.from, shapes[j].Object, shapes[j].Color, shapes[j].Class
			}
		}
		list = append(list, s)
	}
	return list
}

// maskOf returns the bitmap of an object, nil if it has none, and its color.
func (d *drawn) maskOf(number int) (m *annotation.Mask, ink color.NRGBA) {
	for _, s := range d.picture.Scenes {
		for _, shape := range s.Shapes {
			if shape.Object == number && shape.Mask != nil {
				ink = color.NRGBA{A: 255}
				fmt.Sscanf(shape.Color, "#%02x%02x%02x", &ink.R, &ink.G, &ink.B) // of that form always
				return shape.Mask, ink
			}
		}
	}
	return nil, ink
}

// scene answers with one picture of a label.
func (p *page) scene(w http.ResponseWriter, r *http.Request) {
	d, err := p.draw(r, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil {
		number = -1
	}
	var mark func(int) string
	against := r.URL.Query().Get("against")
	if against != "" {
		other, err := p.draw(r, against)
		if err != nil {
			p.fail(w, r, err)
			return
		}
		if other.set == nil || d.set == nil {
			http.Error(w, "there is nothing to compare", http.StatusBadRequest)
			return
		}
		if other.record.Seq < d.record.Seq {
			mark = marks(diff.Of(other.set, d.set), 1)
		} else {
			mark = marks(diff.Of(d.set, other.set), 0)
		}
	}
	view, err := d.view(number, "", r.URL.Query().Get("masks") != "", mark)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	view.Against = against
	p.render(w, r, http.StatusOK, "scene", view)
}
