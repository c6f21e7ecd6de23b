package sender_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
)

// A hundred deliveries, none of them a repeat of another, four at a time.
func Example() {
	key, _ := secret.New("correct horse")
	secrets, _ := secret.Static(key)
	keys := make(chan string, 100)
	server := httptest.NewServer(nethttp.Handler(&core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error { keys <- d.Key(); return nil }),
		Observe: core.LogTo(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}))
	defer server.Close()

	sample, _ := samples.Find(payload.LabelCreated, payload.V2)
	template := sender.NewTemplate(sample.Body())
	requests := func(yield func(sender.Request) bool) {
		for range 100 {
			if !yield(sender.Signed(template.Fresh(time.Now()), sample.Header, key)) {
				return
			}
		}
	}
	s := sender.Sender{URL: server.URL, Concurrency: 4}
	summary := s.Send(context.Background(), requests, nil)

	close(keys)
	distinct := map[string]bool{}
	for key := range keys {
		distinct[key] = true
	}
	fmt.Println(summary.Sent, summary.OK, summary.Statuses, len(distinct))
	// Output: 100 100 map[200:100] 100
}

func ExampleSet() {
	body, changed, _ := sender.Set([]byte(`{"dataRowIds": ["a"], "action": "MOVE"}`), `dataRowIds.-1=b`)
	fmt.Println(string(body), changed)
	// Output: {"dataRowIds": ["a","b"], "action": "MOVE"} dataRowIds.1
}
