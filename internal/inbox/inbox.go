package inbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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

	// OnRepeat is told of each delivery that was there already, once it is counted and
	// before Handle returns. It must be set before the first delivery; it may be nil.
	OnRepeat func(d *core.Delivery)

	closing  sync.RWMutex // held for reading while a job is put into the queue, or an attempt begins
	ending   bool         // no new attempts
	closed   bool         // no new jobs
	attempts sync.WaitGroup
}

// Open opens the inbox at path, or creates it with mode 0600. An existing file
// keeps its mode. A file that is no inbox, or a newer one, is left untouched
// and is an error ([ErrNotInbox], [ErrNewer]); so is a damaged one ([ErrDamaged]).
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
	reader, err := find(path)
	if err != nil {
		return nil, err
	}
	w := &writer{path: path}
	if err = reader.check(); err == nil {
		err = w.open()
	}
	if err != nil {
		reader.Close()
		return nil, err
	}
	reader.version = schemaVersion
	reader.db.SetMaxIdleConns(0) // each query opens the file that is there now
	return &Inbox{Reader: reader, writer: w, queue: make(chan *job, queueJobs), drained: make(chan struct{})}, nil
}

// find opens the file at path for reading, creating an empty one if there is
// none. What is no inbox is an error.
func find(path string) (*Reader, error) {
	recoverAside(path)
	exists, err := locate(path)
	if err != nil {
		return nil, err
	}
	if !exists {
		if err := create(path); err != nil {
			return nil, err
		}
	}
	return openReader(path, shared)
}

func (in *Inbox) start() {
	go func() {
		defer close(in.drained)
		in.writer.serve(in.queue)
	}()
}

// String is how the log of a receiver calls the inbox.
func (*Inbox) String() string { return "inbox" }

// Handle implements [core.Handler]. It returns nil once the delivery is
// committed and synced to disk. A delivery whose key is there already is not
// stored again: its repeats are counted, the time of the last one is noted and
// its status is that of the repeat; the headers stay those of the first.
//
// The status is [Accepted], or [Pending] within a handler made by
// [Inbox.Noting], which settles it.
//
// Every error is temporary. When a transaction fails, it fails for all
// deliveries in it. When ctx ends first, its error is returned, and the
// delivery may or may not be stored; a retry is then counted as a repeat.
// After Close the error is [ErrClosed].
func (in *Inbox) Handle(ctx context.Context, d *core.Delivery) error {
	a := in.attemptOf(ctx)
	if a == nil {
		return in.do(ctx, toStore(d, Accepted))
	}
	// Whether it is stored must be known even where the sender has gone, or
	// nobody would settle it.
	err := in.do(context.WithoutCancel(ctx), toStore(d, Pending))
	a.stored.Store(err == nil)
	return err
}

// Status says what is known to have become of a delivery.
type Status string

// The statuses. After a crash a delivery is pending that was being passed on:
// some of those behind the inbox may have it.
const (
	Accepted Status = "accepted" // stored, and passed on where that was asked for
	Pending  Status = "pending"  // stored, and not yet known to be everywhere
	Failed   Status = "failed"   // stored, but passing it on failed
)

// Statuses lists every status in the order of the constants.
func Statuses() []Status { return []Status{Accepted, Pending, Failed} }

// SetStatus notes what became of a stored delivery. It returns nil once the note
// is in the file; unlike a delivery's, it need not be on disk yet, so a power
// failure may leave the status of before. The error matches [ErrNotFound] if the
// delivery is not there.
func (in *Inbox) SetStatus(ctx context.Context, d *core.Delivery, status Status) error {
	if !slices.Contains(Statuses(), status) {
		return fmt.Errorf("inbox %s: no status %q; use one of %q", in.path, status, Statuses())
	}
	return in.do(ctx, &job{delivery: d, status: status, settles: true})
}

// do queues the job and waits for its result.
func (in *Inbox) do(ctx context.Context, j *job) error {
	j.done = make(chan error, 1)
	if err := in.enqueue(ctx, j); err != nil {
		return err
	}
	select {
	case err := <-j.done:
		if err == nil && j.repeat && in.OnRepeat != nil {
			in.OnRepeat(j.delivery)
		}
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
		return in.errClosed()
	}
	select {
	case in.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close waits until every handler of [Inbox.Noting] has ended and noted how, writes what
// is queued, then closes the file. Calling it again does nothing.
func (in *Inbox) Close() error {
	in.closing.Lock()
	in.ending = true
	in.closing.Unlock()
	in.attempts.Wait()

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
	return cmp.Or(in.Reader.Close(), in.writer.stop())
}

func (in *Inbox) errClosed() error {
	return fmt.Errorf("inbox %s: %w; open it again", in.path, ErrClosed)
}
