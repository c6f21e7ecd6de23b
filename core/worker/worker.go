// Package worker puts a [core.Receiver] behind a queue, a bus or a bucket, for
// work that takes longer than a sender waits for its answer: the receiver has put the
// delivery there by a destination, and a worker takes it from there.
//
// StartWorker of package aws or azure, or RegisterWorker of gcp, makes a [Worker] of
// the environment and knows what the cloud hands over. This package is for those who
// read a queue themselves.
//
// A queue delivers at least once. A handler that has seen a delivery knows it by its
// Key.
package worker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Worker takes messages. It may be used from several goroutines once its fields are
// set.
type Worker struct {
	// Receiver verifies each delivery again, has its handler take it, and is told
	// of every message by its Observe. See [core.Receiver.Take].
	Receiver *core.Receiver

	// Overflow is the bucket of bodies that were too large for a message, and the only
	// place where they are looked for; nil means that there is none.
	Overflow destination.Reader

	// Sources are the buckets whose objects are deliveries too. A notification of an
	// object elsewhere is refused.
	Sources []destination.Reader
}

// Message is one message, or one notification of an object.
type Message struct {
	ID    string // what the queue calls it, for the log
	Group string // messages of one group are taken in their order; "" means that the order does not matter

	// Read makes the delivery again, most often by the function Delivery of the
	// destination's package. fetch reads a body in the overflow bucket.
	Read func(fetch destination.Fetch) (*core.Delivery, error)
}

// Take has the receiver take one message. The message is done with only if the
// status is 200; otherwise it must stay in the queue, for a later try or for the
// queue's dead letters.
func (w *Worker) Take(ctx context.Context, m Message) core.Response {
	return w.Receiver.Take(ctx, func() (*core.Delivery, error) { return w.Read(ctx, m) })
}

// Read makes a message's delivery again, and verifies nothing.
func (w *Worker) Read(ctx context.Context, m Message) (*core.Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("message %s: %w: there is no time left for it: %w", m.ID, core.ErrOverloaded, context.Cause(ctx))
	}
	d, err := m.Read(func(uri string) ([]byte, error) { return w.fetch(ctx, uri) })
	if err != nil {
		return nil, fmt.Errorf("message %s: %w", cmp.Or(m.ID, "without an id"), err)
	}
	return d, nil
}

// atOnce is how many messages are taken at the same time.
const atOnce = 10

// TakeAll takes a batch, and returns the answers in its order. Messages without a
// group are taken ten at a time. Of one group none is taken after the first that
// failed, or they would no longer come in order: their answers are zero.
func (w *Worker) TakeAll(ctx context.Context, batch []Message) []core.Response {
	answers := make([]core.Response, len(batch))
	room := make(chan struct{}, atOnce)
	var underWay sync.WaitGroup
	for _, indices := range byGroup(batch) {
		room <- struct{}{}
		underWay.Go(func() {
			defer func() { <-room }()
			for _, i := range indices {
				if answers[i] = w.Take(ctx, batch[i]); answers[i].Status != 200 {
					return
				}
			}
		})
	}
	underWay.Wait()
	return answers
}

// byGroup returns the places in the batch of each group's messages, in order.
func byGroup(batch []Message) (groups [][]int) {
	place := map[string]int{}
	for i, m := range batch {
		at, found := place[m.Group]
		if !found || m.Group == "" {
			at = len(groups)
			place[m.Group] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], i)
	}
	return groups
}

func (w *Worker) fetch(ctx context.Context, uri string) ([]byte, error) {
	if w.Overflow == nil {
		return nil, fmt.Errorf("%w: set LABELHOOK_OVERFLOW to the bucket that the receiver has there", core.ErrBodyUnavailable)
	}
	object, err := w.get(ctx, w.Overflow, uri)
	return object.Content, err
}

// Object makes the Read of a [Message] that is the notification of an object: of
// its absolute URI, in the form that the Locate of one of the Sources gives it.
func (w *Worker) Object(ctx context.Context, uri string) func(destination.Fetch) (*core.Delivery, error) {
	return func(destination.Fetch) (*core.Delivery, error) {
		i := slices.IndexFunc(w.Sources, func(r destination.Reader) bool { return r.Has(uri) })
		if i < 0 {
			return nil, fmt.Errorf("%w: its object is in no bucket of LABELHOOK_SOURCES", core.ErrForeign)
		}
		object, err := w.get(ctx, w.Sources[i], uri)
		if err != nil {
			return nil, err
		}
		return object.Delivery()
	}
}

// get reads only what is the bucket's own: a message is not signed, and may name
// anything.
func (w *Worker) get(ctx context.Context, r destination.Reader, uri string) (destination.Object, error) {
	if !r.Has(uri) {
		return destination.Object{}, fmt.Errorf("%w: it refers to a body that is not in the overflow bucket", core.ErrForeign)
	}
	object, err := r.Get(ctx, uri, w.Receiver.Limit())
	if err != nil {
		return destination.Object{}, fmt.Errorf("%w: %w", core.ErrBodyUnavailable, err)
	}
	return object, nil
}
