package pull

import (
	"context"
	"iter"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/worker"
)

// Bucket takes the objects of a bucket in the order of their payloads' times, the
// events side by side, or with Follow looks again and again until ctx ends. What it
// has begun it finishes. Objects whose key is known are not read, and those of other
// names than deliveries have are left.
func (p *Pull) Bucket(ctx context.Context, b destination.Lister) (Counts, error) {
	for since := p.Since; ; since = later(p.Since, time.Now().Add(-48*time.Hour)) {
		if err := p.look(ctx, b, since); err != nil || !p.Follow || p.full() || ctx.Err() != nil {
			return p.counts, err
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// look goes through the bucket once.
func (p *Pull) look(ctx context.Context, b destination.Lister, since time.Time) error {
	var batch []string
	for uri, err := range p.inOrder(ctx, b, since) {
		if err != nil && ctx.Err() == nil {
			return err
		}
		if p.full() || ctx.Err() != nil {
			break
		}
		_, at, key := destination.ParseObjectName(uri)
		if !at.IsZero() && at.Before(since.Truncate(time.Millisecond)) {
			continue
		}
		known := false
		if key != "" {
			if known, err = p.isKnown(ctx, key); err != nil {
				return err
			}
		}
		if key == "" || known {
			p.mu.Lock()
			p.count(map[bool]outcome{true: isKnown, false: isLeft}[known])
			p.mu.Unlock()
			continue
		}
		if batch = append(batch, uri); len(batch) >= p.room() {
			p.takeObjects(context.WithoutCancel(ctx), b, batch)
			batch = batch[:0]
		}
	}
	if !p.full() && ctx.Err() == nil {
		p.takeObjects(context.WithoutCancel(ctx), b, batch)
	}
	return nil
}

func (p *Pull) takeObjects(ctx context.Context, b destination.Lister, uris []string) {
	from := worker.Worker{Receiver: p.Receiver, Sources: []destination.Reader{b}}
	var all sync.WaitGroup
	for _, uri := range uris {
		all.Go(func() { p.take(ctx, worker.Message{ID: path.Base(uri), Read: from.Object(ctx, uri)}, true) })
	}
	all.Wait()
}

// inOrder lists the objects of all events that are asked for. The names of each are
// in order of time, as the bucket lists them; which event's is next is seen by the
// names alone.
func (p *Pull) inOrder(ctx context.Context, b destination.Lister, since time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var lists []*list
		for _, event := range payload.Events() {
			if p.Event != "" && event != p.Event {
				continue
			}
			begin, from := "event="+string(event)+"/", ""
			if !since.IsZero() {
				from = begin + "dt=" + since.UTC().Format(time.DateOnly)
			}
			l := &list{}
			var stop func()
			l.next, stop = iter.Pull2(b.List(ctx, begin, from))
			defer stop()
			lists = append(lists, l)
		}
		for {
			var first *list
			for _, l := range lists {
				if l.fill() && (first == nil || l.err != nil || l.when < first.when) {
					first = l
				}
			}
			if first == nil || !yield(first.uri, first.err) || first.err != nil {
				return
			}
			first.full = false
		}
	}
}

// list is the next object of one event.
type list struct {
	next func() (string, error, bool)
	uri  string
	err  error
	when string // what of the name is in order of time
	full bool
}

// fill reports whether there is one.
func (l *list) fill() bool {
	if !l.full {
		if l.uri, l.err, l.full = l.next(); l.full {
			parts := strings.Split(l.uri, "/")
			l.when = strings.Join(parts[max(0, len(parts)-2):], "/")
		}
	}
	return l.full
}
