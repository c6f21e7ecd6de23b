// Gcp is the least that a function under Google's framework can be, which the
// start of labelhook's is budgeted against.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

func main() {
	functions.HTTP("LabelboxWebhook", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Hello, world!")) })
	log.Fatal(funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
}
