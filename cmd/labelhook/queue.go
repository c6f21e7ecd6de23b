package main

import (
	"errors"
	"io"
	"sync"
	"time"
)

const (
	// queueSize is how much may wait to be printed, in bytes.
	queueSize = 1 << 20

	// writeSize is how much of it is printed at once, in bytes.
	writeSize = 32 << 10

	// printPatience is how long a line is waited for that must be printed, and at
	// the end of the process for all.
	printPatience = 5 * time.Second
	lastPatience  = time.Second
)

var errUnread = errors.New("the output is not read")

// queue prints lines aside, so that no answer waits for an output that is not read.
// When too much waits, lines are dropped and counted; once there is room again,
// report is called with their number.
type queue struct {
	to     io.Writer
	report func(dropped int)

	mu      sync.Mutex
	lines   []*line
	size    int // bytes in lines
	dropped int
	closed  bool
	broken  bool
	changed *sync.Cond // when there is something to print, or the end
	ended   chan struct{}
}

// line is one Write. A caller that waits for it is told what became of it.
type line struct {
	text []byte
	done chan error // nil if no caller waits
}

func newQueue(to io.Writer) *queue {
	q := &queue{to: to, ended: make(chan struct{})}
	q.changed = sync.NewCond(&q.mu)
	go q.print()
	return q
}

// Write takes a line, and never fails.
func (q *queue) Write(p []byte) (int, error) {
	q.put(&line{text: p}, true)
	return len(p), nil
}

// put reports whether there was room for the line.
func (q *queue) put(l *line, droppable bool) bool {
	l.text = append([]byte(nil), l.text...)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.size > 0 && q.size+len(l.text) > queueSize {
		if droppable {
			q.dropped++
		}
		return false
	}
	q.lines, q.size = append(q.lines, l), q.size+len(l.text)
	q.changed.Signal()
	return true
}

// print writes until the queue is closed and empty.
func (q *queue) print() {
	defer close(q.ended)
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case len(q.lines) > 0:
			q.printNext()
		case q.closed:
			return
		case q.dropped > 0 && !q.broken:
			dropped := q.dropped
			q.dropped = 0
			q.mu.Unlock()
			q.report(dropped)
			q.mu.Lock()
		default:
			q.changed.Wait()
		}
	}
}

// printNext does one Write, in which q is not locked.
func (q *queue) printNext() {
	first := q.lines[0]
	text, lines := q.next()
	q.mu.Unlock()
	_, err := q.to.Write(text)
	q.mu.Lock()
	q.lines, q.size = q.lines[lines:], q.size-len(text)
	q.broken = err != nil // a report would break as well, and be reported
	switch {
	case first.done != nil:
		first.done <- err // has room
	case err != nil:
		q.dropped += lines
	}
}

// next returns what is printed in one Write: a line for which somebody waits, or
// as many of the others as have come one after the other.
func (q *queue) next() (text []byte, lines int) {
	for _, l := range q.lines {
		if lines > 0 && (l.done != nil || q.lines[0].done != nil || len(text)+len(l.text) > writeSize) {
			break
		}
		text = append(text, l.text...)
		lines++
	}
	return text, lines
}

// Close prints what waits, if that is possible in a moment, and returns how many
// lines could not be printed.
func (q *queue) Close() (dropped int) {
	q.mu.Lock()
	q.closed = true
	q.changed.Signal()
	q.mu.Unlock()
	select {
	case <-q.ended:
	case <-time.After(lastPatience):
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped + len(q.lines)
}

// certain is the queue for those who must know that their line was printed.
type certain struct{ *queue }

// Write waits until the line is printed, at most for the patience.
func (c certain) Write(p []byte) (int, error) {
	l := &line{text: p, done: make(chan error, 1)}
	if !c.put(l, false) {
		return 0, errUnread
	}
	select {
	case err := <-l.done:
		if err != nil {
			return 0, err
		}
		return len(p), nil
	case <-time.After(printPatience):
		return 0, errUnread
	}
}
