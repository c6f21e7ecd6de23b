// Gcppubsub is the least that a function under Google's framework can be that
// publishes to Pub/Sub, which the start of labelhook's is budgeted against.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	pubsub "cloud.google.com/go/pubsub/v2/apiv1"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"google.golang.org/api/option"
)

func main() {
	client, err := pubsub.NewTopicAdminClient(context.Background(), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}
	functions.HTTP("LabelboxWebhook", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			client.Publish(r.Context(), &pubsubpb.PublishRequest{Topic: "projects/p/topics/t"})
		}
		w.Write([]byte("Hello, world!"))
	})
	log.Fatal(funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")))
}
