package sender

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// Set changes one value of a JSON payload and leaves every other byte as it is.
// assignment is path=value. The path is names and array positions separated by
// dots, with a backslash before a dot that belongs to a name; -1 is the
// position behind the last element. Nothing in a path is a pattern. The value is
// JSON if it can be read as JSON, else a string.
//
// A path that leads nowhere is a [*MissingError]: it is more often a slip than a
// wish. [SetNew] makes what is missing on the way.
//
// changed is the path as [NewTemplate] takes it, -1 resolved. The errors name
// the part of the assignment that is wrong.
func Set(payload []byte, assignment string) (edited []byte, changed string, err error) {
	return set(payload, assignment, false)
}

// SetNew is [Set] for what may not be there yet.
func SetNew(payload []byte, assignment string) (edited []byte, changed string, err error) {
	return set(payload, assignment, true)
}

// MissingError is a path that leads nowhere in the payload.
type MissingError struct {
	Path    string
	Nearest string // a path of the payload that was probably meant; "" if none is near
}

// Error returns one line.
func (e *MissingError) Error() string {
	path := e.Path
	if len(path) > 100 || strings.ContainsFunc(path, unicode.IsSpace) {
		path = fmt.Sprintf("%.100q", path)
	}
	text := path + " is not in the payload"
	if e.Nearest != "" {
		text += fmt.Sprintf("; did you mean %s?", e.Nearest)
	}
	return text
}

func set(payload []byte, assignment string, add bool) (edited []byte, changed string, err error) {
	path, value, ok := strings.Cut(assignment, "=")
	switch {
	case !ok:
		return nil, "", fmt.Errorf("%q has no =", assignment)
	case !utf8.ValidString(assignment):
		return nil, "", fmt.Errorf("%q is not UTF-8", assignment)
	case !json.Valid(payload) || !gjson.ParseBytes(payload).IsObject():
		return nil, "", errors.New("the payload is not a JSON object")
	}
	before, changed, missing, err := resolve(payload, path)
	if err != nil {
		return nil, "", err
	}
	if missing && !add {
		return nil, "", &MissingError{path, nearest(payload, path)}
	}
	if json.Valid([]byte(value)) {
		edited, err = sjson.SetRawBytes(payload, before, []byte(value))
	} else {
		edited, err = sjson.SetBytes(payload, before, value)
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return edited, changed, nil
}

// resolve writes the path as it is before the change for sjson, and as it will
// be afterwards for gjson. They differ where an element is appended. It refuses
// what sjson would do but no user means: put an object in a text's place, fill
// an array up with nulls, or do nothing where a pattern finds nothing. missing
// says that the path leads nowhere yet, unless by a -1 that asks for just that.
func resolve(payload []byte, path string) (before, after string, missing bool, err error) {
	names, err := split(path)
	if err != nil {
		return "", "", false, err
	}
	at := gjson.ParseBytes(payload)
	var was, will []string
	for i, name := range names {
		old, appended := escape(name), false
		switch {
		case at.Exists() && at.Type != gjson.Null && !at.IsObject() && !at.IsArray():
			return "", "", false, fmt.Errorf("%s: %s is neither an object nor an array", path, join(names[:i]))
		case at.IsArray() || !at.IsObject() && isPosition(name):
			length := 0
			if at.IsArray() {
				length = len(at.Array())
			}
			appended = name == "-1" && at.IsArray()
			position, ok := positionOf(name, length)
			if !ok {
				return "", "", false, fmt.Errorf("%s: %s is an array of %d: write a position below that, or -1 for behind the last",
					path, join(names[:i]), length)
			}
			name = strconv.Itoa(position)
			old = name
			if at.IsArray() && position == length {
				old = "-1" // with the position itself, sjson prints the whole array again
			}
		}
		was, will = append(was, old), append(will, escape(name))
		at = at.Get(escape(name))
		missing = missing || !at.Exists() && !appended
	}
	return join(was), join(will), missing, nil
}

// positionOf reads a position in an array of that length, or behind its last
// element.
func positionOf(name string, length int) (position int, ok bool) {
	if name == "-1" {
		return length, true
	}
	position, err := strconv.Atoi(name)
	return position, err == nil && strconv.Itoa(position) == name && position >= 0 && position <= length
}

// isPosition reports whether sjson would make an array for the name.
func isPosition(name string) bool {
	return name == "-1" || strings.Trim(name, "0123456789") == ""
}

// split takes a path apart at its dots and takes the backslashes out.
func split(path string) ([]string, error) {
	var names []string
	var name []byte
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '\\' && i+1 < len(path):
			i++
			name = append(name, path[i])
		case c == '.':
			names, name = append(names, string(name)), nil
		default:
			name = append(name, c)
		}
	}
	names = append(names, string(name))
	for _, name := range names {
		if name == "" {
			return nil, fmt.Errorf("the path %q has an empty name in it", path)
		}
	}
	return names, nil
}

// escape makes a name a literal part of a path for both gjson and sjson, to
// which a colon in front means something.
func escape(name string) string {
	escaped := gjson.Escape(name)
	if strings.HasPrefix(escaped, ":") {
		escaped = `\` + escaped
	}
	return escaped
}

func join(names []string) string { return strings.Join(names, ".") }
