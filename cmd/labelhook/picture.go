package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/labelhook/labelhook/core/annotation/draw"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// drawing is what the flags of events show say about a picture.
type drawing struct {
	file  string // - is the standard output
	scene int    // from 1
}

// draw writes what a delivery's label shows as a picture. The file is written once
// all of the picture is made; a new one is readable by its owner only, for it is
// customer data.
func (t *tool) draw(r inbox.Record, d drawing) error {
	if !r.Event.IsLabel() {
		return failure(fmt.Errorf("--svg: a delivery of %s has no label to draw", r.Event), "choose one of a label: labelhook events --event label.created")
	}
	set, err := r.Delivery().Annotations()
	if err != nil {
		return failure(fmt.Errorf("--svg: %w", err), "--raw prints the payload as it came")
	}
	p := draw.Of(set)
	for i, u := range p.Undrawn {
		if i == maxUndrawn {
			fmt.Fprintf(t.err, "labelhook: nor are %d more\n", len(p.Undrawn)-i)
			break
		}
		o := set.Objects[u.Object]
		fmt.Fprintf(t.err, "labelhook: %s %s is not drawn: %s\n", orDash(string(o.Kind)), orDash(o.ID), u.Reason)
	}
	switch {
	case len(p.Scenes) == 0 && set.FramesURL != "":
		return failure(errors.New("--svg: nothing to draw: the frames of this video are behind a URL"), "the payload names it; fetching it takes the API key")
	case len(p.Scenes) == 0:
		return failure(errors.New("--svg: nothing to draw: no object of this label has a geometry that is known"), "events show without --svg lists what it says")
	case d.scene > len(p.Scenes):
		return usage(fmt.Errorf("--scene: there is no scene %d", d.scene), "write a number from 1 to "+fmt.Sprint(len(p.Scenes))+": "+titles(p.Scenes))
	}
	var picture bytes.Buffer
	if err := p.WriteSVG(&picture, d.scene-1, draw.Options{Legend: true}); err != nil {
		return err
	}
	if n := len(p.Scenes); n > 1 {
		fmt.Fprintf(t.err, "labelhook: this is scene %d of %d; --scene chooses another: %s\n", d.scene, n, titles(p.Scenes))
	}
	if d.file == "-" {
		_, err := picture.WriteTo(t.out)
		return written(err)
	}
	if err := os.WriteFile(d.file, picture.Bytes(), 0o600); err != nil {
		return failure(fmt.Errorf("--svg: %w", err), "name a file in a folder that you may write to")
	}
	return nil
}

// maxUndrawn is how many objects are named that a picture does not show.
const maxUndrawn = 20

// titles names the first scenes, and the last.
func titles(scenes []draw.Scene) string {
	const most = 5
	var words []string
	for i, s := range scenes {
		if i >= most && i < len(scenes)-1 {
			if i == most {
				words = append(words, "…")
			}
			continue
		}
		title := s.Title
		if title == "" {
			title = "Image"
		}
		words = append(words, fmt.Sprintf("%d %s", i+1, printable.Text(title)))
	}
	return strings.Join(words, ", ")
}
