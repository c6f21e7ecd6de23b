// Package pull takes the deliveries that a cloud's queue or bucket has to this
// machine. A message is taken off its queue only once the handler has its delivery.
package pull

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/worker"
)

// Pull is what to take, and who takes it. Its methods are not to be called
// concurrently.
type Pull struct {
	// Receiver verifies each delivery, and its handler takes it.
	Receiver *core.Receiver
	Overflow destination.Reader // bodies that were too large for a message; nil if there is none

	// Known reports whether the handler has a delivery already, by its key; nil
	// means never. What is known is not handed over again.
	Known func(ctx context.Context, key string) (bool, error)

	Since   time.Time     // by the payload's time; those without one always match
	Event   payload.Event // "" for all
	Project string        // "" for all
	Max     int           // new deliveries; 0 means no limit
	Peek    bool          // leave every message in the queue
	Follow  bool          // wait for more until the context ends

	Step func() // called after each message or object; may be nil

	mu     sync.Mutex
	counts Counts
	keys   map[string]bool // handed over by this one
}

// Counts is what became of the messages or objects.
type Counts struct {
	New        int `json:"new"`
	Known      int `json:"known"`      // handed over before, by this or an earlier run
	Unverified int `json:"unverified"` // of the new: without a signature, or without a secret to verify it
	Left       int `json:"left"`       // not asked for, so left where they are
	Foreign    int `json:"foreign"`    // no labelhook has written them, or in a form that is no delivery
	Refused    int `json:"refused"`    // their signature does not hold
	Failed     int `json:"failed"`     // not readable or not taken now
}

// Trouble is how many were to be taken and were not.
func (c Counts) Trouble() int { return c.Foreign + c.Refused + c.Failed }

// outcome is what became of one.
type outcome int

const (
	isNew outcome = iota
	isKnown
	isLeft
	isForeign
	isRefused
	isFailed
)

// Queue takes the messages of a queue until none comes for a few seconds, or with
// Follow until ctx ends. What it has begun it finishes.
func (p *Pull) Queue(ctx context.Context, q destination.Queue) (Counts, error) {
	var kept []destination.Received // for others to have at the end
	defer func() {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		for _, m := range kept {
			m.Back(back) // a failure means that it comes back later
		}
	}()
	seen := map[string]bool{}
	for !p.full() && ctx.Err() == nil {
		batch, err := q.Receive(ctx, p.room(), p.wait())
		if err != nil && ctx.Err() == nil {
			return p.counts, err
		}
		again := len(slices.DeleteFunc(slices.Clone(batch), func(m destination.Received) bool { return seen[m.ID] })) == 0
		if again && !p.Follow {
			kept = append(kept, batch...)
			break // there is none, or only what has been left before
		}
		for _, m := range p.takeMessages(context.WithoutCancel(ctx), batch, seen) {
			if seen[m.ID] = true; len(kept) < maxKept && !p.Follow {
				kept = append(kept, m)
			}
		}
	}
	return p.counts, nil
}

const (
	atOnce  = 16
	maxKept = 10_000
	idle    = 3 * time.Second  // after which a queue is taken for empty
	patient = 20 * time.Second // for one call, when more is waited for
	between = 10 * time.Second // looks into a bucket
)

func (p *Pull) wait() time.Duration {
	if p.Follow {
		return patient
	}
	return idle
}

// room is how many may be asked for.
func (p *Pull) room() int {
	if p.Max > 0 {
		return min(atOnce, p.Max-p.counts.New)
	}
	return atOnce
}

func (p *Pull) full() bool { return p.Max > 0 && p.counts.New >= p.Max }

// takeMessages returns those that stay in the queue. Those seen before are not
// counted again.
func (p *Pull) takeMessages(ctx context.Context, batch []destination.Received, seen map[string]bool) (stay []destination.Received) {
	var all sync.WaitGroup
	for _, m := range batch {
		counted := !seen[m.ID]
		all.Go(func() {
			became := p.take(ctx, worker.Message{ID: m.ID, Read: m.Read}, counted)
			if !p.Peek && (became == isNew || became == isKnown) && m.Done(ctx) == nil {
				return
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			stay = append(stay, m)
		})
	}
	all.Wait()
	return stay
}

// take hands one delivery over.
func (p *Pull) take(ctx context.Context, m worker.Message, counted bool) outcome {
	became, unverified := p.handOver(ctx, m)
	p.mu.Lock()
	defer p.mu.Unlock()
	if unverified {
		p.counts.Unverified++
	}
	if counted || became == isNew {
		p.count(became)
	}
	return became
}

func (p *Pull) count(became outcome) {
	*[...]*int{&p.counts.New, &p.counts.Known, &p.counts.Left, &p.counts.Foreign, &p.counts.Refused, &p.counts.Failed}[became]++
	if p.Step != nil {
		p.Step()
	}
}

func (p *Pull) handOver(ctx context.Context, m worker.Message) (became outcome, unverified bool) {
	w := worker.Worker{Receiver: p.Receiver, Overflow: p.Overflow}
	d, err := w.Read(ctx, m)
	if err == nil {
		known, knownErr := p.isKnown(ctx, d.Key())
		switch {
		case !p.wanted(d):
			return isLeft, false
		case known:
			return isKnown, false
		}
		err = knownErr
	}
	response := p.Receiver.Take(ctx, func() (*core.Delivery, error) { return d, err })
	switch {
	case response.Status == 200:
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.keys == nil {
			p.keys = map[string]bool{}
		}
		p.keys[d.Key()] = true
		return isNew, d.Origin == "unverified" || d.Origin == "unsigned"
	case response.Code == core.CodeForeignMessage:
		return isForeign, false
	case response.Status == 401:
		return isRefused, false
	}
	return isFailed, false
}

// isKnown reports whether this run or an earlier one has handed a delivery over.
func (p *Pull) isKnown(ctx context.Context, key string) (bool, error) {
	p.mu.Lock()
	taken := p.keys[key]
	p.mu.Unlock()
	if taken || p.Known == nil {
		return taken, nil
	}
	known, err := p.Known(ctx, key)
	return known, err
}

func (p *Pull) wanted(d *core.Delivery) bool {
	return (p.Event == "" || d.Event == p.Event) &&
		(p.Project == "" || d.ProjectID == p.Project) &&
		(d.Time.IsZero() || !d.Time.Before(p.Since))
}
