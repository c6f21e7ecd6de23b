package nethttp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/secret"
)

func Example() {
	key, err := secret.New("the secret given to Labelbox")
	if err != nil {
		panic(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhook-endpoint", nethttp.Handler(&core.Receiver{
		Secrets: secrets,
		Handler: &core.Mux{}, // set its functions
		Observe: core.LogTo(slog.New(slog.DiscardHandler)),
	}))
	server := httptest.NewServer(mux) // or an http.Server of yours, with timeouts
	defer server.Close()

	body := `{"modelId":"m","modelRunId":"r","modelType":"t"}`
	request, err := http.NewRequest("POST", server.URL+"/webhook-endpoint", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set(core.SignatureHeader, core.Sign([]byte(body), key))
	request.Header.Set(core.IDHeader, "delivery")
	response, err := http.DefaultClient.Do(request)
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
	// 200 OK {"status":"ignored","id":"delivery","event":"model_run.started"}
}
