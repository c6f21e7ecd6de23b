package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// An output that is not read delays nobody; what did not fit is counted, and said
// once it is read again.
func TestQueueDropsWhatIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		q := newQueue(in)
		q.report = func(dropped int) { fmt.Fprintf(q, "dropped %d\n", dropped) }
		began := time.Now()
		text := strings.Repeat("x", 1023) + "\n"
		for range 5000 {
			io.WriteString(q, text)
		}
		if took := time.Since(began); took > 0 {
			t.Errorf("the writer waited %s", took)
		}
		var read bytes.Buffer
		done := make(chan struct{})
		go func() { io.Copy(&read, out); close(done) }()
		synctest.Wait()
		lost := q.Close()
		in.Close()
		<-done
		if lost != 0 || strings.Count(read.String(), text) != queueSize/1024 || !strings.HasSuffix(read.String(), fmt.Sprintf("dropped %d\n", 5000-queueSize/1024)) {
			t.Errorf("%d lost, %d lines read, the last %q", lost, strings.Count(read.String(), "\n"), read.String()[read.Len()-20:])
		}
	})
}

// The end does not wait for a reader either.
func TestQueueEndsUnread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		q := newQueue(in)
		for range 3 {
			io.WriteString(q, "line\n")
		}
		if lost := q.Close(); lost != 3 {
			t.Errorf("%d lost", lost)
		}
		out.Close()
	})
}

// Who must know that a line was printed is told so only then.
func TestQueueCertain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, in := io.Pipe()
		q := newQueue(in)
		if _, err := io.WriteString(certain{q}, "unread\n"); !errors.Is(err, errUnread) {
			t.Errorf("unread: %v", err)
		}
		go io.Copy(io.Discard, out)
		if n, err := io.WriteString(certain{q}, "read\n"); n != 5 || err != nil {
			t.Errorf("read: %d, %v", n, err)
		}
		out.CloseWithError(errors.New("gone"))
		if _, err := io.WriteString(certain{q}, "broken\n"); err == nil {
			t.Error("a line was printed on an output that is gone")
		}
		io.WriteString(q, "lost\n")
		if lost := q.Close(); lost != 1 {
			t.Errorf("%d lost", lost)
		}
	})
}

// Lines that wait are printed together and in order, but for those that somebody
// waits for.
func TestQueuePrintsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &slowWriter{goOn: make(chan struct{})}
		q := newQueue(out)
		io.WriteString(q, "first\n")
		synctest.Wait() // for the Write that stalls
		for range 3 {
			io.WriteString(q, "more\n")
		}
		told := make(chan error)
		go func() { _, err := io.WriteString(certain{q}, "certain\n"); told <- err }()
		synctest.Wait()
		io.WriteString(q, "last\n")
		io.WriteString(q, strings.Repeat("x", writeSize))
		close(out.goOn)
		if err := <-told; err != nil {
			t.Error(err)
		}
		if lost := q.Close(); lost != 0 {
			t.Errorf("%d lost", lost)
		}
		want := []string{"first\n", "more\nmore\nmore\n", "certain\n", "last\n", strings.Repeat("x", writeSize)}
		if !slices.Equal(out.writes, want) {
			t.Errorf("%q", out.writes)
		}
	})
}

// slowWriter notes every Write, and stalls until it may go on.
type slowWriter struct {
	goOn   chan struct{}
	writes []string
}

func (w *slowWriter) Write(p []byte) (int, error) {
	<-w.goOn
	w.writes = append(w.writes, string(p))
	return len(p), nil
}
