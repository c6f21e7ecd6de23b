package sender

import (
	"math/bits"
	"time"

	"github.com/labelhook/labelhook/internal/httpclient"
)

// Summary is what became of many requests.
type Summary struct {
	Sent        int            // requests that were answered or failed
	OK          int            // those answered 2xx
	Statuses    map[int]int    // answers by status
	Errors      map[string]int // requests without an answer, by [httpclient.Reason]
	Retries     int            // how many times one was sent again
	Elapsed     time.Duration
	Interrupted bool // the context ended first
	Latency     Percentiles
}

// Percentiles are latencies of the answered requests, exact to a hundredth.
// They are zero if there were none.
type Percentiles struct{ P50, P90, P99, Max time.Duration }

// PerSecond is the number of requests sent in a second.
func (s Summary) PerSecond() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return float64(s.Sent) / s.Elapsed.Seconds()
}

func newSummary() Summary {
	return Summary{Statuses: map[int]int{}, Errors: map[string]int{}}
}

func (s *Summary) add(r Result) {
	s.Sent++
	s.Retries += r.Retries
	switch {
	case r.Err != nil:
		s.Errors[httpclient.Reason(r.Err)]++
		return
	case r.OK():
		s.OK++
	}
	s.Statuses[r.Status]++
}

// histogram counts latencies in buckets that are a microsecond wide at first
// and a 128th of their value further up, so any number of them takes the same
// memory.
type histogram struct {
	counts [histogramBuckets]uint64
	total  uint64
	max    time.Duration
}

const (
	histogramSteps   = 128
	histogramBuckets = (64-8)*histogramSteps + 2*histogramSteps
)

func (h *histogram) add(d time.Duration) {
	h.counts[bucketOf(uint64(max(d, 0)/time.Microsecond))]++
	h.total++
	h.max = max(h.max, d)
}

func bucketOf(micros uint64) int {
	shift := max(bits.Len64(micros)-8, 0)
	return shift*histogramSteps + int(micros>>shift)
}

// ceiling is the largest latency of a bucket.
func ceiling(bucket int) time.Duration {
	if bucket < 2*histogramSteps {
		return time.Duration(bucket) * time.Microsecond
	}
	shift := bucket/histogramSteps - 1
	return time.Duration((bucket%histogramSteps+histogramSteps+1)<<shift-1) * time.Microsecond
}

func (h *histogram) percentiles() Percentiles {
	return Percentiles{h.percentile(50), h.percentile(90), h.percentile(99), h.max}
}

func (h *histogram) percentile(p uint64) time.Duration {
	rank := (h.total*p + 99) / 100 // rounded up: the first latency that p percent do not exceed
	var seen uint64
	for bucket, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(ceiling(bucket), h.max)
		}
	}
	return 0
}
