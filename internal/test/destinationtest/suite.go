// Package destinationtest is the tests that all destinations have in common. A
// destination's own tests describe it by a [Harness], and have [Run] send
// deliveries to it and look at what came out at the other end. They have tests of
// their own for what is special: URLs, exact limits, the errors of the service.
package destinationtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
)

// Harness is a destination with a service or its emulator behind it.
type Harness struct {
	// Open makes the destination of the queue, bucket or folder of that name, which
	// is a word of small letters.
	Open func(t testing.TB, name string) core.Handler
	// Create makes the queue, bucket or folder; nil where Open needs none.
	Create func(t testing.TB, name string)
	// Receive takes out all that was sent there since the last call, n messages if
	// all is well.
	Receive func(t testing.TB, name string, n int, fetch destination.Fetch) []Message
	// Source opens the bucket or folder to read it; nil where there is none.
	Source func(t testing.TB, name string) core.Handler
	// Queue opens the queue to receive from it; nil where that is not possible.
	Queue func(t testing.TB, name string) destination.Queue
	// At makes a destination whose service would be at that host and port, with
	// [Secret] as its key; nil where there is no service.
	At func(t testing.TB, address string) core.Handler

	Limit    int                                     // a body of so many bytes is larger than a message; 0 means there is no limit
	Once     bool                                    // of a redelivery nothing is to be seen
	Exact    bool                                    // attributes come out whatever bytes they have
	Reprints bool                                    // a body that is a JSON object may come out printed anew
	Carried  func([]core.Attribute) []core.Attribute // those that there is room for; nil means all
}

// Message is a message or object as its consumer has it.
type Message struct {
	Attributes map[string]string // without their prefix and encoding; nil if the destination sends none
	*core.Delivery
}

// NewMessage is one with attributes as the transport names them, and with what
// the destination's function Delivery made of it.
func NewMessage(t testing.TB, attributes map[string]string, prefix string, d *core.Delivery, err error) Message {
	t.Helper()
	if err != nil {
		t.Fatalf("received with %q: %v", attributes, err)
	}
	m := Message{map[string]string{}, d}
	for name, value := range attributes {
		if name, found := strings.CutPrefix(strings.ToLower(name), strings.ToLower(prefix)); found {
			m.Attributes[name] = value
		}
	}
	return m
}

// Decoded undoes the percent-encoding of values.
func Decoded(t testing.TB, attributes map[string]string) map[string]string {
	t.Helper()
	decoded := map[string]string{}
	for name, value := range attributes {
		var err error
		if decoded[name], err = url.PathUnescape(value); err != nil || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Errorf("%s is not percent-encoded: %q", name, value)
		}
	}
	return decoded
}

// Secret is what no error may repeat. It is in base64, as the keys of some clouds
// are.
const Secret = "bm90LWZvci1hbnlib2R5cy1leWVz"

// Run is the tests. Each has a name of its own for its queue, bucket or folder.
func Run(t *testing.T, h Harness) {
	t.Run("bytes and attributes come out as they went in", h.exact)
	t.Run("odd headers keep nothing out", h.odd)
	t.Run("a redelivery does no harm", h.again)
	if h.Limit > 0 {
		t.Run("a body over the limit is refused for good", h.refuses)
		t.Run("or goes to the bucket", h.overflows)
	}
	if h.Source != nil {
		t.Run("what is kept is listed and read", h.reads)
	}
	if h.Queue != nil {
		t.Run("messages are received, given back and done with", h.receives)
	}
	if h.Create != nil {
		t.Run("what is missing is answered 503 until it is there", h.missing)
	}
	if h.At != nil {
		t.Run("a service that is gone is a failure for now", h.gone)
		t.Run("a service that hangs is left with the request", h.hangs)
	}
}

// open makes both the destination and what it writes to.
func (h Harness) open(t testing.TB, name string) core.Handler {
	t.Helper()
	if h.Create != nil {
		h.Create(t, name)
	}
	return h.Open(t, name)
}

// receive takes out n messages, by [core.Delivery.Key] or, without attributes, by
// the body.
func (h Harness) receive(t testing.TB, name string, n int, fetch destination.Fetch) map[string]Message {
	t.Helper()
	got := h.Receive(t, name, n, fetch)
	if len(got) != n {
		t.Errorf("%d messages, want %d", len(got), n)
	}
	return byKey(got)
}

func byKey(messages []Message) map[string]Message {
	all := map[string]Message{}
	for _, m := range messages {
		key := m.Attributes["labelboxkey"]
		if m.Attributes == nil {
			key = string(m.Body)
		}
		all[key] = m
	}
	return all
}

func send(t testing.TB, h core.Handler, all ...*core.Delivery) {
	t.Helper()
	for _, d := range all {
		if err := h.Handle(t.Context(), d); err != nil {
			t.Fatalf("%.100q: %v", d.Body, err)
		}
	}
}

func (h Harness) exact(t *testing.T) {
	all := deliveries()
	if h.Limit == 0 {
		all = append(all, New("large", "LABEL_CREATED", bytes.Repeat(every, 40_000)))
	}
	send(t, h.open(t, "exact"), all...)
	received := h.receive(t, "exact", len(all), nil)
	for _, d := range all {
		h.compare(t, received, d)
	}
}

// compare looks at all of a delivery that was received.
func (h Harness) compare(t testing.TB, received map[string]Message, d *core.Delivery) {
	t.Helper()
	got, described := h.find(t, received, d)
	if !described {
		return
	}
	exact := bytes.Equal(got.Body, d.Body)
	if got.ID != d.ID || got.Event != d.Event || got.Origin != d.Origin || exact && got.Key() != d.Key() {
		t.Errorf("%.100q came as %q, %s, %q, %s", d.Body, got.ID, got.Event, got.Origin, got.Key())
	}
	carried := d.Attributes()
	if h.Carried != nil {
		carried = h.Carried(carried)
	}
	for _, a := range carried {
		if got.Attributes[a.Name] != a.Value {
			t.Errorf("%.100q: %s is %q, want %q", d.Body, a.Name, got.Attributes[a.Name], a.Value)
		}
		if exact && !slices.Contains(got.Delivery.Attributes(), a) {
			t.Errorf("%.100q: %s is not %q in the delivery that was made again: %q", d.Body, a.Name, a.Value, got.Delivery.Attributes())
		}
	}
}

// find looks for a delivery in what was received, and at its body. It reports
// whether there are attributes to look at.
func (h Harness) find(t testing.TB, received map[string]Message, d *core.Delivery) (m Message, described bool) {
	t.Helper()
	m, found := received[d.Key()]
	if !found {
		m, found = received[string(d.Body)]
	}
	switch {
	case !found:
		t.Errorf("%.100q did not arrive", d.Body)
	case !bytes.Equal(m.Body, d.Body) && !(h.Reprints && sameObject(m.Body, d.Body)):
		t.Errorf("%.100q\ncame as %.100q", d.Body, m.Body)
	}
	return m, m.Attributes != nil
}

func sameObject(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func (h Harness) odd(t *testing.T) {
	all := odd()
	send(t, h.open(t, "odd"), all...)
	received := h.receive(t, "odd", len(all), nil)
	for _, d := range all {
		got, described := h.find(t, received, d)
		if !described {
			continue
		}
		if id := got.Attributes["id"]; len(d.ID) < 1000 && id != d.Reference() && (h.Exact || legible(id) != legible(d.Reference())) {
			t.Errorf("id %q, want %q", id, d.Reference())
		}
		if got.Attributes["type"] == "" || got.Attributes["source"] == "" {
			t.Errorf("%.100q: came with %.200q", d.ID, got.Attributes)
		}
	}
}

// legible is what is left of a text for a transport that takes less than all
// bytes.
func legible(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\r' && r != '\n' || r >= '\uFFFD' && r <= '\uFFFF' || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
}

// again sends a delivery a second time under another id, and then many times at
// once.
func (h Harness) again(t *testing.T) {
	handler := h.open(t, "again")
	first, second := Label(t), Label(t)
	second.ID = "another"
	send(t, handler, first, second)
	var wg sync.WaitGroup
	for range 4 { // more would take the stand-ins longer than a client waits
		wg.Go(func() {
			if err := handler.Handle(t.Context(), second); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want := 6
	if h.Once {
		want = 1
	}
	got := h.Receive(t, "again", want, nil)
	received := byKey(got)
	if len(received) != 1 || len(got) < want || h.Once && len(got) > 1 { // a slow answer makes a client send again
		t.Errorf("%d messages with %d keys", len(got), len(received))
	}
	if h.Once {
		h.compare(t, received, first)
	}
}

func (h Harness) refuses(t *testing.T) {
	handler := h.open(t, "limited")
	d := New("large", "LABEL_CREATED", bytes.Repeat([]byte("x"), h.Limit))
	err := handler.Handle(t.Context(), d)
	want := fmt.Sprintf("%s: a body of %d bytes is more than a message holds; set LABELHOOK_OVERFLOW to a bucket's URL, such as ", handler, h.Limit)
	if !core.IsPermanent(err) || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s…", err, want)
	}
	h.receive(t, "limited", 0, nil)
}

func (h Harness) overflows(t *testing.T) {
	handler := h.open(t, "overflow")
	large, small := New("large", "LABEL_CREATED", bytes.Repeat([]byte("x"), h.Limit)), Label(t)
	bucket := &bucket{kept: map[string][]byte{}}
	handler.(destination.Overflower).OverflowTo(bucket)
	send(t, handler, large, small)
	received := h.receive(t, "overflow", 2, bucket.fetch)
	h.compare(t, received, large)
	h.compare(t, received, small)
	if large, small := received[large.Key()].Attributes["dataref"], received[small.Key()].Attributes["dataref"]; large == "" || small != "" || len(bucket.kept) != 1 {
		t.Errorf("the large one is at %q, the small one at %q, and the bucket has %d", large, small, len(bucket.kept))
	}
	for _, bucket.err = range []error{errors.New("no room"), core.Permanent(errors.New("no room"))} {
		err := handler.Handle(t.Context(), large)
		if err == nil || core.IsPermanent(err) != core.IsPermanent(bucket.err) || err.Error() != fmt.Sprintf("%s: overflow: no room", handler) {
			t.Errorf("the bucket said %v, and the destination %v", bucket.err, err)
		}
	}
	send(t, handler, small) // what refers to nothing would come before it
	h.compare(t, h.receive(t, "overflow", 1, nil), small)
}

// bucket keeps deliveries in memory, or fails.
type bucket struct {
	kept map[string][]byte
	err  error
}

func (b *bucket) Handle(_ context.Context, d *core.Delivery) error {
	if b.err == nil {
		b.kept[b.Locate(d)] = d.Body
	}
	return b.err
}

func (b *bucket) Locate(d *core.Delivery) string { return "memory:///" + d.ObjectName() }

func (b *bucket) fetch(uri string) ([]byte, error) {
	if body, found := b.kept[uri]; found {
		return body, nil
	}
	return nil, fmt.Errorf("%s: no such object", uri)
}

func (h Harness) missing(t *testing.T) {
	handler := h.Open(t, "missing")
	CheckForNow(t, handler, handler.Handle(t.Context(), Label(t)), "; create the ")
	body := labelhooktest.Sample(payload.LabelCreated, payload.V2)
	answer := labelhooktest.Receive(t, handler, payload.LabelCreated, body)
	if answer.Status != 503 || answer.Code != core.CodeDeliveryFailed || strings.Contains(string(answer.Body), "missing") {
		t.Errorf("answered %d %s", answer.Status, answer.Body)
	}
	h.Create(t, "missing")
	if answer := labelhooktest.Receive(t, handler, payload.LabelCreated, body); answer.Status != 200 {
		t.Errorf("now that it is there, answered %d %s", answer.Status, answer.Body)
	}
	h.receive(t, "missing", 1, nil)
}

// CheckForNow wants an error that is no refusal for good: one line that begins with the destination's name.
func CheckForNow(t testing.TB, handler core.Handler, err error, says string) {
	t.Helper()
	switch {
	case err == nil, core.IsPermanent(err), errors.Is(err, core.ErrIgnored):
		t.Errorf("got %v, want a failure for now", err)
	case !strings.HasPrefix(err.Error(), fmt.Sprint(handler, ": ")), strings.Contains(err.Error(), "\n"), !strings.Contains(err.Error(), says):
		t.Errorf("got %q", err)
	case strings.Contains(fmt.Sprintf("%+v", err), Secret):
		t.Errorf("the secret is in %q", err)
	}
}

func (h Harness) gone(t *testing.T) {
	handler := h.At(t, listen(t, nil))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // some clients try again for as long as they may
	defer cancel()
	CheckForNow(t, handler, handler.Handle(ctx, Label(t)), "")
}

func (h Harness) hangs(t *testing.T) {
	connected := make(chan bool, 100)
	handler := h.At(t, listen(t, connected))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- handler.Handle(ctx, Label(t)) }()
	<-connected
	cancel()
	select {
	case err := <-result:
		CheckForNow(t, handler, err, "")
	case <-time.After(5 * time.Second):
		t.Error("it waits on")
	}
}

// listen returns an address where connections are taken and never answered; nil
// means that soon nothing listens there.
func listen(t testing.TB, connected chan<- bool) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	if connected == nil {
		l.Close()
		return l.Addr().String()
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			connected <- true
			go func() {
				defer c.Close()
				io.Copy(io.Discard, c)
			}()
		}
	}()
	return l.Addr().String()
}

// Bench sends deliveries, of which no two are alike.
func Bench(b *testing.B, h Harness) {
	handler := h.open(b, "bench")
	body := Label(b).Body
	n := 0
	for b.Loop() {
		n++
		send(b, handler, New("delivery", "LABEL_CREATED", fmt.Appendf(bytes.Clone(body), "%*s", n, "")))
	}
}

// CheckRefused wants URLs to name no destination, for a reason that says how to
// write one and does not repeat the URL. What a URL must keep to itself is called
// key there, or is [Secret].
func CheckRefused[H any](t testing.TB, open func(url string) (H, error), says string, urls ...string) {
	t.Helper()
	for _, url := range urls {
		switch h, err := open(url); {
		case err == nil:
			t.Errorf("%q is taken for %v", url, h)
		case strings.Contains(err.Error(), "key"), strings.Contains(err.Error(), Secret), !strings.Contains(err.Error(), says):
			t.Errorf("%q: %v", url, err)
		}
	}
}
