package core_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func TestAllNeedsEveryHandler(t *testing.T) {
	busy, no := errors.New("busy"), core.Permanent(errors.New("no"))
	for name, test := range map[string]struct {
		results   []error
		taken     bool
		ignored   bool
		permanent bool
	}{
		"all take":                 {[]error{nil, nil}, true, false, false},
		"one ignores":              {[]error{nil, core.ErrIgnored}, true, false, false},
		"all ignore":               {[]error{core.ErrIgnored, core.ErrIgnored}, false, true, false},
		"none there":               {nil, false, true, false},
		"one fails for now":        {[]error{nil, busy}, false, false, false},
		"one fails for good":       {[]error{nil, no}, false, false, true},
		"for now outweighs good":   {[]error{no, busy}, false, false, false},
		"for good outweighs taken": {[]error{nil, core.ErrIgnored, no}, false, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			var handlers []core.Handler
			for _, err := range test.results {
				handlers = append(handlers, returns(err))
			}
			err := core.All(handlers...).Handle(t.Context(), identified("LABEL_CREATED", sample))
			if (err == nil) != test.taken || errors.Is(err, core.ErrIgnored) != test.ignored || core.IsPermanent(err) != test.permanent {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAllRunsHandlersAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := core.HandlerFunc(func(context.Context, *core.Delivery) error {
			time.Sleep(time.Second)
			return nil
		})
		began := time.Now()
		if err := core.All(slow, slow, slow).Handle(t.Context(), identified("LABEL_CREATED", sample)); err != nil || time.Since(began) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestPermanent(t *testing.T) {
	cause := errors.New("cause")
	if core.Permanent(nil) != nil || !errors.Is(core.Permanent(cause), cause) || !core.IsPermanent(core.Permanent(cause)) || core.IsPermanent(cause) || core.IsPermanent(nil) {
		t.Error("Permanent does not mark its error, or hides it")
	}
}

func TestOnlyLetsTheNamedEventsThrough(t *testing.T) {
	h := core.Only([]payload.Event{payload.LabelCreated}, returns(nil))
	if err := h.Handle(t.Context(), identified("LABEL_CREATED", sample)); err != nil {
		t.Errorf("a named event: %v", err)
	}
	if err := h.Handle(t.Context(), identified("LABEL_UPDATED", sample)); err != core.ErrIgnored {
		t.Errorf("another event: %v", err)
	}
	if err := core.Only(nil, returns(nil)).Handle(t.Context(), identified("LABEL_UPDATED", sample)); err != nil {
		t.Errorf("none named: %v", err)
	}
}

func TestMuxCallsTheFunctionOfTheEvent(t *testing.T) {
	var called []string
	note := func(name, what string) error { called = append(called, name+" "+what); return nil }
	label := func(name string) func(context.Context, *core.Delivery, *payload.LabelEvent) error {
		return func(_ context.Context, _ *core.Delivery, e *payload.LabelEvent) error {
			return note(name, e.DataRow.ID)
		}
	}
	raw := func(name string) func(context.Context, *core.Delivery) error {
		return func(_ context.Context, d *core.Delivery) error { return note(name, string(d.Event)) }
	}
	m := &core.Mux{
		LabelCreated: label("created"), LabelUpdated: label("updated"), LabelDeleted: label("deleted"), Review: raw("review"), Unknown: raw("unknown"),
		WorkflowAction: func(_ context.Context, _ *core.Delivery, e *payload.WorkflowEvent) error {
			return note("workflow", e.Action)
		},
		ModelRunStarted: func(_ context.Context, _ *core.Delivery, e *payload.ModelRunEvent) error {
			return note("model run", e.ModelType)
		},
	}
	for _, s := range samples.All() {
		if err := m.Handle(t.Context(), identified(s.Header, s.Body())); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	broken := identified("LABEL_CREATED", []byte(`{"data_row":{"id":"r"},"a":1,"a":2}`))
	if err := m.Handle(t.Context(), broken); err != nil || broken.Event != payload.LabelCreated {
		t.Errorf("a payload beyond decoding: %v, %s", err, broken.Event)
	}
	want := []string{
		"created clvmpaetz76ct0706730rfcq9", "updated clvmpaetz76ct0706730rfcq9", "deleted clvmpaetz76cp0706m3jw8ww4", "workflow MOVE",
		"created cldbyu7c7n4jp072scuqt66ll", "updated cl2hzfg8g18kw0ztwbtnq0b6q", "deleted cl2hzfg8g18kk0ztwg22ke4vz", "workflow APPROVE",
		"review review.created", "review review.updated", "review review.deleted", "model run image_classification", "unknown unknown",
		"unknown label.created",
	}
	if !slices.Equal(called, want) {
		t.Errorf("called %q\nwant   %q", called, want)
	}
}

func TestMuxIgnoresWhatHasNoFunction(t *testing.T) {
	for _, s := range samples.All() {
		if err := new(core.Mux).Handle(t.Context(), identified(s.Header, s.Body())); err != core.ErrIgnored {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

func TestMuxReturnsWhatTheFunctionReturns(t *testing.T) {
	busy := errors.New("busy")
	m := &core.Mux{LabelCreated: func(context.Context, *core.Delivery, *payload.LabelEvent) error { return busy }}
	if err := m.Handle(t.Context(), identified("LABEL_CREATED", sample)); err != busy {
		t.Errorf("got %v", err)
	}
}

func TestOneDeliveryMayBeUsedByMany(t *testing.T) {
	d := identified("LABEL_CREATED", bodies()["2.4KB"])
	var failed atomic.Int32
	use := core.HandlerFunc(func(context.Context, *core.Delivery) error {
		e, err := d.Label()
		if err != nil || len(e.Projects) != 1 || len(d.Key()) != 32 || len(d.Attributes()) != 10 {
			failed.Add(1)
		}
		return nil
	})
	if err := core.All(use, use, use, use, use, use, use, use).Handle(t.Context(), d); err != nil || failed.Load() > 0 {
		t.Errorf("%v, %d failed", err, failed.Load())
	}
}
