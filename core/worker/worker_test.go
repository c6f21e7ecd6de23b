package worker_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
)

// kept is a handler that keeps what it takes.
type kept struct {
	mu    sync.Mutex
	taken []*core.Delivery
}

func (k *kept) Handle(_ context.Context, d *core.Delivery) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case strings.Contains(d.ID, "busy"):
		return errors.New("busy")
	case strings.Contains(d.ID, "poison"):
		return core.Permanent(errors.New("poison"))
	case strings.Contains(d.ID, "useless"):
		return core.ErrIgnored
	case strings.Contains(d.ID, "panic"):
		panic("over the top")
	}
	k.taken = append(k.taken, d)
	return nil
}

func (k *kept) ids() (ids []string) {
	for _, d := range k.taken {
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	return ids
}

func newWorker(h core.Handler) *worker.Worker {
	quiet := core.LogTo(slog.New(slog.NewTextHandler(io.Discard, nil)))
	return &worker.Worker{Receiver: &core.Receiver{Secrets: labelhooktest.Secrets(), Handler: h, Observe: quiet}}
}

func delivery(id string) *core.Delivery {
	d := labelhooktest.Delivery(payload.LabelCreated, []byte(`{"data_row":{"id":"row"},"projects":{},"of":"`+id+`"}`))
	d.ID = id
	return d
}

// message is what a queue that carries CloudEvents in JSON has of a delivery.
func message(id, group string) worker.Message {
	return event(id, group, destination.Event(delivery(id), ""))
}

func event(id, group, text string) worker.Message {
	return worker.Message{ID: id, Group: group, Read: func(fetch destination.Fetch) (*core.Delivery, error) {
		return destination.FromEvent([]byte(text), fetch)
	}}
}

func TestHandlersGetTheDeliveryThatCame(t *testing.T) {
	var k kept
	want := delivery("one")
	if got := newWorker(&k).Take(t.Context(), message("one", "")); got.Status != 200 || len(k.taken) != 1 {
		t.Fatalf("answered %d, taken %d", got.Status, len(k.taken))
	}
	d := k.taken[0]
	if string(d.Body) != string(want.Body) || d.ID != want.ID || d.Event != want.Event || d.Signature != want.Signature || d.Key() != want.Key() || d.Origin != "" || d.Received.IsZero() {
		t.Errorf("%+v, want %+v", d, want)
	}
}

func TestOnlyWhatIsSafeIsTakenOffTheQueue(t *testing.T) {
	forged := delivery("forged")
	forged.Signature = "sha1=" + strings.Repeat("0", 40)
	unsigned := delivery("unsigned")
	unsigned.Signature = ""
	export := delivery("export")
	export.Signature, export.Origin = "", "reconcile"
	changed := strings.Replace(destination.Event(delivery("changed"), ""), `"data_base64":"`, `"data_base64":"AAAA`, 1)
	for _, test := range []struct {
		name    string
		of      worker.Message
		change  func(*core.Receiver)
		status  int
		code    core.Code
		origins string // of what the handler took
	}{
		{name: "useless", of: message("useless", ""), status: 200},
		{name: "busy", of: message("busy", ""), status: 503, code: core.CodeDeliveryFailed},
		{name: "poison", of: message("poison", ""), status: 500, code: core.CodeDeliveryRejected},
		{name: "poison with a dead letter", of: message("poison", ""), status: 200, change: func(r *core.Receiver) {
			r.DeadLetter = core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })
		}},
		{name: "panic", of: message("panic", ""), status: 500, code: core.CodeDeliveryRejected},
		{name: "not ours", of: event("1", "", `{"order":7}`), status: 422, code: core.CodeForeignMessage},
		{name: "not JSON", of: event("1", "", `hello`), status: 422, code: core.CodeForeignMessage},
		{name: "changed", of: event("1", "", changed), status: 422, code: core.CodeForeignMessage},
		{name: "forged", of: event("1", "", destination.Event(forged, "")), status: 401, code: core.CodeSignatureMismatch},
		{name: "forged, unsigned are taken", of: event("1", "", destination.Event(forged, "")), status: 401, code: core.CodeSignatureMismatch, change: func(r *core.Receiver) { r.Unsigned = true }},
		{name: "unverified", of: event("1", "", destination.Event(forged, "")), status: 200, origins: "unverified", change: func(r *core.Receiver) { r.Unverified, r.Secrets = true, nil }},
		{name: "unsigned", of: event("1", "", destination.Event(unsigned, "")), status: 401, code: core.CodeSignatureMissing},
		{name: "unsigned, none are verified", of: event("1", "", destination.Event(unsigned, "")), status: 401, code: core.CodeSignatureMissing, change: func(r *core.Receiver) { r.Unverified = true }},
		{name: "unsigned are taken", of: event("1", "", destination.Event(unsigned, "")), status: 200, origins: "unsigned", change: func(r *core.Receiver) { r.Unsigned, r.Secrets = true, nil }},
		{name: "unsigned of a named origin", of: event("1", "", destination.Event(export, "")), status: 200, origins: "reconcile", change: func(r *core.Receiver) { r.Unsigned = true }},
		{name: "no secret", of: message("one", ""), status: 503, code: core.CodeSecretUnavailable, change: func(r *core.Receiver) { r.Secrets = nil }},
		{name: "a body elsewhere", of: event("1", "", destination.Event(delivery("one"), "s3://another/object")), status: 503, code: core.CodeBodyUnavailable},
	} {
		t.Run(test.name, func(t *testing.T) {
			var k kept
			w := newWorker(&k)
			var observed []core.Observation
			w.Receiver.Observe = func(_ context.Context, o core.Observation) { observed = append(observed, o) }
			if test.change != nil {
				test.change(w.Receiver)
			}
			got := w.Take(t.Context(), test.of)
			if got.Status != test.status || got.Code != test.code {
				t.Errorf("answered %d %s, want %d %s", got.Status, got.Code, test.status, test.code)
			}
			if len(observed) != 1 || observed[0].Response.Code != test.code {
				t.Errorf("observed %+v", observed)
			}
			origins := ""
			for _, d := range k.taken {
				origins += d.Origin
			}
			if origins != test.origins || (origins != "") != (len(k.taken) > 0) {
				t.Errorf("the handler took %d, of origin %q, want %q", len(k.taken), origins, test.origins)
			}
		})
	}
}

func TestBodiesAreReadInTheOverflowBucketAlone(t *testing.T) {
	dir := t.TempDir()
	base, err := destination.NewFolder(dir)
	required.NoError(t, err)
	folder := &destination.FolderSource{Folder: base}
	required.NoError(t, err)
	innerBase, err := destination.NewFolder(dir + "/event=label.created")
	inner := &destination.FolderSource{Folder: innerBase}
	required.NoError(t, err)
	d := delivery("large")
	required.NoError(t, folder.Handle(t.Context(), d))
	at := folder.Locate(d)
	for _, test := range []struct {
		name     string
		overflow destination.Reader
		dataref  string
		limit    int
		want     core.Code
	}{
		{"there", folder, at, 0, ""},
		{"in a larger folder", inner, at, 0, ""},
		{"missing", folder, at + "x", 0, core.CodeBodyUnavailable},
		{"no bucket", nil, at, 0, core.CodeBodyUnavailable},
		{"over the limit", folder, at, 20, core.CodeBodyTooLarge},
		{"above the folder", folder, "file://" + dir + "/../../etc/passwd", 0, core.CodeForeignMessage},
		{"above the folder, escaped", folder, "file://" + dir + "/%2e%2e/%2e%2e/etc/passwd", 0, core.CodeForeignMessage},
		{"another folder", folder, "file:///etc/passwd", 0, core.CodeForeignMessage},
		{"another host", folder, strings.Replace(at, "file://", "file://host", 1), 0, core.CodeForeignMessage},
		{"another scheme", folder, "http://127.0.0.1/" + d.ObjectName(), 0, core.CodeForeignMessage},
		{"no URI", folder, "://", 0, core.CodeForeignMessage},
	} {
		var k kept
		w := newWorker(&k)
		w.Overflow, w.Receiver.MaxBody = test.overflow, test.limit
		if got := w.Take(t.Context(), event("1", "", destination.Event(d, test.dataref))); got.Code != test.want || (test.want == "") != (len(k.taken) == 1) {
			t.Errorf("%s: %d %s, taken %d", test.name, got.Status, got.Code, len(k.taken))
		}
	}
}

func TestObjectsAreReadInTheirSourcesAlone(t *testing.T) {
	base, err := destination.NewFolder(t.TempDir())
	folder := &destination.FolderSource{Folder: base}
	required.NoError(t, err)
	w := newWorker(&kept{})
	uri := folder.Locate(delivery("one"))
	if got := w.Take(t.Context(), worker.Message{ID: "1", Read: w.Object(t.Context(), uri)}); got.Code != core.CodeForeignMessage {
		t.Errorf("no source: %s", got.Code)
	}
	w.Sources = []destination.Reader{folder}
	if got := w.Take(t.Context(), worker.Message{ID: "1", Read: w.Object(t.Context(), uri)}); got.Code != core.CodeBodyUnavailable {
		t.Errorf("no such object: %s", got.Code)
	}
	required.NoError(t, folder.Handle(t.Context(), delivery("one")))
	if got := w.Take(t.Context(), worker.Message{ID: "1", Read: w.Object(t.Context(), uri)}); got.Code != core.CodeSignatureMissing {
		t.Errorf("a file has no signature: %s", got.Code)
	}
	w.Receiver.Unsigned = true
	if got := w.Take(t.Context(), worker.Message{ID: "1", Read: w.Object(t.Context(), uri)}); got.Status != 200 {
		t.Errorf("unsigned: %s", got.Code)
	}
}

func TestAGroupEndsWithItsFirstFailure(t *testing.T) {
	var k kept
	var batch []worker.Message
	for _, m := range [][2]string{{"a1", "a"}, {"b1", "b"}, {"a2-busy", "a"}, {"a3", "a"}, {"b2", "b"}, {"1-poison", ""}, {"2", ""}, {"a4", "a"}, {"b3-poison", "b"}} {
		batch = append(batch, message(m[0], m[1]))
	}
	var failed []string
	for i, answer := range newWorker(&k).TakeAll(t.Context(), batch) {
		if answer.Status != 200 {
			failed = append(failed, batch[i].ID)
		}
	}
	if want := []string{"a2-busy", "a3", "1-poison", "a4", "b3-poison"}; !slices.Equal(failed, want) {
		t.Errorf("failed %v, want %v", failed, want)
	}
	if want := []string{"2", "a1", "b1", "b2"}; !slices.Equal(k.ids(), want) {
		t.Errorf("taken %v, want %v", k.ids(), want)
	}
}

func TestLargeBatchesAreTakenWhole(t *testing.T) {
	var k kept
	var batch []worker.Message
	for i := range 500 {
		batch = append(batch, message("m"+strings.Repeat("x", i), ""))
	}
	for i, answer := range newWorker(&k).TakeAll(t.Context(), batch) {
		if answer.Status != 200 {
			t.Fatalf("%d: %d", i, answer.Status)
		}
	}
	if len(k.taken) != len(batch) {
		t.Errorf("%d taken", len(k.taken))
	}
}

func TestNothingIsBegunWithoutTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var k kept
	if got := newWorker(&k).Take(ctx, message("one", "")); got.Code != core.CodeOverloaded || len(k.taken) > 0 {
		t.Errorf("%s, taken %d", got.Code, len(k.taken))
	}
}

func BenchmarkTake(b *testing.B) {
	w := newWorker(core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }))
	d := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	b.SetBytes(int64(len(d.Body)))
	m := event("1", "", destination.Event(d, ""))
	b.ReportAllocs()
	for b.Loop() {
		if answer := w.Take(b.Context(), m); answer.Status != 200 {
			b.Fatal(answer.Code)
		}
	}
}
