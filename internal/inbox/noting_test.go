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

type noHeader struct{}

func (noHeader) Values(string) []string { return nil }
