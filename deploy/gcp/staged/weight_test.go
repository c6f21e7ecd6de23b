package staged_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// The programs that the function is weighed against: Google's hello world, the
// same with a client for Pub/Sub, and with one for Cloud Storage too.
const (
	hello = `package main

import (
	"log"
	"net/http"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	"github.com/GoogleCloudPlatform/functions-framework-go/functions"
)

func main() {
	functions.HTTP("LabelboxWebhook", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("hello")) })
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`
	helloPubSub = `package main

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
		if r.Method == "POST" {
			client.Publish(r.Context(), &pubsubpb.PublishRequest{Topic: "projects/p/topics/t"})
		}
		w.Write([]byte("hello"))
	})
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`
	helloBoth = `package main

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
	"google.golang.org/api/storage/v1"
)

func main() {
	client, err := pubsub.NewTopicAdminClient(context.Background(), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}
	objects, err := storage.NewService(context.Background(), option.WithoutAuthentication())
	if err != nil {
		log.Fatal(err)
	}
	functions.HTTP("LabelboxWebhook", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "POST" {
			client.Publish(r.Context(), &pubsubpb.PublishRequest{Topic: "projects/p/topics/t"})
			objects.Objects.Insert("bucket", &storage.Object{Name: "name"}).Media(r.Body).Context(r.Context()).Do()
		}
		w.Write([]byte("hello"))
	})
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`
	noDestinations = `package function

import (
	_ "` + functions + `"

	"` + module + `/gcp"
)

func init() { gcp.Register("LabelboxWebhook", nil) }
`
	onlyPubSub = `package function

import (
	_ "` + functions + `"

	"` + module + `/core"
	"` + module + `/gcp"
	"` + module + `/gcp/pubsub"
)

func init() { gcp.Register("LabelboxWebhook", nil, core.WithDestination("pubsub", pubsub.Open)) }
`
)

// Weight is what a cold start has to load. What is linked besides Google's own
// code is held to a ratio of that; the time of a start is budgeted in
// bench/budgets.
func TestWeight(t *testing.T) {
	source := stage(t)
	write(t, filepath.Join(source, "hello", "main.go"), hello)
	write(t, filepath.Join(source, "hellopubsub", "main.go"), helloPubSub)
	write(t, filepath.Join(source, "helloboth", "main.go"), helloBoth)
	root := func(text string) string {
		path := filepath.Join(t.TempDir(), "function.go")
		write(t, path, text)
		return path
	}
	for name, test := range map[string]struct {
		ours, theirs string
		budget       float64
	}{
		"without destinations":           {build(t, stage(t, root(noDestinations))), compile(t, source, "./hello"), 1.3},
		"with Pub/Sub":                   {build(t, stage(t, root(onlyPubSub))), compile(t, source, "./hellopubsub"), 1.1},
		"with Pub/Sub and Cloud Storage": {build(t, source), compile(t, source, "./helloboth"), 1.1},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := size(t, test.ours), size(t, test.theirs)
			t.Logf("%.1f MB to %.1f MB is %.2f times", ours/1e6, theirs/1e6, ours/theirs)
			if ratio := ours / theirs; ratio > test.budget {
				t.Errorf("%.2f times, over %.1f", ratio, test.budget)
			}
		})
	}
}

func size(t *testing.T, binary string) float64 {
	info, err := os.Stat(binary)
	required.NoError(t, err)
	return float64(info.Size())
}
