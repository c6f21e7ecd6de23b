package gcp_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/gcp"
	"github.com/labelhook/labelhook/gcp/pubsub"
)

// A function of one's own: this call stands in an init of the root package,
// which also imports the framework's functions package.
func Example() {
	os.Setenv("LABELBOX_WEBHOOK_SECRET", "the secret given to Labelbox") // the deployment does this
	os.Setenv("LABELHOOK_LOG_LEVEL", "error")

	function := gcp.Register("LabelboxWebhook", &core.Mux{
		ModelRunStarted: func(_ context.Context, d *core.Delivery, e *payload.ModelRunEvent) error {
			fmt.Println("model run", e.ModelRunID)
			return nil // 200; any other error is answered 503, so that it comes again
		},
	}, core.WithDestination("pubsub", pubsub.Open))

	// What Labelbox sends:
	body := `{"modelId":"m","modelRunId":"r","modelType":"t"}`
	secret, _ := secret.New("the secret given to Labelbox")
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	request.Header.Set(core.SignatureHeader, core.Sign([]byte(body), secret))
	request.Header.Set(core.IDHeader, "delivery")
	answer := httptest.NewRecorder()
	function.ServeHTTP(answer, request)
	fmt.Print(answer.Code, " ", answer.Body)
	// Output:
	// model run r
	// 200 {"status":"accepted","id":"delivery","event":"model_run.started"}
}
