package labelboxfake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/internal/samples"
)

// A receiver is registered with a request as Labelbox's own client sends it,
// and an event is delivered to it.
func Example() {
	key, _ := secret.New("correct horse")
	secrets, _ := secret.Static(key)
	receiver := httptest.NewServer(nethttp.Handler(&core.Receiver{
		Secrets: secrets,
		Handler: core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
			fmt.Println("received", d.Event)
			return nil
		}),
		Observe: core.LogTo(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}))
	defer receiver.Close()

	api := labelboxfake.New("the key")
	server := httptest.NewServer(api)
	defer server.Close()
	const document = `mutation M($url: String!, $secret: String!) {createWebhook(data:{` +
		`topics:{set:[LABEL_CREATED WORKFLOW_ACTION]}, url:$url, secret:$secret}){status topics}}`
	body, _ := json.Marshal(map[string]any{
		"query":     document,
		"variables": map[string]string{"url": receiver.URL, "secret": "correct horse"},
	})
	request, _ := http.NewRequest("POST", server.URL, bytes.NewReader(body))
	request.Header.Set("Authorization", "Bearer the key")
	response, _ := http.DefaultClient.Do(request)
	answer, _ := io.ReadAll(response.Body)
	fmt.Print(string(answer))

	sample, _ := samples.Find(payload.LabelCreated, payload.V1)
	receipts, _ := api.Deliver(context.Background(), "LABEL_CREATED", sample.Body())
	fmt.Println(len(receipts), receipts[0].Status)
	// Output:
	// {"data":{"createWebhook":{"status":"ACTIVE","topics":["LABEL_CREATED","WORKFLOW_ACTION"]}}}
	// received label.created
	// 1 200
}
