package aws

import (
	"bytes"
	"unicode/utf8"

	"github.com/labelhook/labelhook/internal/jsonscan"
)

// envelope is what one pass over an event finds in it.
type envelope struct {
	scan       jsonscan.Scanner
	seen       part   // what has been read, null aside where it matters
	mismatch   string // the first thing that no HTTP event has
	httpMethod string // of the top level
	method     string // of requestContext.http
	header     header
	inMulti    bool // there is a multiValueHeaders
	body       sent
}

// part is a set of those members of an event that matter.
type part uint

const (
	bodyPart part = 1 << iota
	headersPart
	multiPart
	base64Part
	httpMethodPart
	contextPart
	methodArnPart
	routeArnPart
	connectionPart
	elbPart
	httpPart
	methodPart
)

type namedPart struct {
	name string
	part part
}

// What may stand where.
var (
	ofEvent = []namedPart{
		{"body", bodyPart}, {"headers", headersPart}, {"multiValueHeaders", multiPart},
		{"isBase64Encoded", base64Part}, {"httpMethod", httpMethodPart}, {"requestContext", contextPart},
		{"methodArn", methodArnPart}, {"routeArn", routeArnPart},
	}
	ofContext = []namedPart{{"elb", elbPart}, {"http", httpPart}, {"connectionId", connectionPart}}
	ofHTTP    = []namedPart{{"method", methodPart}}
)

func (e *envelope) read() {
	if !e.is('{', "the event") {
		e.scan.Skip()
		return
	}
	for p := range e.members(ofEvent) {
		switch p {
		case bodyPart:
			if e.is('"', "body") {
				e.body.text, e.body.shared, e.body.faulty = e.scan.Unquote()
			}
		case headersPart:
			e.readHeaders()
		case multiPart:
			e.readMultiValueHeaders()
		case base64Part:
			e.body.encoded = e.truth("isBase64Encoded")
		case httpMethodPart:
			e.httpMethod = string(e.text("httpMethod"))
		case contextPart:
			e.readContext()
		}
	}
}

func (e *envelope) readContext() {
	if !e.is('{', "requestContext") {
		return
	}
	for p := range e.members(ofContext) {
		switch {
		case p == connectionPart:
		case !e.is('{', "requestContext.elb or http"):
			e.seen &^= p
		case p == httpPart:
			for range e.members(ofHTTP) {
				e.method = string(e.text("requestContext.http.method"))
			}
		}
	}
}

func (e *envelope) readHeaders() {
	if !e.is('{', "headers") {
		return
	}
	e.header.single = make([]field, 0, 24)
	var marks uint64
	for written := range e.scan.Members {
		name := unescaped(written)
		e.once(name, e.header.single, &marks)
		e.header.single = append(e.header.single, field{name, e.text("a value in headers")})
	}
}

func (e *envelope) readMultiValueHeaders() {
	if !e.is('{', "multiValueHeaders") {
		return
	}
	e.inMulti = true
	e.header.multi = make([]field, 0, 24)
	var marks uint64
	for written := range e.scan.Members {
		name := unescaped(written)
		e.once(name, e.header.multi, &marks)
		if !e.is('[', "a list in multiValueHeaders") {
			continue
		}
		for range e.scan.Elements {
			e.header.multi = append(e.header.multi, field{name, e.text("a value in multiValueHeaders")})
		}
	}
}

// once makes a name that stands twice in one object a mismatch. Marks has a bit
// for each name before, most often different ones, and saves comparing.
func (e *envelope) once(name []byte, before []field, marks *uint64) {
	if len(name) == 0 {
		return // no header that anyone looks up
	}
	mark := uint64(1) << ((uint(len(name)) + 3*uint(name[0]) + 11*uint(name[len(name)-1])) % 64)
	if *marks&mark != 0 {
		for _, f := range before {
			if string(f.name) == string(name) {
				e.mismatched("a header that stands twice in one object")
			}
		}
	}
	*marks |= mark
}

// members yields those members of the object that comes next which are among
// parts. One that comes twice is a mismatch.
func (e *envelope) members(parts []namedPart) func(yield func(part) bool) {
	return func(yield func(part) bool) {
		for written := range e.scan.Members {
			p := find(parts, unescaped(written))
			switch {
			case p == 0:
				continue
			case e.seen&p != 0:
				e.mismatched("a member that stands twice")
				continue
			}
			e.seen |= p
			if !yield(p) {
				return
			}
		}
	}
}

// unescaped undoes the escapes of a name, which hardly any has.
func unescaped(name []byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	return jsonscan.AppendUnescaped(nil, name)
}

// find returns the part of a name, 0 if it has none. Like encoding/json it
// looks for the name as it is first, then without regard to case.
func find(parts []namedPart, name []byte) part {
	for _, p := range parts {
		if p.name == string(name) {
			return p.part
		}
	}
	for _, p := range parts {
		// The first letters are none of those that Unicode folds beyond ASCII.
		if len(name) > 0 && name[0]|0x20 == p.name[0] && bytes.EqualFold(name, []byte(p.name)) {
			return p.part
		}
	}
	return 0
}

// is reports whether the value that comes next begins with c. null is as good
// as no value; anything else is a mismatch.
func (e *envelope) is(c byte, what string) bool {
	switch e.scan.Kind() {
	case c:
		return true
	case 'n':
	default:
		e.mismatched(what)
	}
	return false
}

// truth reads true, false or null.
func (e *envelope) truth(what string) bool {
	switch e.scan.Kind() {
	case 't':
		return true
	case 'f', 'n':
	default:
		e.mismatched(what)
	}
	return false
}

// text reads a string that may stay in the event's memory.
func (e *envelope) text(what string) []byte {
	if !e.is('"', what) {
		return nil
	}
	text := e.scan.Bytes()
	if !utf8.Valid(text) {
		text = []byte(string([]rune(string(text)))) // with a U+FFFD for each wrong byte, as encoding/json has it
	}
	return text
}

func (e *envelope) mismatched(what string) {
	if e.mismatch == "" {
		e.mismatch = what
	}
}
