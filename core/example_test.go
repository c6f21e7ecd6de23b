package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

// A receiver for every host: adapters feed it, the handler gets typed events.
func Example() {
	key, err := secret.New("the secret given to Labelbox")
	if err != nil {
		panic(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		panic(err)
	}
	receiver := &core.Receiver{
		Secrets: secrets,
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
		Header: http.Header{
			core.SignatureHeader: {core.Sign(body, key)},
			core.EventHeader:     {"LABEL_CREATED"},
			core.IDHeader:        {"delivery"},
		},
	})
	fmt.Print(response.Status, " ", string(response.Body))
	// Output:
	// label one on data row row
	// 200 {"status":"accepted","id":"delivery","event":"label.created"}
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
