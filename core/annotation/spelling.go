package annotation

import (
	"bytes"
	"fmt"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// cursor is a scanner that knows how Labelbox spells annotations.
type cursor struct{ jsonscan.Scanner }

func newCursor(text []byte) *cursor { return &cursor{jsonscan.New(text)} }

// peek is [jsonscan.Scanner.Peek].
func (c *cursor) peek() cursor { return cursor{c.Peek()} }

// room is [jsonscan.Room].
func room[T any](list []T, c *cursor) []T { return jsonscan.Room(list, &c.Scanner) }

func (c *cursor) end() error {
	if err := c.End(); err != nil {
		return fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return nil
}

// fold brings a member's name into the one spelling that the readers of
// annotations switch on: lower case without separators. Labelbox writes
// feature_id, featureId, instanceURI and text-bbox, depending on version and
// age, and a name that differs in spelling only never means something else.
// The result is a part of buf, nil if the name is longer than any known here.
func fold(name []byte, buf *[40]byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return foldPlain(name, buf)
	}
	var plain [6 * len(buf)]byte
	if len(name) > len(plain) {
		return nil
	}
	return foldPlain(jsonscan.AppendUnescaped(plain[:0], name), buf)
}

func foldPlain(name []byte, buf *[40]byte) []byte {
	if len(name) > len(buf) {
		return nil
	}
	n := 0
	for _, c := range name {
		switch {
		case c == '_' || c == '-' || c == ' ':
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	return buf[:n]
}

// each calls read at every item of a list that holds anything. Labelbox writes
// a list as an array, as an array of arrays, or as an object that names each
// item by its id; id is nil in arrays. A value that is neither array nor object
// is no list: it is an item itself.
func (c *cursor) each(read func(id []byte)) {
	if c.Kind() != '{' {
		c.flatten(nil, read)
		return
	}
	for id := range c.Members {
		c.flatten(id, read)
	}
}

// flatten calls read at each item of an array, or at what is there instead.
// What is empty is no item, unless it has an id.
func (c *cursor) flatten(id []byte, read func(id []byte)) {
	switch k := c.Kind(); {
	case k == '[':
		for range c.Elements {
			c.flatten(id, read)
		}
	case k == 'n' || id == nil && c.Vacant():
		c.Skip()
	default:
		read(id)
	}
}

// textInto reads a string into s, unless it is empty.
func (c *cursor) textInto(s *string) {
	if text := c.Text(); text != "" {
		*s = text
	}
}

// coordinate reads a finite number. Unlike real it takes no string for one:
// where something is must never be a guess.
func (c *cursor) coordinate() (float64, bool) {
	if k := c.Kind(); k != '-' && (k < '0' || k > '9') {
		c.Skip()
		return 0, false
	}
	return c.Real()
}

// parseInteger reads a whole number out of a member's name.
func parseInteger(name []byte) (int, bool) { return jsonscan.ExactInt(jsonscan.ParseReal(name)) }
