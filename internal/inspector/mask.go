package inspector

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"strconv"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/internal/printable"
)

// maxPixels bounds a mask, also one whose file is small.
const maxPixels = 50_000_000

// mask answers with the bitmap of an object, drawn in its color.
func (p *page) mask(w http.ResponseWriter, r *http.Request) {
	if p.Mask == nil {
		http.Error(w, "masks are fetched with the API key: set LABELBOX_API_KEY and start labelhook again", http.StatusServiceUnavailable)
		return
	}
	d, err := p.draw(r, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	object, err := strconv.Atoi(r.PathValue("number"))
	m, ink := d.maskOf(object)
	if err != nil || m == nil {
		http.Error(w, "this object has no mask", http.StatusNotFound)
		return
	}
	file, err := p.Mask(r.Context(), m.URL)
	var drawing []byte
	if err == nil {
		drawing, err = tint(file, *m, ink)
	}
	if err != nil {
		http.Error(w, "the mask cannot be shown: "+printable.Text(err.Error()), http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Write(drawing) // an error means that the browser is gone
}

// tint returns a PNG in which the mask has the color and all else is clear. A mask
// of its own is what is neither black nor clear; of one image for all masks it is
// what has its color.
func tint(file []byte, m annotation.Mask, ink color.NRGBA) ([]byte, error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	switch {
	case err != nil:
		return nil, errors.New("it is no PNG")
	case size.Width*size.Height > maxPixels || size.Width > maxPixels || size.Height > maxPixels:
		return nil, fmt.Errorf("it has %d × %d pixels; at most %d are drawn", size.Width, size.Height, maxPixels)
	}
	source, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("its PNG is damaged: %w", err)
	}
	bounds := source.Bounds()
	out := image.NewPaletted(image.Rect(0, 0, bounds.Dx(), bounds.Dy()), color.Palette{color.NRGBA{}, ink})
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := color.NRGBAModel.Convert(source.At(bounds.Min.X+x, bounds.Min.Y+y)).(color.NRGBA)
			in := c.A > 0 && (c.R > 0 || c.G > 0 || c.B > 0)
			if m.Composite {
				in = c.A > 0 && [3]int{int(c.R), int(c.G), int(c.B)} == m.RGB
			}
			if in {
				out.SetColorIndex(x, y, 1)
			}
		}
	}
	var encoded bytes.Buffer
	err = png.Encode(&encoded, out)
	return encoded.Bytes(), err
}
