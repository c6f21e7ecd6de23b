// Gcp is labelhook's function with no destination of Google's.
package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/labelhook/labelhook/gcp"
)

func main() {
	gcp.Register("LabelboxWebhook", nil)
	log.Fatal(funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
}
