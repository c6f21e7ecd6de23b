package main

import (
	"slices"
	"time"
)

const (
	rounds = 60
	batch  = 4 * time.Millisecond // long against the clock and a garbage collection, short against the machine's moods
)

// comparison is what [interleave] measured.
type comparison struct{ a, b time.Duration } // medians of one call

func (c comparison) ratio() float64 { return float64(c.a) / float64(c.b) }

// interleave measures a and b in turns, A B A B, each for a few milliseconds at
// a time: whatever else the machine does then slows both alike, and the medians
// leave out the rounds in which it hit only one.
func interleave(a, b func()) comparison {
	na, nb := calls(a), calls(b)
	var as, bs []time.Duration
	for range rounds {
		as = append(as, perCall(a, na))
		bs = append(bs, perCall(b, nb))
	}
	return comparison{median(as), median(bs)}
}

// calls returns how many calls of f fill a batch, at least one. It warms f up.
func calls(f func()) int {
	n := 1
	for {
		took := perCall(f, n) * time.Duration(n)
		if took >= batch/2 {
			return max(1, int(float64(n)*float64(batch)/float64(took)))
		}
		n *= 2
	}
}

func perCall(f func(), n int) time.Duration {
	began := time.Now()
	for range n {
		f()
	}
	return time.Since(began) / time.Duration(n)
}

func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
