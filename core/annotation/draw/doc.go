// Package draw makes pictures of what a label says: what has a geometry, in the
// coordinates of the payload, frame by frame and page by page ([Of]), and writes
// one as SVG ([Picture.WriteSVG]).
//
// It fetches nothing: bitmaps and the asset itself are where the payload says.
package draw
