package jsonscan

import (
	"bytes"
	"hash/maphash"
	"math"
)

// nameSet is what [Scanner.Members] knows of the names of one object.
type nameSet struct {
	outer int    // where they begin among the Scanner's
	marks uint64 // a bit for each: a name whose bit is not set is new

	// Once there are many, they stand in a hash table of where each begins, 0 in
	// free places: four bytes for each name, however long it is.
	table []uint32
	count int // of the names in table
}

// nameSeed keeps a sender from choosing names that collide.
var nameSeed = maphash.MakeSeed()

// firstOf notes the name just read and reports whether it is the first of its
// name in the object. Comparing with each is fastest for records, which have
// few; maps by id or frame, and names with escapes in them, go on to the table.
func (s *Scanner) firstOf(name []byte, seen *nameSet) bool {
	from := s.passed - 1 - len(name) // before the closing quote
	if s.passed > math.MaxInt32 {
		return false // no body is that large
	}
	if s.names == nil {
		s.names = new([48]span)
	}
	if seen.table == nil && s.named < len(s.names) && !s.escaped {
		mark := markOf(name)
		if seen.marks&mark != 0 {
			for _, n := range s.names[seen.outer:s.named] {
				if string(s.b[n.from:n.to]) == string(name) {
					return false
				}
			}
		}
		seen.marks |= mark
		s.names[s.named] = span{int32(from), int32(from + len(name))}
		s.named++
		return true
	}
	if seen.table == nil {
		seen.table = make([]uint32, 8)
		for _, n := range s.names[seen.outer:s.named] {
			s.note(s.b[n.from:n.to], int(n.from), seen)
		}
	}
	return s.note(name, from, seen)
}

// note puts a name into the table, unless it is there already.
func (s *Scanner) note(name []byte, from int, seen *nameSet) bool {
	if 4*seen.count >= 3*len(seen.table) {
		old := seen.table
		seen.table = make([]uint32, 2*len(old))
		for _, at := range old {
			if at != 0 {
				slot, _ := s.find(s.nameAt(int(at)), seen.table)
				seen.table[slot] = at
			}
		}
	}
	slot, there := s.find(name, seen.table)
	if there {
		return false
	}
	seen.table[slot] = uint32(from)
	seen.count++
	return true
}

// find looks for a name in a table and returns its slot, or the free one that
// it belongs into.
func (s *Scanner) find(name []byte, table []uint32) (slot int, there bool) {
	var buf [64]byte
	text := name
	if bytes.IndexByte(name, '\\') >= 0 {
		text = AppendUnescaped(buf[:0], name)
	}
	last := len(table) - 1
	slot = int(maphash.Bytes(nameSeed, text)) & last
	for ; table[slot] != 0; slot = (slot + 1) & last {
		if s.isName(int(table[slot]), text) {
			return slot, true
		}
	}
	return slot, false
}

// isName reports whether the name that begins at from stands for the text.
func (s *Scanner) isName(from int, text []byte) bool {
	if rest := s.b[from:]; len(rest) > len(text) && rest[len(text)] == '"' && string(rest[:len(text)]) == string(text) {
		return bytes.IndexByte(text, '\\') < 0
	}
	name := s.nameAt(from)
	if bytes.IndexByte(name, '\\') < 0 {
		return string(name) == string(text)
	}
	var buf [64]byte
	return string(AppendUnescaped(buf[:0], name)) == string(text)
}

// nameAt returns the name that begins at from, which has been read before.
func (s *Scanner) nameAt(from int) []byte {
	i := from
	for s.b[i] != '"' {
		if s.b[i] == '\\' {
			i++
		}
		i++
	}
	return s.b[from:i]
}

// markOf returns one of 64 bits, most often different ones for the names of a
// record.
func markOf(name []byte) uint64 {
	if len(name) == 0 {
		return 1
	}
	first, last := uint(name[0]), uint(name[len(name)-1])
	return 1 << ((uint(len(name)) + 3*first + 11*last) % 64)
}
