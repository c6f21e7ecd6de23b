package gcp

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A stop waits for the requests under way, ends their contexts when time runs
// short, and gives up in time. The times are those of the bubble.
func TestDrain(t *testing.T) {
	for name, test := range map[string]struct {
		handle func(context.Context)
		within [2]time.Duration // how long the stop takes
		left   int64
	}{
		"nothing under way": {nil, [2]time.Duration{0, 100 * time.Millisecond}, 0},
		"a quick one":       {sleep(time.Second), [2]time.Duration{time.Second, 1100 * time.Millisecond}, 0},
		"a slow one":        {sleep(5900 * time.Millisecond), [2]time.Duration{5900 * time.Millisecond, 6 * time.Second}, 0},
		"one that waits for its context": {func(ctx context.Context) { <-ctx.Done() },
			[2]time.Duration{6 * time.Second, 6100 * time.Millisecond}, 0},
		"one that never ends": {sleep(time.Minute), [2]time.Duration{7 * time.Second, 8 * time.Second}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLifecycle()
				defer l.end()
				if test.handle != nil {
					handler := l.count(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { test.handle(r.Context()) }))
					go handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), "POST", "/", nil))
					synctest.Wait()
				}
				began := time.Now()
				left := l.drain()
				if took := time.Since(began); left != test.left || took < test.within[0] || took > test.within[1] {
					t.Errorf("%d left after %s", left, took)
				}
				time.Sleep(time.Hour) // no request outlives the bubble
			})
		})
	}
}

func sleep(d time.Duration) func(context.Context) {
	return func(context.Context) { time.Sleep(d) }
}

// A request that comes while a stop waits for another is answered as well.
func TestDrainAnswersWhatStillComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLifecycle()
		defer l.end()
		var answered atomic.Int64
		handler := l.count(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			time.Sleep(2 * time.Second)
			answered.Add(1)
		}))
		request := httptest.NewRequestWithContext(t.Context(), "POST", "/", nil)
		go handler.ServeHTTP(httptest.NewRecorder(), request)
		go func() {
			time.Sleep(time.Second)
			handler.ServeHTTP(httptest.NewRecorder(), request)
		}()
		synctest.Wait()
		if left := l.drain(); left != 0 || answered.Load() != 2 {
			t.Errorf("%d left, %d answered", left, answered.Load())
		}
	})
}

// An answer is on its way before its request counts as done: net/http alone
// would send it only afterwards.
func TestAnswersAreSentBeforeTheyCount(t *testing.T) {
	l := newLifecycle()
	recorder := httptest.NewRecorder()
	l.count(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("answer")) })).
		ServeHTTP(recorder, httptest.NewRequest("POST", "/", nil))
	if !recorder.Flushed || l.underWay.Load() != 0 {
		t.Errorf("flushed %v, %d under way", recorder.Flushed, l.underWay.Load())
	}
}
