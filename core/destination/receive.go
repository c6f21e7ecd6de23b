package destination

import (
	"context"
	"iter"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Queue is what messages are received from on a machine of one's own. Where a
// cloud calls a function with them, package [github.com/labelhook/labelhook/core/worker]
// takes them.
type Queue interface {
	// Receive returns some messages, at most max. It waits for the first as long as
	// wait says; none after that is no error.
	Receive(ctx context.Context, max int, wait time.Duration) ([]Received, error)
	// String names the queue without anything secret.
	String() string
}

// Received is a message that nobody else gets for some time, until it is done with
// or given back.
type Received struct {
	ID   string
	Read func(fetch Fetch) (*core.Delivery, error) // as that of a worker's message
	Done func(ctx context.Context) error           // takes it off the queue
	Back func(ctx context.Context) error           // lets others have it now
}

// Lister is a bucket whose objects can be listed.
type Lister interface {
	Reader
	// List yields the URIs of the objects whose names, without the bucket's own
	// prefix, begin with a text, in the order of the names and from the first on
	// that is not before from. It ends with the first error.
	List(ctx context.Context, begin, from string) iter.Seq2[string, error]
}
