package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func TestHandleKeepsBodyAndHeadersExactly(t *testing.T) {
	large := strings.Repeat("\x00\xff{", 10<<20/3)
	for name, d := range map[string]*core.Delivery{
		"every header":         delivery("id", "LABEL_CREATED", string(samples.Documented()[0].Body())),
		"no headers":           core.Identify(http.Header{}, []byte(`{"a":1}`)),
		"NUL and invalid text": delivery("i\x00d\xff", "E\xfe", "\x00\xff\xfe{\x00}"),
		"empty body":           delivery("id", "", ""),
		"10 MiB":               delivery("id", "LABEL_CREATED", large),
	} {
		t.Run(name, func(t *testing.T) {
			in := open(t)
			d.Origin = "reconciler"
			store(t, in, d)
			records := list(t, in.Reader, Query{})
			if len(records) != 1 {
				t.Fatalf("%d records", len(records))
			}
			r := records[0]
			if !bytes.Equal(r.Body, d.Body) || r.Size != int64(len(d.Body)) {
				t.Errorf("the body came back changed: %d bytes (size %d) of %d", len(r.Body), r.Size, len(d.Body))
			}
			if r.Reference() != d.Reference() || r.Subject != d.Subject() || !r.Time.Equal(d.Time) || r.Status != Accepted || r.Repeats != 0 {
				t.Errorf("columns %q %q %v %q %d", r.Reference(), r.Subject, r.Time, r.Status, r.Repeats)
			}
			back := r.Delivery()
			type said struct {
				id, event, signature, contentType, key, project, label, row, origin string
				kind                                                                payload.Event
				version                                                             payload.Version
				received                                                            int64
			}
			says := func(d *core.Delivery) said {
				return said{d.ID, d.EventName, d.Signature, d.ContentType, d.Key(), d.ProjectID, d.LabelID, d.DataRowID, d.Origin,
					d.Event, d.Version, d.Received.UnixMicro()}
			}
			if says(back) != says(d) {
				t.Errorf("rebuilt  %+v\noriginal %+v", says(back), says(d))
			}
		})
	}
}

func TestRepeatIsKeptOnceAndCounted(t *testing.T) {
	again := func(n int) (ds []*core.Delivery) {
		for range n {
			ds = append(ds, numbered(1))
		}
		return ds
	}
	check := func(t *testing.T, in *Inbox, want int, ds []*core.Delivery) {
		t.Helper()
		records := list(t, in.Reader, Query{})
		if len(records) != 1 || records[0].Repeats != want {
			t.Fatalf("got %d records, the first repeated %d times, want 1 and %d", len(records), records[0].Repeats, want)
		}
		if last := ds[len(ds)-1].Received; records[0].LastReceived.UnixMicro() != last.UnixMicro() {
			t.Errorf("last received %v, want %v", records[0].LastReceived, last)
		}
	}
	t.Run("one after the other", func(t *testing.T) {
		in, ds := open(t), again(3)
		store(t, in, ds...)
		check(t, in, 2, ds)
	})
	t.Run("in one transaction", func(t *testing.T) {
		in, ds := idle(t), again(5)
		for _, err := range together(t, in, ds...) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if n := in.writer.commits.Load(); n != 1 {
			t.Fatalf("%d transactions", n)
		}
		check(t, in, 4, ds)
	})
	t.Run("concurrently", func(t *testing.T) {
		in, ds := open(t), again(100)
		var wg sync.WaitGroup
		for _, d := range ds {
			wg.Go(func() {
				if err := in.Handle(t.Context(), d); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		check(t, in, 99, ds)
	})
	t.Run("after the inbox was opened again", func(t *testing.T) {
		in, ds := open(t), again(2)
		store(t, in, ds[0])
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		in = openAt(t, in.path)
		store(t, in, ds[1])
		check(t, in, 1, ds)
	})
}

func TestWaitingDeliveriesShareATransaction(t *testing.T) {
	in := idle(t)
	var ds []*core.Delivery
	for i := range 200 {
		ds = append(ds, numbered(i))
	}
	for _, err := range together(t, in, ds...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := in.writer.commits.Load(); n != 1 {
		t.Errorf("200 deliveries that waited took %d transactions", n)
	}
	store(t, in, numbered(200), numbered(201))
	if n := in.writer.commits.Load(); n != 3 {
		t.Errorf("two more, each alone, made it %d transactions, want 3", n)
	}
}

func TestBatchIsBoundedInBytes(t *testing.T) {
	in := idle(t)
	var ds []*core.Delivery
	for i := range 5 {
		ds = append(ds, delivery("", "", strings.Repeat(fmt.Sprint(i), batchBytes/2)))
	}
	together(t, in, ds...)
	if n := in.writer.commits.Load(); n != 3 {
		t.Errorf("5 bodies of half the limit took %d transactions, want 3", n)
	}
}

func TestFailedTransactionFailsAllItsDeliveries(t *testing.T) {
	for _, action := range []string{"ABORT", "ROLLBACK"} {
		t.Run(action, func(t *testing.T) {
			in := idle(t)
			exec := raw(t, in.path)
			exec("CREATE TRIGGER refuse BEFORE INSERT ON deliveries WHEN new.delivery_id = 'id-2' BEGIN SELECT RAISE(" + action + ", 'refused'); END")
			for i, err := range together(t, in, numbered(1), numbered(2), numbered(3)) {
				if err == nil || core.IsPermanent(err) || !strings.Contains(err.Error(), in.path) {
					t.Errorf("result %d is %v, want a temporary error that names the file", i, err)
				}
			}
			if n := len(list(t, in.Reader, Query{})); n != 0 {
				t.Errorf("%d deliveries of a failed transaction are stored", n)
			}
			exec("DROP TRIGGER refuse")
			store(t, in, numbered(1), numbered(2), numbered(3))
			if n := len(list(t, in.Reader, Query{})); n != 3 {
				t.Errorf("%d deliveries after the retry, want 3", n)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	in := open(t)
	store(t, in, numbered(1), numbered(2), numbered(3))
	for _, status := range []Status{Failed, Pending, Accepted, Failed} {
		if err := in.SetStatus(t.Context(), numbered(2), status); err != nil {
			t.Fatal(err)
		}
		if got := list(t, in.Reader, Query{})[1].Status; got != status {
			t.Errorf("got %q, want %q", got, status)
		}
	}
	store(t, in, numbered(1))
	if got := list(t, in.Reader, Query{})[1].Status; got != Failed {
		t.Errorf("a neighbour's repeat changed the status to %q", got)
	}
	store(t, in, numbered(2))
	if got := list(t, in.Reader, Query{})[1].Status; got != Accepted {
		t.Errorf("a repeat left the status %q", got)
	}
	if err := in.SetStatus(t.Context(), numbered(4), Failed); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v for a key that is not there", err)
	}
	if err := in.SetStatus(t.Context(), numbered(2), "lost"); err == nil {
		t.Error("took a status that does not exist")
	}
}

func TestCloseLosesNothingThatWasAcknowledged(t *testing.T) {
	in := open(t)
	var wg sync.WaitGroup
	var stored atomic.Int64
	for worker := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				err := in.Handle(t.Context(), numbered(worker*1e6+i))
				if err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
				if stored.Add(1) == 500 {
					wg.Go(func() {
						if err := in.Close(); err != nil {
							t.Error(err)
						}
					})
				}
			}
		})
	}
	wg.Wait()
	if err := in.Close(); err != nil {
		t.Errorf("the second Close: %v", err)
	}
	if got := len(list(t, openAt(t, in.path).Reader, Query{})); int64(got) != stored.Load() {
		t.Errorf("%d stored, %d acknowledged", got, stored.Load())
	}
	if err := in.SetStatus(t.Context(), numbered(1), Failed); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v after Close", err)
	}
}

func TestContext(t *testing.T) {
	t.Run("ended before the call", func(t *testing.T) {
		in := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := in.Handle(ctx, numbered(1)); err != context.Canceled {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ends in the queue", func(t *testing.T) {
		in := idle(t)
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- in.Handle(ctx, numbered(1)) }()
		cancel()
		if err := <-result; err != context.Canceled {
			t.Errorf("got %v", err)
		}
		in.start()
	})
	t.Run("ends before a full queue", func(t *testing.T) {
		in := idle(t)
		for range queueJobs {
			in.queue <- &job{delivery: numbered(2), settles: true, status: Failed, done: make(chan error, 1)}
		}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() { result <- in.Handle(ctx, numbered(1)) }()
		cancel()
		if err := <-result; err != context.Canceled {
			t.Errorf("got %v", err)
		}
		in.start()
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if n := len(list(t, openAt(t, in.path).Reader, Query{})); n != 0 {
			t.Errorf("%d deliveries were stored without a place in the queue", n)
		}
	})
}

func TestTwoInboxesOnOneFileTakeTurns(t *testing.T) {
	first := open(t)
	second := openAt(t, first.path)
	var wg sync.WaitGroup
	for i, in := range []*Inbox{first, second, first, second} {
		wg.Go(func() {
			for n := range 50 {
				if err := in.Handle(t.Context(), numbered(i/2*1000+n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	repeats := 0
	records := list(t, first.Reader, Query{})
	for _, r := range records {
		repeats += r.Repeats
	}
	if len(records) != 100 || repeats != 100 {
		t.Errorf("%d records with %d repeats, want 100 and 100", len(records), repeats)
	}
}

func TestOpenAtTheSameTimeMakesOneInbox(t *testing.T) {
	for range 10 {
		path := filepath.Join(t.TempDir(), "labelhook.db")
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				in, err := Open(path)
				if err != nil {
					t.Error(err)
					return
				}
				if err := in.Handle(t.Context(), numbered(i)); err != nil {
					t.Error(err)
				}
				if err := in.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(list(t, openAt(t, path).Reader, Query{})); n != 4 {
			t.Errorf("%d of 4 deliveries are there", n)
		}
	}
}
