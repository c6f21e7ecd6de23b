package nethttp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/labelhooktest"
)

func Example() {
	mux := http.NewServeMux()
	mux.Handle("/webhook-endpoint", nethttp.Handler(&core.Receiver{
		Secrets: labelhooktest.Secrets(), // in a program: secret.File, secret.Static or a cloud's
		Handler: &core.Mux{},             // set its functions
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}))
	server := httptest.NewServer(mux) // or an http.Server of yours, with timeouts
	defer server.Close()

	body := []byte(`{"modelId":"m","modelRunId":"r","modelType":"t"}`)
	url := server.URL + "/webhook-endpoint"
	response, err := http.DefaultClient.Do(labelhooktest.Request(labelhooktest.Secret, url, payload.ModelRunStarted, body))
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Print(response.Status, " ", string(answer))
	// Output:
	// 200 OK {"status":"ignored","id":"labelhooktest-delivery","event":"model_run.started"}
}
