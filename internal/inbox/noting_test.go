package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/inbox"
)

func TestNotingKeepsTheStatusOfTheLastAttempt(t *testing.T) {
	box, err := inbox.Open(filepath.Join(t.TempDir(), "labelhook.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	var forward error
	handler := box.Noting(core.All(box, core.HandlerFunc(func(context.Context, *core.Delivery) error { return forward })))
	header := core.Header(noHeader{})
	down := errors.New("down")
	for i, step := range []struct {
		forward error
		status  inbox.Status
	}{
		{down, inbox.Failed},
		{core.Permanent(down), inbox.Failed},
		{nil, inbox.Accepted},
		{down, inbox.Failed},
		{core.ErrIgnored, inbox.Accepted},
	} {
		forward = step.forward
		err := handler.Handle(t.Context(), core.Identify(header, []byte(`{"modelRunId":"run"}`)))
		if failed := step.status == inbox.Failed; (err != nil) != failed || core.IsPermanent(err) != core.IsPermanent(step.forward) {
			t.Errorf("attempt %d: %v", i, err)
		}
		for r, err := range box.List(t.Context(), inbox.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != step.status || r.Repeats != i {
				t.Errorf("attempt %d: status %s, %d repeats", i, r.Status, r.Repeats)
			}
		}
	}
}

// Where the inbox itself failed there is nothing to note the failure at.
func TestNotingWithoutARecord(t *testing.T) {
	box, err := inbox.Open(filepath.Join(t.TempDir(), "labelhook.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	down := errors.New("down")
	handler := box.Noting(core.HandlerFunc(func(context.Context, *core.Delivery) error { return down }))
	if err := handler.Handle(t.Context(), core.Identify(noHeader{}, []byte("{}"))); err != down {
		t.Errorf("got %v, want %v", err, down)
	}
}

// What a process that dies leaves behind is what was known before: the status
// is noted with the delivery, not after it has been passed on.
func TestNotingIsPendingUntilAllHaveIt(t *testing.T) {
	folder := t.TempDir()
	var boxes [2]*inbox.Inbox
	for i := range boxes {
		var err error
		if boxes[i], err = inbox.Open(filepath.Join(folder, string(rune('a'+i)))); err != nil {
			t.Fatal(err)
		}
		defer boxes[i].Close()
	}
	statuses := func(box *inbox.Inbox, q inbox.Query) (all []inbox.Status) {
		for r, err := range box.Heads(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r.Status)
		}
		return all
	}
	d := core.Identify(noHeader{}, []byte(`{"modelRunId":"run"}`))
	var during, behind []inbox.Status
	handler := boxes[0].Noting(core.HandlerFunc(func(ctx context.Context, d *core.Delivery) error {
		if err := core.All(boxes[0], boxes[1]).Handle(ctx, d); err != nil {
			return err
		}
		during = statuses(boxes[0], inbox.Query{Status: []inbox.Status{inbox.Failed, inbox.Pending}})
		behind = statuses(boxes[1], inbox.Query{})
		return nil
	}))
	for range 2 { // a repeat is passed on as well
		if err := handler.Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if len(during) != 1 || during[0] != inbox.Pending || len(behind) != 1 || behind[0] != inbox.Accepted {
			t.Errorf("while it is passed on: %q here, %q in an inbox behind", during, behind)
		}
		if after := statuses(boxes[0], inbox.Query{}); len(after) != 1 || after[0] != inbox.Accepted {
			t.Errorf("afterwards: %q", after)
		}
	}
}

func TestCloseWaitsForWhatIsBeingPassedOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labelhook.db")
	box, err := inbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan bool), make(chan bool)
	handler := box.Noting(core.All(box, core.HandlerFunc(func(context.Context, *core.Delivery) error {
		close(begun)
		<-finish
		return errors.New("down")
	})))
	handled, closed := make(chan error), make(chan error)
	go func() { handled <- handler.Handle(t.Context(), core.Identify(noHeader{}, []byte("{}"))) }()
	<-begun
	go func() { closed <- box.Close() }()
	for { // until the close has begun
		if err := box.Noting(core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })).Handle(t.Context(), nil); errors.Is(err, inbox.ErrClosed) {
			break
		}
	}
	close(finish)
	if err := <-handled; err == nil || errors.Is(err, inbox.ErrClosed) {
		t.Errorf("the handler returned %v", err)
	}
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	r, err := inbox.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := r.Count(t.Context(), inbox.Query{Status: []inbox.Status{inbox.Failed}}); n != 1 || err != nil {
		t.Errorf("%d deliveries are noted as failed, %v", n, err)
	}
}

type noHeader struct{}

func (noHeader) Values(string) []string { return nil }
