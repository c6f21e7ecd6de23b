package core_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// listed is a header that can list its names.
type listed http.Header

func (h listed) Values(name string) []string { return http.Header(h).Values(name) }
func (h listed) Names() iter.Seq[string]     { return maps.Keys(h) }

// Of all headers of a request, only what describes the delivery or follows its trace
// travels on.
func TestEndToEndHeaders(t *testing.T) {
	lines := func(d *core.Delivery) string {
		var all []string
		for _, f := range d.Header() {
			all = append(all, f.Name+": "+f.Value)
		}
		return strings.Join(all, "\n")
	}
	header := http.Header{}
	passes := []string{
		"Baggage: a=1", "Content-Encoding: gzip", "Content-Type: application/json", "Traceparent: 00-1-2-01", "Tracestate: a=1", "Tracestate: b=2",
		"User-Agent: Labelbox", "X-Hub-Signature: sha1=0", "X-Labelbox-Event: LABEL_CREATED", "X-Labelbox-Id: 1", "X-Labelbox-New: 2", "X-Request-Id: 7",
	}
	for _, line := range append(slices.Clone(passes),
		"Authorization: hush", "Cookie: hush", "Set-Cookie: hush", "Proxy-Authorization: hush", "Host: hush", "Content-Length: 3", "Connection: keep-alive, X-Correlation-Id",
		"X-Correlation-Id: of this connection", "Keep-Alive: 5", "Te: trailers", "Trailer: a", "Transfer-Encoding: chunked", "Upgrade: h2c", "Forwarded: for=1",
		"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Authorization: hush", "X-Functions-Key: hush", "X-Api-Key: hush", "X-Goog-Iap-Jwt-Assertion: hush",
		"X-Amz-Security-Token: hush", "X-Ms-Token-Aad-Access-Token: hush", "Cf-Access-Jwt-Assertion: hush", "X-Vault-Token: hush", "Ce-Id: forged",
		"Labelhook-Hop: 2", "Accept-Encoding: gzip", "Expect: 100-continue", "Date: a\r\nAuthorization: b", "Request-Id: \x00") {
		name, value, _ := strings.Cut(line, ": ")
		header.Add(name, value)
	}
	d := core.Identify(listed(header), []byte("{}"))
	if got := lines(d); got != strings.Join(passes, "\n") {
		t.Errorf("got\n%s", got)
	}
	withoutNew := slices.DeleteFunc(slices.Clone(passes), func(line string) bool { return strings.HasPrefix(line, "X-Labelbox-New") })
	if got := lines(core.Identify(header, []byte("{}"))); got != strings.Join(withoutNew, "\n") {
		t.Errorf("without a list of the names: got\n%s", got)
	}
	if got := lines(&core.Delivery{Signature: "sha1=0", ID: "1\n2"}); got != "X-Hub-Signature: sha1=0" {
		t.Errorf("without a request: got\n%s", got)
	}
}

// The handler is told how many receivers there were, so that who posts the
// delivery on can raise the count.
func TestDeliveriesKnowTheirHops(t *testing.T) {
	for value, want := range map[string]int{"": 0, "0": 0, "1": 1, "4": 4} {
		got := -1
		r := receiver(t, core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { got = d.Hops; return nil }))
		request := signed(t, sample, "LABEL_CREATED", "secret")
		if value != "" {
			request.Header.(http.Header).Set(core.HopHeader, value)
		}
		if answer := r.Receive(t.Context(), request); answer.Status != 200 || got != want {
			t.Errorf("%q: %d with %d hops", value, answer.Status, got)
		}
	}
}

// A header that remembers what was looked up, as the one of a Lambda event does,
// is read once however many destinations ask.
func TestEndToEndMayBeCalledAtTheSameTime(t *testing.T) {
	n := 0
	d := core.Identify(lookup(func(string) []string { n++; return []string{fmt.Sprint(n)} }), []byte("{}"))
	var all sync.WaitGroup
	got := make([]string, 8)
	for i := range got {
		all.Go(func() { got[i] = fmt.Sprint(d.Header()) })
	}
	all.Wait()
	for _, g := range got[1:] {
		if g != got[0] {
			t.Errorf("got %s and %s", got[0], g)
		}
	}
}

// An inbox asks for the header of every delivery that it stores.
func BenchmarkHeader(b *testing.B) {
	header := listed{
		"Accept-Encoding": {"gzip"}, "Content-Type": {"application/json"}, "User-Agent": {"Labelbox"}, "X-Forwarded-For": {"1.2.3.4"},
		core.SignatureHeader: {"sha1=0"}, core.EventHeader: {"LABEL_CREATED"}, core.IDHeader: {"one"}, "X-Request-Id": {"7"},
	}
	b.ReportAllocs()
	for b.Loop() {
		core.Identify(header, []byte("{}")).Header()
	}
}
