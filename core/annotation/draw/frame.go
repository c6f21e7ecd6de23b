package draw

import (
	"github.com/labelhook/labelhook/core/annotation"
)

// frame decides what the scene shows: the media, and every shape that reaches
// beyond it.
func (s *Scene) frame(asset annotation.AssetSize, page View) {
	if s.Kind == Text {
		s.lanes()
	}
	switch {
	case s.Kind == Page:
		s.Media = page
	case (s.Kind == Image || s.Kind == Frame) && asset.Width > 0 && asset.Height > 0 && asset.Width <= limit && asset.Height <= limit:
		s.Media = View{Width: asset.Width, Height: asset.Height}
	}
	var all View
	any := false
	for _, shape := range s.Shapes {
		if box, has := extent(shape); has {
			if !any {
				all, any = box, true
			}
			all = all.and(box)
		}
	}
	switch {
	case s.Media.Width > 0 && (!any || s.Media.and(all) == s.Media):
		s.View = s.Media
		return
	case s.Media.Width > 0:
		all = all.and(s.Media)
	case !any: // bitmaps alone, whose size is known once they are fetched
		s.View = View{Width: 100, Height: 100}
		return
	}
	margin := max(all.Width, all.Height) / 20
	if margin == 0 { // one point
		margin = 10
		if s.Kind == Map {
			margin = 0.01 // degrees, about a kilometer
		}
	}
	s.View = View{all.X - margin, all.Y - margin, all.Width + 2*margin, all.Height + 2*margin}
}

// and is the smallest rectangle around both.
func (v View) and(w View) View {
	x, y := min(v.X, w.X), min(v.Y, w.Y)
	return View{x, y, max(v.X+v.Width, w.X+w.Width) - x, max(v.Y+v.Height, w.Y+w.Height) - y}
}

// maxLanes is how many spans may stand below each other. In the last lane they cover
// each other, and are seen through.
const maxLanes = 50

// lanes puts spans that overlap below each other. A lane is as high as a
// thirtieth of the text is long, so that the picture has the form of one.
func (s *Scene) lanes() {
	var all View
	for i, shape := range s.Shapes {
		box, _ := extent(shape)
		if i == 0 {
			all = box
		}
		all = all.and(box)
	}
	height := max(all.Width/30, 1)
	var ends []float64 // of the last span of each lane
	for i := range s.Shapes {
		outline := s.Shapes[i].Outlines[0]
		lane := 0
		for lane < min(len(ends), maxLanes-1) && ends[lane] > outline[0].X {
			lane++
		}
		if lane == len(ends) {
			ends = append(ends, 0)
		}
		ends[lane] = outline[1].X
		outline[0].Y, outline[1].Y = float64(lane)*height*1.25, float64(lane)*height*1.25+height
	}
}
