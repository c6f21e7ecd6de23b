package destinationtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/required"
)

// limit is of the bodies that are read here, in bytes.
const limit = 1 << 20

// reads lists a bucket and reads its objects, as a worker or a person does.
func (h Harness) reads(t *testing.T) {
	handler := h.open(t, "reads")
	bucket := h.Source(t, "reads").(destination.Lister)
	var want []string
	all := deliveries()
	send(t, handler, all...)
	for _, d := range all {
		uri := handler.(destination.Bucket).Locate(d)
		want = append(want, uri)
		o, err := bucket.Get(t.Context(), uri, limit)
		if err != nil || !bytes.Equal(o.Content, d.Body) {
			t.Errorf("%.100q is %.100q, %v", d.Body, o.Content, err)
			continue
		}
		again, err := o.Delivery()
		if err != nil || again.Key() != d.Key() || again.Signature != "" && again.Signature != d.Signature {
			t.Errorf("%.100q is %+v, %v", d.Body, again, err)
		}
		if event, at, key := destination.ParseObjectName(uri); event != string(d.Event) || key != d.Key() || !at.Equal(d.Time.Truncate(time.Millisecond)) {
			t.Errorf("%s says %s, %v, %s", uri, event, at, key)
		}
	}
	list := func(begin, from string) (uris []string) {
		t.Helper()
		for uri, err := range bucket.List(t.Context(), begin, from) {
			required.NoError(t, err)
			if !bucket.Has(uri) {
				t.Errorf("it has not got %s", uri)
			}
			uris = append(uris, uri)
		}
		return uris
	}
	slices.Sort(want)
	if got := list("", ""); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("listed %q\nwant   %q", got, want)
	}
	d := Label(t)
	day := "event=label.created/dt=" + d.Time.Format(time.DateOnly)
	if created := list("event=label.created/", day); !slices.Contains(created, handler.(destination.Bucket).Locate(d)) {
		t.Errorf("from %s on there are %q", day, created)
	} else if !slices.IsSorted(created) {
		t.Errorf("not in order: %q", created)
	}
	if after := list("event=label.created/", "event=label.created/dt=~"); len(after) > 0 {
		t.Errorf("behind the last there are %q", after)
	}
	if none := list("event=no.such/", ""); len(none) > 0 {
		t.Errorf("of no event there are %q", none)
	}
	uri := handler.(destination.Bucket).Locate(d)
	if _, err := bucket.Get(t.Context(), uri, len(d.Body)-1); !errors.Is(err, core.ErrBodyTooLarge) {
		t.Errorf("over the limit: %v", err)
	}
	if _, err := bucket.Get(t.Context(), uri+"x", limit); err == nil {
		t.Error("read what is not there")
	}
	for _, other := range []string{"", "x" + uri, uri + "?a=b", "https://example.com/" + d.ObjectName(), bucketRoot(uri, d), bucketRoot(uri, d) + "../../../x"} {
		if bucket.Has(other) {
			t.Errorf("it has %s", other)
		}
	}
}

// bucketRoot is the bucket's own URL, with its prefix.
func bucketRoot(uri string, d *core.Delivery) string { return uri[:len(uri)-len(d.ObjectName())] }

// receives takes messages out of a queue, gives them back, and is done with them.
func (h Harness) receives(t *testing.T) {
	handler := h.open(t, "receives")
	queue := h.Queue(t, "receives")
	if none, err := queue.Receive(t.Context(), 10, 0); len(none) > 0 || err != nil {
		t.Fatalf("an empty queue has %d, %v", len(none), err)
	}
	want := map[string]*core.Delivery{}
	for _, d := range deliveries()[:4] {
		send(t, handler, d)
		want[d.Key()] = d
	}
	receive := func() []destination.Received {
		t.Helper()
		got, err := queue.Receive(t.Context(), 3, 2*time.Second)
		required.NoError(t, err)
		return got
	}
	back := receive()
	for _, m := range back {
		required.NoError(t, m.Back(t.Context()))
	}
	if len(back) == 0 {
		t.Fatal("nothing to be received")
	}
	for done := 0; done < len(want); {
		got := receive()
		if len(got) == 0 {
			t.Fatalf("received %d, want %d", done, len(want))
		}
		for _, m := range got {
			d, err := m.Read(nil)
			required.NoError(t, err)
			sent := want[d.Key()]
			if sent == nil || !bytes.Equal(d.Body, sent.Body) || d.ID != sent.ID || d.Signature != sent.Signature || m.ID == "" {
				t.Errorf("received %+v, want %+v", d, sent)
			}
			required.NoError(t, m.Done(t.Context()))
			done++
		}
	}
	if none, err := queue.Receive(t.Context(), 10, 0); len(none) > 0 || err != nil {
		t.Errorf("done with, there are %d, %v", len(none), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := queue.Receive(ctx, 1, time.Minute); err == nil {
		t.Error("waited on although it was cancelled")
	}
	missing := h.Queue(t, "missing")
	if _, err := missing.Receive(t.Context(), 1, 0); err == nil {
		t.Error("received from no queue")
	} else {
		CheckQueueError(t, missing, err)
	}
}

// CheckQueueError wants one line that begins with the queue's name and says what to do.
func CheckQueueError(t testing.TB, q destination.Queue, err error) {
	t.Helper()
	if text := err.Error(); !bytes.HasPrefix([]byte(text), []byte(fmt.Sprint(q, ": "))) || bytes.ContainsAny([]byte(text), "\n") || !bytes.Contains([]byte(text), []byte("create the ")) {
		t.Errorf("got %q", text)
	}
}
