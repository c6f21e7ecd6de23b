package nethttp

import (
	"slices"
	"sync"
	"time"

	"github.com/labelhook/labelhook/core"
)

const (
	// piece is what a body gets without more ado, in bytes. Most are no larger.
	piece = 64 << 10

	// first is what one whose length was not declared begins with, and growth by
	// how much it gets more each time, up to the limit.
	first  = 8 << 10
	growth = 8

	// reserve is what the pieces have for themselves, so that no number of large
	// bodies keeps a small one out.
	reserve = 8 << 20

	// patience is how long a body waits for room.
	patience = 5 * time.Second

	// slow is how long the next piece may take to come while others wait for
	// room: who is slower gives it up.
	slow = time.Second

	// lookEvery is how often it is seen who is slow, while anybody waits.
	lookEvery = slow / 4
)

// Room returns the bytes that all bodies of one [Handler] may take at one time,
// from when they are read until they are answered, where each may have limit
// bytes. To that come net/http's buffers of each connection, and whatever the
// receiver's handler makes of a body.
func Room(limit int) int { return reserve + max(32<<20, 2*limit) }

// room hands out memory for bodies, which anyone can claim to send: the
// signature is known only when the whole body is. Those who are slow to fill
// what they have been given lose it to those who wait, and those who wait for
// more lose it to those who need less.
type room struct {
	mu      sync.Mutex
	free    int // may be below zero for none
	leaving int // bytes of those who have been told to give up
	filling map[*claim]bool
	waiting []*claim // who needs least first; of those who need the same, the newest
	looking bool
}

func newRoom(limit int) *room {
	return &room{free: Room(limit), filling: map[*claim]bool{}}
}

// claim is what one body takes.
type claim struct {
	room   *room
	giveUp func() // makes the reading end
	bytes  int
	filled int       // bytes that have come
	since  time.Time // when the last whole piece had
	told   bool      // to give up

	need   int // while it waits
	spare  int // what it has to leave
	answer chan bool
}

// fits reports whether c can have what it needs.
func (r *room) fits(c *claim) bool { return r.free-c.need >= c.spare }

// take waits until there is room for n bytes more, at most for the patience.
func (c *claim) take(n int) error {
	r := c.room
	r.mu.Lock()
	c.need, c.spare = n, 0
	if c.bytes+n > piece {
		c.spare = reserve
	}
	if r.fits(c) {
		r.grant(c)
		r.mu.Unlock()
		return nil
	}
	delete(r.filling, c)
	c.answer = make(chan bool, 1)
	at, _ := slices.BinarySearchFunc(r.waiting, c.need, func(w *claim, need int) int { return w.need - need })
	r.waiting = slices.Insert(r.waiting, at, c)
	if !r.looking {
		r.look()
	}
	r.mu.Unlock()

	granted := false
	select {
	case granted = <-c.answer:
	case <-time.After(patience):
		r.mu.Lock()
		waited := r.stopWaiting(c)
		r.mu.Unlock()
		granted = !waited && <-c.answer
	}
	if !granted {
		return core.ErrOverloaded
	}
	return nil
}

// grant gives c what it needs.
func (r *room) grant(c *claim) {
	r.free -= c.need
	c.bytes += c.need
	c.since = time.Now()
	r.filling[c] = true
}

// stopWaiting reports whether c was still waiting.
func (r *room) stopWaiting(c *claim) bool {
	at := slices.Index(r.waiting, c)
	if at >= 0 {
		r.waiting = slices.Delete(r.waiting, at, at+1)
	}
	return at >= 0
}

// look has others give up until there will be room for those who wait, and
// comes back while there are any. Those who are slow give up first, the slowest
// before others; then those who wait for more, if what they have is enough.
func (r *room) look() {
	r.looking = len(r.waiting) > 0
	if !r.looking {
		return
	}
	time.AfterFunc(lookEvery, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.look()
	})
	now := time.Now()
	var sluggish []*claim
	for c := range r.filling {
		if now.Sub(c.since) >= slow {
			sluggish = append(sluggish, c)
		}
	}
	slices.SortFunc(sluggish, func(a, b *claim) int { return a.since.Compare(b.since) })
	promised := 0
	for _, c := range slices.Clone(r.waiting) {
		if c.told {
			continue
		}
		missing := func() int { return c.spare + c.need + promised - r.free - r.leaving }
		for missing() > 0 && len(sluggish) > 0 {
			delete(r.filling, sluggish[0])
			r.leave(sluggish[0])
			sluggish[0].giveUp()
			sluggish = sluggish[1:]
		}
		var greedier []*claim
		enough := 0
		for i := len(r.waiting) - 1; i >= 0 && r.waiting[i].need > c.need && enough < missing(); i-- {
			greedier = append(greedier, r.waiting[i])
			enough += r.waiting[i].bytes
		}
		if enough < missing() {
			return
		}
		for _, g := range greedier {
			r.stopWaiting(g)
			r.leave(g)
			g.answer <- false
		}
		promised += c.need
	}
}

// leave notes that c has been told to give up.
func (r *room) leave(c *claim) {
	c.told = true
	r.leaving += c.bytes
}

// came notes how much of the body has.
func (c *claim) came(filled int) {
	if filled < c.filled+piece {
		return
	}
	c.room.mu.Lock()
	c.filled, c.since = filled, time.Now()
	c.room.mu.Unlock()
}

// complete ends the reading: what is there is n bytes, and nobody takes it away
// any more. It reports whether that had been tried.
func (c *claim) complete(n int) (told bool) {
	r := c.room
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.filling, c)
	r.giveBack(c, c.bytes-n)
	return c.told
}

// release gives everything back.
func (c *claim) release() {
	c.complete(0)
}

func (r *room) giveBack(c *claim, n int) {
	if n <= 0 {
		return
	}
	c.bytes -= n
	r.free += n
	if c.told {
		r.leaving -= n
	}
	for len(r.waiting) > 0 && r.fits(r.waiting[0]) {
		w := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.grant(w)
		w.answer <- true
	}
}
