package main

import (
	"slices"
	"syscall"
	"time"
)

const (
	rounds = 101
	batch  = 3 * time.Millisecond // long against what measuring takes, short against the machine's moods
)

// turns is what [inTurns] measured: for each round how much CPU time one call
// of each function took.
type turns [][]time.Duration

// inTurns measures the functions one after the other, round by round, each for a
// few milliseconds at a time: whatever slows the CPU then slows all of them
// alike.
func inTurns(functions ...func()) turns {
	n := make([]int, len(functions))
	for i, f := range functions {
		n[i] = calls(f)
	}
	measured := make(turns, rounds)
	for r := range measured {
		for i, f := range functions {
			measured[r] = append(measured[r], perCall(f, n[i]))
		}
	}
	return measured
}

// figure is the median over the rounds of what is computed of one round. That
// leaves out the rounds in which something hit only one function.
func (t turns) figure(of func(round []time.Duration) float64) float64 {
	var figures []float64
	for _, round := range t {
		figures = append(figures, of(round))
	}
	return median(figures)
}

// typical is the median of one function's times, for people.
func (t turns) typical(function int) time.Duration {
	var times []time.Duration
	for _, round := range t {
		times = append(times, round[function])
	}
	return short(median(times))
}

// beyond is how much longer the first function takes than the parts of it, in
// times of a yardstick.
func beyond(total time.Duration, yardstick time.Duration, parts ...time.Duration) float64 {
	for _, part := range parts {
		total -= part
	}
	return float64(total) / float64(yardstick)
}

func short(d time.Duration) time.Duration { return d.Round(10 * time.Nanosecond) }

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
	began := spent()
	for range n {
		f()
	}
	return (spent() - began) / time.Duration(n)
}

// spent is the CPU time of this process, collector and all. Unlike a clock it
// does not go on while other programs have the CPU.
func spent() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // no system that has it refuses
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
