package jsonscan

import (
	"slices"
	"unsafe"
)

// What is decoded may take this many bytes of memory for each byte of JSON, and
// the first so many for free. A label as Labelbox makes it takes one or two; the
// largest body that is received by default, made to take the most, fits into a
// function of 256 MB.
const (
	memoryPerByte = 8
	memoryForFree = 1 << 20
)

// Afford reports whether the JSON read so far pays for n more bytes of memory,
// and takes them if so. Code that makes something of a list's items asks first:
// a list of a million numbers must not become a million structs.
func (s *Scanner) Afford(n int) bool {
	if s.spent+n > memoryForFree+memoryPerByte*s.i {
		return false
	}
	s.spent += n
	return true
}

// MustAfford ends the walk with an error where afford would say no.
func (s *Scanner) MustAfford(n int) bool {
	if !s.Afford(n) {
		s.Fail()
		s.crowded = true
	}
	return !s.crowded
}

// Room makes room in a long list for what is still to come, as far as the share
// of the JSON read so far tells, so that the list is not copied over and over,
// and never for more than can be afforded.
func Room[T any](list []T, s *Scanner) []T {
	n := len(list)
	if n < cap(list) || n < 64 {
		return list
	}
	var item T
	total := int(1.02 * float64(n) * float64(len(s.b)) / float64(s.i+1))
	limit := 1 + (memoryForFree+memoryPerByte*len(s.b)-s.spent)/int(unsafe.Sizeof(item))
	return slices.Grow(list, max(1, min(max(n/4, min(total-n+1, 15*n)), limit)))
}
