package annotation

// Kind says what form an [Object] has.
type Kind string

// The kinds of objects, each with the type of its [Object.Geometry].
const (
	KindBox              Kind = "box"               // [Box]
	KindPolygon          Kind = "polygon"           // [Polygon]
	KindHoledPolygon     Kind = "holed_polygon"     // [HoledPolygon]
	KindLine             Kind = "line"              // [Line]
	KindPoint            Kind = "point"             // [Point]
	KindMask             Kind = "mask"              // [Mask]
	KindTextSpan         Kind = "text_span"         // [TextSpan]
	KindGeoShape         Kind = "geo_shape"         // [GeoShape]
	KindDocumentBox      Kind = "document_box"      // [DocumentBox]
	KindDocumentTokens   Kind = "document_tokens"   // [DocumentTokens]
	KindMessageSelection Kind = "message_selection" // [MessageSelection]
	KindUnknown          Kind = "unknown"           // no geometry known here, or a damaged one: see [Object.Raw]
)

// Geometry is one of the types listed with the [Kind] constants; use a type
// switch.
type Geometry interface{ geometry() }

// Box is an upright rectangle in pixels from the upper left corner.
type Box struct {
	Top    float64 `json:"top"`
	Left   float64 `json:"left"`
	Height float64 `json:"height"`
	Width  float64 `json:"width"`
}

// Point is a place in pixels from the upper left corner, or from the lower left
// one if [Object.FromBelow] is set.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Polygon is a closed outline of at least three points. Whether the first point is repeated at the end
// is as Labelbox sent it: v2 repeats it.
type Polygon []Point

// HoledPolygon is what is inside an outline and outside all of its holes. Labels
// of 2018 have such.
type HoledPolygon struct {
	Outline Polygon   `json:"outline"`
	Holes   []Polygon `json:"holes"`
}

// Line is an open chain of at least two points.
type Line []Point

// Mask is a bitmap behind a URL. Fetching it takes the API key, so it must
// never be sent to a host that is not Labelbox's.
type Mask struct {
	URL       string `json:"url"`
	Composite bool   `json:"composite,omitempty"` // one image for all masks: this one has the color RGB
	RGB       [3]int `json:"rgb,omitzero"`
}

// TextSpan is a stretch of text, in characters, both ends inclusive as
// Labelbox counts them. In conversations [Location.MessageID] names the message.
type TextSpan struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Token string `json:"token,omitempty"` // the text itself, if Labelbox sent it
}

// GeoShape is a shape on the map: a GeoJSON type (RFC 7946) with its positions
// as longitude and latitude. A Point has one ring of one position, a LineString
// one ring, a Polygon its outline first and then its holes. A MultiPolygon has
// the rings of all its polygons in a row, and Parts says how many each of them
// has. Heights are left to [Object.Raw].
type GeoShape struct {
	Type  string         `json:"type"` // Point, LineString, Polygon, …; v1's polyline and rectangle too become these
	Rings [][][2]float64 `json:"rings"`
	Parts []int          `json:"parts,omitempty"` // MultiPolygon only
}

// Polygons returns the rings of each polygon, its outline first and then its
// holes. A shape that is no area has none.
func (g GeoShape) Polygons() [][][][2]float64 {
	switch g.Type {
	case "Polygon":
		return [][][][2]float64{g.Rings}
	case "MultiPolygon":
		polygons, rest := make([][][][2]float64, len(g.Parts)), g.Rings
		for i, n := range g.Parts {
			polygons[i], rest = rest[:n:n], rest[n:]
		}
		return polygons
	}
	return nil
}

// DocumentBox is a rectangle on a page; [Location.Page] names the page.
type DocumentBox struct {
	Box
	Unit       string  `json:"unit,omitempty"`        // POINTS, PIXELS, PERCENT, …; "" if not said
	PageWidth  float64 `json:"page_width,omitempty"`  // 0 if not said
	PageHeight float64 `json:"page_height,omitempty"` // 0 if not said
}

// DocumentTokens is a stretch of words in a document, line by line.
type DocumentTokens struct {
	Groups []TokenGroup `json:"groups"`
	Unit   string       `json:"unit,omitempty"` // of the groups' boxes
}

// TokenGroup is a run of words on one page. v2 names the tokens, v1 only the
// box around them.
type TokenGroup struct {
	ID     string   `json:"id,omitempty"`
	Page   *int     `json:"page,omitempty"`
	Tokens []string `json:"tokens,omitempty"`
	Text   string   `json:"text,omitempty"`
	Box    *Box     `json:"box,omitempty"`
}

// MessageSelection is a choice among, or a ranking of, a model's replies.
type MessageSelection struct {
	Messages []Message `json:"messages"`
	ParentID string    `json:"parent_message_id,omitempty"` // the message they reply to
}

// Message is one reply of a model.
type Message struct {
	ID    string `json:"message_id"`
	Model string `json:"model,omitempty"`
	Order int    `json:"order,omitempty"` // its rank from 1; 0 if not ranked
}

func (Box) geometry()              {}
func (Polygon) geometry()          {}
func (HoledPolygon) geometry()     {}
func (Line) geometry()             {}
func (Point) geometry()            {}
func (Mask) geometry()             {}
func (TextSpan) geometry()         {}
func (GeoShape) geometry()         {}
func (DocumentBox) geometry()      {}
func (DocumentTokens) geometry()   {}
func (MessageSelection) geometry() {}
