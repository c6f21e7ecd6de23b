package inbox

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
)

// BenchmarkHandle measures how many deliveries of 2.4 KB an inbox takes. Making
// and identifying them counts as well. Each "N waiting" has N senders that send
// their next delivery when the last is on disk.
//
// "alone" is the baseline: one transaction a delivery. In "at the same time"
// all payloads have one time, which no real stream has and which robs the index
// on keys of its order.
func BenchmarkHandle(b *testing.B) {
	for _, senders := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprintf("%d waiting", senders), func(b *testing.B) {
			in := open(b)
			var n atomic.Int64
			benchmarkSenders(b, senders, func(ctx context.Context) error { return in.Handle(ctx, recent(n.Add(1))) })
			b.ReportMetric(float64(b.N)/float64(in.writer.commits.Load()), "deliveries/commit")
		})
	}
	b.Run("64 waiting, at the same time", func(b *testing.B) {
		in := open(b)
		var n atomic.Int64
		benchmarkSenders(b, 64, func(ctx context.Context) error { return in.Handle(ctx, unique(n.Add(1), 0)) })
	})
	b.Run("64 waiting, alone", func(b *testing.B) {
		in := open(b)
		var n atomic.Int64
		var turn sync.Mutex
		benchmarkSenders(b, 64, func(ctx context.Context) error {
			d := recent(n.Add(1))
			turn.Lock()
			defer turn.Unlock()
			return in.Handle(ctx, d)
		})
	})
}

func benchmarkSenders(b *testing.B, senders int, send func(context.Context) error) {
	b.ReportAllocs()
	waits := make([][]time.Duration, senders)
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range senders {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				start := time.Now()
				if err := send(context.Background()); err != nil {
					b.Error(err)
					return
				}
				waits[i] = append(waits[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(waits...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "max-ms")
}

var (
	sample              = samples.Documented()[0].Body()
	beforeID, rest, _   = bytes.Cut(sample, []byte(`"id": "`))
	beforeTime, tail, _ = bytes.Cut(rest, []byte(`"updated_at": "2024-05-06T17:18:48Z"`))
	sent                = http.Header{
		core.IDHeader:        {"5d1f3a9a-3f0c-4d6e-9e39-4b0a3f6f2c11"},
		core.EventHeader:     {"LABEL_CREATED"},
		core.SignatureHeader: {"sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"},
		"Content-Type":       {"application/json"},
	}
)

// recent is a delivery of a stream: each is of another time, about as they come.
func recent(n int64) *core.Delivery { return unique(n, n) }

// unique returns the sample label with an id of its own, last updated so many
// milliseconds after a fixed moment.
func unique(n, milliseconds int64) *core.Delivery {
	body := make([]byte, 0, len(sample)+64)
	body = append(append(body, beforeID...), `"id": "`...)
	body = append(strconv.AppendInt(body, n, 10), '-')
	body = append(body, beforeTime...)
	body = time.UnixMilli(1795000000000+milliseconds).UTC().AppendFormat(body, `"updated_at": "2006-01-02T15:04:05.000Z"`)
	return core.Identify(sent, append(body, tail...))
}
