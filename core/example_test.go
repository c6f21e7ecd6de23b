package core_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/labelhooktest"
)

// A receiver for every host: adapters feed it, the handler gets typed events.
func Example() {
	receiver := &core.Receiver{
		Secrets: labelhooktest.Secrets(), // in a program: secret.File, secret.Static or a cloud's
		Handler: &core.Mux{
			LabelCreated: func(_ context.Context, d *core.Delivery, e *payload.LabelEvent) error {
				for l := range e.Labels() {
					fmt.Println("label", l.ID, "on data row", e.DataRow.ID)
				}
				return nil
			},
		},
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}

	body := []byte(`{"data_row":{"id":"row"},"projects":{"project":{"labels":[{"id":"one"}]}}}`)
	response := receiver.Receive(context.Background(), core.Request{
		Method: "POST",
		Body:   body,
		Header: labelhooktest.Request(labelhooktest.Secret, "/", payload.LabelCreated, body).Header,
	})
	fmt.Print(response.Status, " ", string(response.Body))
	// Output:
	// label one on data row row
	// 200 {"status":"accepted","id":"labelhooktest-delivery","event":"label.created"}
}

// A consumer of a queue, to which a function forwarded the delivery, trusts
// nothing: it verifies again before it decodes.
func ExampleVerify() {
	key, _ := secret.New("secret")
	body := []byte(`{"modelId":"m","modelRunId":"r","modelType":"t"}`)
	signature := "sha1=ff09c01bbd8f4a5c9d1a2f4a0d10a6f1c0e2b3d4" // from the message's attributes

	fmt.Println(core.Verify(body, signature, []secret.Secret{key}))
	fmt.Println(core.Verify(body, core.Sign(body, key), []secret.Secret{key}))
	// Output:
	// the signature does not match the body under any live secret
	// <nil>
}
