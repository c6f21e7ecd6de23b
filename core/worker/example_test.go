package worker_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/worker"
	"github.com/labelhook/labelhook/labelhooktest"
)

func Example() {
	w := &worker.Worker{Receiver: &core.Receiver{
		Secrets: labelhooktest.Secrets(),
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			fmt.Println(d.Event, d.Subject())
			return nil
		}),
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}}

	// What a queue has of a delivery, here in CloudEvents' JSON format.
	text := destination.Event(labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2)), "")

	response := w.Take(context.Background(), worker.Message{ID: "1", Read: func(fetch destination.Fetch) (*core.Delivery, error) {
		return destination.FromEvent([]byte(text), fetch)
	}})
	fmt.Println(response.Status)
	// Output:
	// label.created clvo7b6h501ic07fdbg62c32w
	// 200
}
