// Gcppubsub is labelhook's function with Pub/Sub.
package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/gcp"
	"github.com/labelhook/labelhook/gcp/pubsub"
)

func main() {
	gcp.Register("LabelboxWebhook", nil, core.WithDestination("pubsub", pubsub.Open))
	log.Fatal(funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
}
