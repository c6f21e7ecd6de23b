package conformance

import "slices"

// Onwards are genuine cases for the way through a receiver, a queue or a bucket,
// and a worker: each arrives at the end as it would without these between. large is
// the size of a body that the queue has no room for, 0 if there is none; receiver and
// worker must then be started with a LABELHOOK_MAX_BODY of as much, and with a
// bucket as LABELHOOK_OVERFLOW.
func Onwards(large int) []Case {
	cases := slices.DeleteFunc(slices.Concat(genuine(), bodies(), events(), requests()), func(c Case) bool {
		return c.Want.Code != Accepted || c.Framing == Chunked
	})
	if large > 0 {
		cases = append(cases, delivery("too large for a message").body(padded("too large for a message", large)))
	}
	return cases
}

// Genuine is one case of that name, to stand beside a message that no labelhook wrote.
func Genuine(name string) Case { return delivery(name) }
