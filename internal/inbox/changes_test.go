package inbox

import (
	"context"
	"os"
	"testing"
	"time"
)

// next waits for one change.
func next(t *testing.T, changes <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-changes:
	case <-time.After(20 * time.Second):
		t.Fatalf("no change is seen after %s", what)
	}
}

func TestChanges(t *testing.T) {
	in := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	changes, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for range in.Changes(ctx, time.Millisecond) {
			select {
			case changes <- struct{}{}:
			case <-ctx.Done():
			}
		}
	}()
	// Until the first change is seen it is not known whether watching has begun.
	for seen, n := false, 0; !seen; n++ {
		store(t, in, numbered(n))
		select {
		case <-changes:
			seen = true
		case <-time.After(10 * time.Millisecond):
		}
	}
	drain := func() {
		for {
			select {
			case <-changes:
			case <-time.After(50 * time.Millisecond):
				return
			}
		}
	}
	drain()
	store(t, in, numbered(0)) // a repeat
	next(t, changes, "a repeat")
	drain()
	keep(t, in.path, 10, refusal(1, "x"))
	next(t, changes, "a refusal")
	drain()
	if err := os.Rename(in.path, in.path+".old"); err != nil {
		t.Fatal(err)
	}
	_ = in.Handle(t.Context(), numbered(3)) // fails, for the file has gone, and opens another
	store(t, in, numbered(4))
	next(t, changes, "another file has its place")
	cancel()
	<-ended
}
