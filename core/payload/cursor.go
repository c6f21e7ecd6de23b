package payload

import (
	"fmt"
	"time"

	"github.com/labelhook/labelhook/core/annotation"
	"github.com/labelhook/labelhook/internal/jsonscan"
)

// ErrDecode is matched by every error of decoding a payload: it is not JSON, or
// names a member twice.
var ErrDecode = annotation.ErrDecode

// cursor is a scanner that knows how Labelbox writes names, ids, times and counts.
type cursor struct {
	jsonscan.Scanner
	name [40]byte // of snake
}

func newCursor(body []byte) cursor { return cursor{Scanner: jsonscan.New(body)} }

func (c *cursor) end() error {
	if err := c.End(); err != nil {
		return fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return nil
}

// snake returns the snake_case spelling of a member's name, until it is called
// again: v2 writes created_at, v1 and some exports createdAt.
func (c *cursor) snake(name []byte) []byte {
	for i, b := range name {
		if 'A' <= b && b <= 'Z' {
			return c.respell(name, i)
		}
	}
	return name
}

// respell is snake for a name whose first capital stands at i.
func (c *cursor) respell(name []byte, i int) []byte {
	spelt := append(c.name[:0], name[:i]...)
	for _, b := range name[i:] {
		if 'A' <= b && b <= 'Z' {
			spelt = append(spelt, '_')
			b += 'a' - 'A'
		}
		spelt = append(spelt, b)
	}
	return spelt
}

// id reads the "id" member of an object.
func (c *cursor) id() (id string) {
	for name := range c.Members {
		if string(name) == "id" {
			id = c.Text()
		}
	}
	return id
}

// count reads 1 as well as {"Int32":1,"Valid":true}.
func (c *cursor) count() float64 {
	if c.Kind() != '{' {
		return c.Number()
	}
	n, valid := 0.0, true
	for name := range c.Members {
		switch string(name) {
		case "Int32", "Int64":
			n = c.Number()
		case "Valid":
			valid = c.Truth()
		}
	}
	if !valid {
		return 0
	}
	return n
}

// moment reads a timestamp in any form Labelbox has been seen to write, or
// nearly so. One that does not parse, or that UTC has outside the years 1 to
// 9999, where JSON, CloudEvents and object names end, is the zero time: it must
// not cost the event.
func (c *cursor) moment() (t time.Time) {
	if c.Kind() != '"' {
		c.Skip()
		return t
	}
	text := c.Quoted()
	if len(text) > 64 {
		return t // nor is it worth an error that quotes it
	}
	if t.UnmarshalText(text) == nil { // RFC 3339, without making a string
		return fourDigits(t)
	}
	for _, layout := range [...]string{"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, string(text)); err == nil {
			return fourDigits(t)
		}
	}
	return time.Time{}
}

// fourDigits is t in UTC, or zero where its year has not four digits there.
func fourDigits(t time.Time) time.Time {
	if t = t.UTC(); t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}
