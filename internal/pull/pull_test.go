package pull_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/pull"
	"github.com/labelhook/labelhook/labelhooktest"
)

// queue is one in memory. Messages that are out do not come again, unless they are
// given back.
type queue struct {
	mu       sync.Mutex
	waiting  []string
	done     []string
	back     []string
	failDone bool
	empty    func() // called when there is nothing
}

func (q *queue) String() string { return "memory:" }

func (q *queue) Receive(_ context.Context, most int, _ time.Duration) (received []destination.Received, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 && q.empty != nil {
		q.empty()
	}
	for len(received) < most && len(q.waiting) > 0 {
		text := q.waiting[0]
		q.waiting = q.waiting[1:]
		note := func(list *[]string) func(context.Context) error {
			return func(context.Context) error {
				q.mu.Lock()
				defer q.mu.Unlock()
				if q.failDone && list == &q.done {
					return errors.New("gone")
				}
				*list = append(*list, text)
				return nil
			}
		}
		received = append(received, destination.Received{ID: text, Read: func(fetch destination.Fetch) (*core.Delivery, error) {
			return destination.FromEvent([]byte(text), fetch)
		}, Done: note(&q.done), Back: note(&q.back)})
	}
	return received, nil
}

func message(id string) string {
	d := labelhooktest.Delivery(payload.LabelCreated, []byte(`{"data_row":{"id":"row"},"projects":{},"of":"`+id+`"}`))
	d.ID = id
	return destination.Event(d, "")
}

func newPull(handle func(d *core.Delivery) error) *pull.Pull {
	return &pull.Pull{Receiver: &core.Receiver{
		Secrets: labelhooktest.Secrets(),
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { return handle(d) }),
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}}
}

func TestOnlyWhatIsSafeIsTakenOff(t *testing.T) {
	known := labelhooktest.Delivery(payload.LabelCreated, []byte(`{"data_row":{"id":"row"},"projects":{},"of":"known"}`)).Key()
	for _, test := range []struct {
		name       string
		change     func(*pull.Pull)
		want       pull.Counts
		done, back int
	}{
		{"as it is", func(*pull.Pull) {}, pull.Counts{New: 2, Known: 1, Foreign: 1, Failed: 1}, 3, 2},
		{"only looked at", func(p *pull.Pull) { p.Peek = true }, pull.Counts{New: 2, Known: 1, Foreign: 1, Failed: 1}, 0, 5},
		{"another event", func(p *pull.Pull) { p.Event = payload.LabelDeleted }, pull.Counts{Left: 4, Foreign: 1}, 0, 5},
		{"another project", func(p *pull.Pull) { p.Project = "another" }, pull.Counts{Left: 4, Foreign: 1}, 0, 5},
		{"two at most", func(p *pull.Pull) { p.Max = 2 }, pull.Counts{New: 2, Known: 1, Foreign: 1, Failed: 1}, 3, 2},
		{"one at most", func(p *pull.Pull) { p.Max = 1 }, pull.Counts{New: 1}, 1, 0},
		{"no secret", func(p *pull.Pull) { p.Receiver.Secrets, p.Receiver.Unverified = nil, true }, pull.Counts{New: 2, Unverified: 2, Known: 1, Foreign: 1, Failed: 1}, 3, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := &queue{waiting: []string{message("one"), `{"order":7}`, message("known"), message("busy"), message("two")}}
			p := newPull(func(d *core.Delivery) error {
				if strings.Contains(d.ID, "busy") {
					return errors.New("busy")
				}
				return nil
			})
			p.Known = func(_ context.Context, key string) (bool, error) { return key == known, nil }
			test.change(p)
			got, err := p.Queue(t.Context(), q)
			if err != nil || got != test.want || len(q.done) != test.done || len(q.back) != test.back {
				t.Errorf("%+v, %v; %d done, %d back", got, err, len(q.done), len(q.back))
			}
		})
	}
}

func TestAMessageThatCannotBeTakenOffIsKnownTheNextTime(t *testing.T) {
	q := &queue{waiting: []string{message("one"), message("one")}, failDone: true}
	taken := 0
	p := newPull(func(*core.Delivery) error { taken++; return nil })
	p.Max = 5
	got, err := p.Queue(t.Context(), q)
	if err != nil || got.New+got.Known > 2 || taken > 2 {
		t.Errorf("%+v, %v", got, err)
	}
	q.waiting, q.failDone = []string{message("one")}, false
	if got, err := p.Queue(t.Context(), q); err != nil || got.Failed > 0 || len(q.done) != 1 || taken > 2 {
		t.Errorf("%+v, %v, taken %d", got, err, taken)
	}
}

func TestFollowingGoesOnUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	looks := 0
	q := &queue{}
	q.empty = func() {
		switch looks++; looks {
		case 2:
			q.waiting = append(q.waiting, message("late"))
		case 4:
			cancel()
		}
	}
	p := newPull(func(*core.Delivery) error { return nil })
	p.Follow = true
	if got, err := p.Queue(ctx, q); err != nil || got != (pull.Counts{New: 1}) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestFoldersAreReadInOrderOfTime(t *testing.T) {
	dir := t.TempDir()
	folder, err := destination.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"03", "01", "02"} {
		for _, event := range []payload.Event{payload.LabelUpdated, payload.LabelCreated} {
			body := `{"data_row":{"id":"row"},"projects":{"p":{"labels":[{"id":"l","label_details":{"created_at":"2024-05-` + day + `T00:00:00Z","updated_at":"2024-05-` + day + `T00:00:0` + map[bool]string{true: "0", false: "1"}[event == payload.LabelCreated] + `Z"}}]}}}`
			if err := folder.Handle(t.Context(), labelhooktest.Delivery(event, []byte(body))); err != nil {
				t.Fatal(err)
			}
		}
	}
	s, err := pull.Open("file:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	var days []string
	p := newPull(func(d *core.Delivery) error { days = append(days, d.Time.Format("02.05")); return nil })
	p.Receiver.Unsigned = true
	p.Max = 1
	for range 5 { // one at a time, so that the order shows
		if _, err := p.From(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		p.Max++
	}
	if got := strings.Join(days, " "); got != "01.00 01.01 02.00 02.01 03.00" {
		t.Errorf("read in the order %s", got)
	}
	p.Max = 0
	if got, err := p.From(t.Context(), s); err != nil || got.New != 6 || got.Known < 5 {
		t.Errorf("%+v, %v", got, err)
	}
}

func Example() {
	s, err := pull.Open("file:" + ".")
	if err != nil {
		panic(err)
	}
	p := newPull(func(*core.Delivery) error { return nil })
	counts, err := p.From(context.Background(), s)
	slog.Debug("pulled", "new", counts.New, "error", err)
	// Output:
}
