package inbox

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/labelhook/labelhook/core"
)

// queueJobs bounds how many deliveries wait for the next transaction; what
// comes on top waits in its own goroutine for a place.
const queueJobs = 1024

// Inbox stores deliveries and reads them back. Its methods may be called
// concurrently.
type Inbox struct {
	*Reader
	writer  *writer
	queue   chan *job
	drained chan struct{} // closed when the writer has written the last job

	closing sync.RWMutex // held for reading while a job is put into the queue
	closed  bool
}

// Open opens the inbox at path, or creates it with mode 0600. An existing file
// keeps its mode. A file that is no inbox, or a newer one, is left untouched
// and is an error ([ErrNotInbox], [ErrNewer]).
//
// Several processes may have the same inbox open; they take turns to write.
func Open(path string) (*Inbox, error) {
	in, err := openIdle(path)
	if err != nil {
		return nil, err
	}
	in.start()
	return in, nil
}

// openIdle opens an inbox whose queue nobody empties yet.
func openIdle(path string) (*Inbox, error) {
	exists, err := locate(path)
	if err != nil {
		return nil, err
	}
	if !exists {
		if err := create(path); err != nil {
			return nil, err
		}
	}
	reader, empty, err := openReader(path)
	if err != nil {
		return nil, err
	}
	w, err := openWriter(path, empty)
	if err != nil {
		reader.Close()
		return nil, err
	}
	return &Inbox{Reader: reader, writer: w, queue: make(chan *job, queueJobs), drained: make(chan struct{})}, nil
}

func (in *Inbox) start() {
	go func() {
		defer close(in.drained)
		in.writer.run(in.queue)
	}()
}

// String is how the log of a receiver calls the inbox.
func (*Inbox) String() string { return "inbox" }

// Handle implements [core.Handler]. It returns nil once the delivery is
// committed and synced to disk. A delivery whose key is there already is not
// stored again: its repeats are counted, the time of the last one is noted and
// its status is [Accepted]; the headers stay those of the first.
//
// Every error is temporary. When a transaction fails, it fails for all
// deliveries in it. When ctx ends first, its error is returned, and the
// delivery may or may not be stored; a retry is then counted as a repeat.
// After Close the error is [ErrClosed].
func (in *Inbox) Handle(ctx context.Context, d *core.Delivery) error {
	return in.do(ctx, &job{delivery: d, key: d.Key()})
}

// Status says what became of a delivery after it was stored.
type Status string

// The statuses.
const (
	Accepted Status = "accepted" // stored, and passed on where that was asked for
	Failed   Status = "failed"   // stored, but passing it on failed
)

// SetStatus notes what became of the delivery with this whole key, with the
// same promise as Handle. The error matches [ErrNotFound] if there is none.
// The newest deliveries are found at once; the time for others grows with the
// inbox.
func (in *Inbox) SetStatus(ctx context.Context, key string, status Status) error {
	if status != Accepted && status != Failed {
		return fmt.Errorf("inbox %s: no status %q; use %q or %q", in.path, status, Accepted, Failed)
	}
	return in.do(ctx, &job{key: key, status: status})
}

// do queues the job and waits for its result.
func (in *Inbox) do(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	if err := in.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (in *Inbox) enqueue(ctx context.Context, j *job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	in.closing.RLock()
	defer in.closing.RUnlock()
	if in.closed {
		return fmt.Errorf("inbox %s: %w; open it again", in.path, ErrClosed)
	}
	select {
	case in.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close writes what is queued, then closes the file. Calling it again does
// nothing.
func (in *Inbox) Close() error {
	in.closing.Lock()
	first := !in.closed
	in.closed = true
	if first {
		close(in.queue)
	}
	in.closing.Unlock()
	<-in.drained
	if !first {
		return nil
	}
	return cmp.Or(in.Reader.Close(), in.writer.close())
}
