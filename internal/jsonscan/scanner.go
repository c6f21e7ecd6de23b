package jsonscan

import (
	"errors"
	"math/bits"

	"github.com/go-json-experiment/json/jsontext"
)

// What [Scanner.End] returns.
var (
	ErrSyntax  = errors.New("it is not well-formed JSON, or names a member twice")
	ErrCrowded = errors.New("it has more parts than its size can hold")
)

// Scanner walks one JSON text. What it reads it checks against the grammar; at
// the first violation it fails and halts, and every read after a halt does
// nothing. It lets invalid UTF-8 through: Labelbox sends what its users typed.
//
// Between two reads it stands on the first byte of what comes next, never on
// white space, so that looking ahead costs nothing.
//
// A Scanner is made by [New] and used by one goroutine.
type Scanner struct {
	// Unique makes a name that stands twice in one object a violation, since two
	// readers of the same text might take a different one of the two. It is set
	// before the first read.
	Unique bool

	b      []byte
	i      int
	passed int // the end of the value or mark passed last: white space may lie between it and i
	depth  int
	halted bool // there is nothing more to read, because of Fail or Halt
	bad    bool

	spent   int  // see Afford
	crowded bool // the walk failed because it could not be afforded

	names *[48]span // of all objects open around i, the outermost first; nil until there are any
	named int       // how many of them there are

	escaped bool   // whether the string passed last has escapes in it
	texts   []byte // memory that strings read share; see keep
}

// span is where a name stands in the scanner's bytes. Slices would do as well,
// but keep the scanner from living on the stack.
type span struct{ from, to int32 }

// maxDepth is the limit of nesting that jsontext and encoding/json have as well.
const maxDepth = 10_000

// New returns a scanner of b, which must not change while it is in use.
func New(b []byte) Scanner {
	s := Scanner{b: b}
	s.pass(0)
	return s
}

// Halt ends the walk early, without calling the rest bad.
func (s *Scanner) Halt() { s.halted, s.i = true, len(s.b) }

// Fail ends the walk and makes [Scanner.End] return an error.
func (s *Scanner) Fail() {
	s.Halt()
	s.bad = true
}

// Failed reports whether a violation has been met.
func (s *Scanner) Failed() bool { return s.bad }

// End returns nil if the walk was a clean one, over exactly one value, and
// [ErrSyntax] or [ErrCrowded] if not.
func (s *Scanner) End() error {
	if s.i < len(s.b) {
		s.Fail() // something follows
	}
	switch {
	case s.crowded:
		return ErrCrowded
	case s.bad:
		return ErrSyntax
	}
	return nil
}

// Kind returns the first byte of what comes next: one of { [ " t f n - and
// digits for a well-formed value, 0 at the end.
func (s *Scanner) Kind() byte {
	if s.i < len(s.b) {
		return s.b[s.i]
	}
	return 0
}

// pass moves on to what comes after a value or mark that ends at i. Indented
// JSON is a third blanks, so those are passed up to eight at a time.
//
//go:noinline
func (s *Scanner) pass(i int) {
	s.passed = i
	b := s.b
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
		if i < len(b) && b[i] != ' ' {
			continue // one alone, as behind a colon: nothing to count, so nothing to wait for
		}
		for i+8 <= len(b) {
			other := word(b, i) ^ ' '*lanes
			if other != 0 {
				i += bits.TrailingZeros64(other) / 8
				break
			}
			i += 8
		}
	}
	s.i = i
}

// Members yields the undecoded name of each member of the object that follows;
// the loop's body reads the value or leaves it, and what it leaves is skipped.
// A value that is not an object is skipped and has no members.
func (s *Scanner) Members(yield func(name []byte) bool) {
	if s.Kind() != '{' {
		s.Skip()
		return
	}
	if s.descend(); s.Kind() == '}' {
		s.ascend()
		return
	}
	seen := nameSet{outer: s.named}
	for !s.halted {
		if s.Kind() != '"' {
			s.Fail()
			return
		}
		name := s.Quoted()
		if s.Unique && !s.firstOf(name, &seen) || s.Kind() != ':' {
			s.Fail()
			return
		}
		s.pass(s.i + 1)
		if at := s.i; !yield(name) || s.halted {
			return
		} else if s.i == at {
			s.Skip()
		}
		switch s.Kind() {
		case ',':
			s.pass(s.i + 1)
		case '}':
			s.ascend()
			s.named = seen.outer
			return
		default:
			s.Fail()
		}
	}
}

// Elements yields the index of each element of the array that follows, by the
// same rules as members.
func (s *Scanner) Elements(yield func(i int) bool) {
	if s.Kind() != '[' {
		s.Skip()
		return
	}
	if s.descend(); s.Kind() == ']' {
		s.ascend()
		return
	}
	for n := 0; !s.halted; n++ {
		if at := s.i; !yield(n) || s.halted {
			return
		} else if s.i == at {
			s.Skip()
		}
		switch s.Kind() {
		case ',':
			s.pass(s.i + 1)
		case ']':
			s.ascend()
			return
		default:
			s.Fail()
		}
	}
}

func (s *Scanner) descend() {
	s.pass(s.i + 1)
	if s.depth++; s.depth > maxDepth {
		s.Fail()
	}
}

func (s *Scanner) ascend() {
	s.pass(s.i + 1)
	s.depth--
}

// Peek returns a Scanner of its own on what comes next. It reads that by the
// grammar alone and changes nothing here.
func (s *Scanner) Peek() Scanner {
	return Scanner{b: s.b, i: s.i, passed: s.passed, spent: s.spent}
}

// Vacant reports whether what comes next holds nothing: null, "", [] or {}.
func (s *Scanner) Vacant() bool {
	switch s.Kind() {
	case 'n':
		return true
	case '"':
		return s.i+1 < len(s.b) && s.b[s.i+1] == '"'
	case '[', '{':
		end := Scanner{b: s.b}
		end.pass(s.i + 1)
		return end.Kind() == ']' || end.Kind() == '}'
	}
	return false
}

// Skip passes over one value.
func (s *Scanner) Skip() {
	switch s.Kind() {
	case '{':
		for range s.Members {
		}
	case '[':
		for range s.Elements {
		}
	case '"':
		s.Quoted()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.numeral()
	}
}

// Raw passes over one value and returns it.
func (s *Scanner) Raw() jsontext.Value {
	from := s.Here()
	s.Skip()
	return s.Since(from)
}

// Here is where the next value begins; since returns that value once it has
// been passed. Its bytes are the body's own.
func (s *Scanner) Here() int { return s.i }

// Since returns the bytes of the value that began at from, which are the text's
// own, nil after a violation.
func (s *Scanner) Since(from int) jsontext.Value {
	if s.bad {
		return nil
	}
	return jsontext.Value(s.b[from:s.passed:s.passed])
}

// Truth reads true; anything else is false.
func (s *Scanner) Truth() bool { return string(s.Raw()) == "true" }

// Try returns a scanner like [Scanner.Peek]'s, for a walk that [Scanner.Accept]
// may make this one's own.
func (s *Scanner) Try() Scanner {
	tried := s.Peek()
	tried.texts = s.texts
	return tried
}

// Accept passes over the value that a scanner of [Scanner.Try] has read, whose
// strings and expenses become this one's.
func (s *Scanner) Accept(tried *Scanner) {
	s.spent, s.texts = tried.spent, tried.texts
	s.Skip()
}

func (s *Scanner) literal(word string) {
	if len(s.b)-s.i < len(word) || string(s.b[s.i:s.i+len(word)]) != word {
		s.Fail()
		return
	}
	s.pass(s.i + len(word))
}
