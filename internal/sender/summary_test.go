package sender

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestPercentilesAreExactToAHundredth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, next := range map[string]func(i int) time.Duration{
		"one only":      func(int) time.Duration { return 1234567 * time.Nanosecond },
		"rising":        func(i int) time.Duration { return time.Duration(i+1) * time.Microsecond },
		"milliseconds":  func(int) time.Duration { return time.Duration(random.Int64N(int64(50 * time.Millisecond))) },
		"a few seconds": func(int) time.Duration { return time.Duration(random.Int64N(int64(30 * time.Second))) },
		"over all orders": func(int) time.Duration {
			return time.Duration(math.Exp(random.Float64()*math.Log(float64(time.Hour)))) + time.Microsecond
		},
	} {
		for _, n := range []int{1, 2, 3, 99, 100, 101, 5000} {
			var h histogram
			var all []time.Duration
			for i := range n {
				all = append(all, next(i))
				h.add(all[i])
			}
			slices.Sort(all)
			got := h.percentiles()
			for _, p := range []struct {
				percent int
				got     time.Duration
			}{{50, got.P50}, {90, got.P90}, {99, got.P99}, {100, got.Max}} {
				want := all[(n*p.percent+99)/100-1]
				// A microsecond is as fine as it gets.
				if off := (p.got - want).Abs(); off > want/100+time.Microsecond {
					t.Errorf("%s: p%d of %d is %v, want %v", name, p.percent, n, p.got, want)
				}
			}
			if got.Max != all[n-1] || got.P99 > got.Max {
				t.Errorf("%s: the largest of %d is %v, want %v (p99 %v)", name, n, got.Max, all[n-1], got.P99)
			}
		}
	}
}

func TestEveryLatencyHasABucket(t *testing.T) {
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1, time.Microsecond, 255 * time.Microsecond, 256 * time.Microsecond, 1000 * time.Hour} {
		var h histogram
		h.add(d)
		if got := h.percentiles(); got.Max != max(d, 0) || got.P50 > got.Max || got.P50 < 0 {
			t.Errorf("%v became %+v", d, got)
		}
	}
}

func TestPerSecond(t *testing.T) {
	if got := (Summary{Sent: 10, Elapsed: 2 * time.Second}).PerSecond(); got != 5 {
		t.Errorf("got %v", got)
	}
	if got := (Summary{}).PerSecond(); got != 0 {
		t.Errorf("got %v for nothing", got)
	}
}
