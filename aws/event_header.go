package aws

import (
	"bytes"
	"iter"
)

// header holds the headers of an event as they stand in it, names in any case.
// It shares the event's memory until it is told to keep them.
type header struct {
	multi  []field // of multiValueHeaders, where there are any, in the order they were sent
	single []field // of headers; a header that was sent twice is joined by commas, or only its last one is here

	found []string  // what was looked up so far
	room  [6]string // for found, usually
}

type field struct{ name, value []byte }

// Values implements [core.Header]. Names that differ in case, and a header in
// both of an event's maps, are values of one header.
func (h *header) Values(name string) []string {
	if h.found == nil {
		h.found = h.room[:0]
	}
	from := len(h.found)
	for _, fields := range [...][]field{h.multi, h.single} {
		for _, f := range fields {
			// Of the same length, because Unicode has a long s that folds to s.
			if len(f.name) == len(name) && bytes.EqualFold(f.name, []byte(name)) {
				h.found = append(h.found, string(f.value))
			}
		}
	}
	to := len(h.found)
	if from == to {
		return nil
	}
	return h.found[from:to:to]
}

// Keep implements [core.Keeper].
func (h *header) Keep() {
	size := 0
	for _, fields := range [...][]field{h.multi, h.single} {
		for _, f := range fields {
			size += len(f.name) + len(f.value)
		}
	}
	own := make([]byte, 0, size)
	keep := func(shared []byte) []byte {
		own = append(own, shared...)
		return own[len(own)-len(shared):]
	}
	for _, fields := range [...][]field{h.multi, h.single} {
		for i, f := range fields {
			fields[i] = field{keep(f.name), keep(f.value)}
		}
	}
}

// Names implements [core.Lister].
func (h *header) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, fields := range [...][]field{h.multi, h.single} {
			for _, f := range fields {
				if !yield(string(f.name)) {
					return
				}
			}
		}
	}
}
