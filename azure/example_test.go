package azure_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

// A function of one's own is a handler and a main function of one line. (This
// one is not run: Start does not return.)
func ExampleStart() {
	moved := func(ctx context.Context, d *core.Delivery, action *payload.WorkflowEvent) error {
		slog.InfoContext(ctx, "moved", "data_rows", action.DataRowIDs)
		return nil // and the sender gets 200
	}
	azure.Start(&core.Mux{WorkflowAction: moved})
}

// A worker behind the queue that the receiver sends to. (This one is not run:
// StartWorker does not return.)
func ExampleStartWorker() {
	azure.StartWorker(&core.Mux{LabelCreated: func(ctx context.Context, d *core.Delivery, label *payload.LabelEvent) error {
		return nil // train, copy, notify: the message comes again until this is nil
	}}, core.WithDestination("azblob", blob.OpenSource))
}

// For those who make their own receiver: the same behind a server of theirs.
func ExampleNewHandler() {
	key, err := secret.New("the secret given to Labelbox")
	if err != nil {
		panic(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		panic(err)
	}
	handler := azure.NewHandler(&core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			fmt.Printf("got %s of %d bytes\n", d.Event, len(d.Body))
			return nil
		}),
		Observe: core.LogTo(azure.NewLogger(os.Stdout, slog.LevelError)),
	})

	body := []byte(`{"modelId":"m","modelRunId":"r","modelType":"t"}`)
	request := httptest.NewRequest("POST", "/api/labelbox", bytes.NewReader(body)) // as the host passes it on
	request.Header.Set(core.SignatureHeader, core.Sign(body, key))
	answer := httptest.NewRecorder()
	http.Handler(handler).ServeHTTP(answer, request)
	fmt.Println(answer.Code)
	// Output:
	// got model_run.started of 48 bytes
	// 200
}
