package labelboxfake_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/labelbox"
)

// A receiver is registered, and an event is delivered to it.
func Example() {
	key, _ := secret.New("correct horse")
	secrets, _ := secret.Static(key)
	receiver := httptest.NewServer(nethttp.Handler(&core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			fmt.Println("received", d.Event)
			return nil
		}),
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}))
	defer receiver.Close()

	api := labelboxfake.New("the-key")
	server := httptest.NewServer(api)
	defer server.Close()
	client, _ := labelbox.NewClient("the-key", labelbox.WithEndpoint(server.URL), labelbox.WithLoopbackWebhooks())
	created, _ := client.CreateWebhook(context.Background(), labelbox.NewWebhook{
		URL: receiver.URL, Secret: "correct horse", Topics: labelbox.Topics(), WholeOrganization: true})
	fmt.Println(created.Status, created.Topics)

	sample, _ := samples.Find(payload.LabelCreated, payload.V1)
	receipts, _ := api.Deliver(context.Background(), "LABEL_CREATED", sample.Body())
	fmt.Println(len(receipts), receipts[0].Status)
	// Output:
	// ACTIVE [LABEL_CREATED LABEL_UPDATED LABEL_DELETED WORKFLOW_ACTION]
	// received label.created
	// 1 200
}
