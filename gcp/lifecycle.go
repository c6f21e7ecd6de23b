package gcp

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Cloud Run kills an instance ten seconds after SIGTERM
// (https://cloud.google.com/run/docs/container-contract#instance-shutdown).
const (
	// graceTime is how long requests may go on undisturbed after SIGTERM.
	graceTime = 6 * time.Second
	// answerTime is how long they then have to answer, their contexts ended.
	answerTime = 1500 * time.Millisecond
	// lookEvery is how often a stop looks whether anything is under way, and so
	// also how long it waits for a request that is on its way in.
	lookEvery = 50 * time.Millisecond
)

var errStopping = errors.New("the instance is being stopped")

// lifecycle knows how many requests are under way, so that the process does not
// end before they are answered: the framework ends with SIGTERM, at once. Package
// server has an end like this, but here the framework owns the server.
type lifecycle struct {
	underWay atomic.Int64
	ending   context.Context // ends when requests must come to an end
	end      context.CancelFunc
	once     sync.Once
}

// process is the lifecycle of this one. It does nothing before [Register].
var process = newLifecycle()

func newLifecycle() *lifecycle {
	l := &lifecycle{}
	l.ending, l.end = context.WithCancel(context.Background())
	return l
}

// count returns next with its requests counted until their answers are sent.
func (l *lifecycle) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.underWay.Add(1)
		defer l.underWay.Add(-1)
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer context.AfterFunc(l.ending, func() { cancel(errStopping) })()
		next.ServeHTTP(w, r.WithContext(ctx))
		http.NewResponseController(w).Flush() // net/http would send the answer after this function, perhaps never
	})
}

// endOnSIGTERM lets SIGTERM end the process, once all is answered: with status
// 0, or 1 if something would not be.
func (l *lifecycle) endOnSIGTERM(log *slog.Logger) {
	l.once.Do(func() {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		go func() {
			<-stop
			left := l.drain()
			core.FlushLog()
			if left > 0 {
				log.Error("stopped with requests left unanswered", "requests", left)
				os.Exit(1)
			}
			os.Exit(0)
		}()
	})
}

// drain waits for the requests under way, at most for graceTime and answerTime,
// and returns how many are left.
func (l *lifecycle) drain() (left int64) {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	hurry := time.AfterFunc(graceTime, l.end)
	defer hurry.Stop()
	giveUp := time.After(graceTime + answerTime)
	for {
		select {
		case <-look.C:
			if l.underWay.Load() == 0 {
				return 0
			}
		case <-giveUp:
			return l.underWay.Load()
		}
	}
}
