package staged_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/conformance"
)

// The programs that the function is weighed against: Google's hello world, and
// the same with a client for Pub/Sub.
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
	noDestinations = `package function

import (
	_ "` + functions + `"

	"` + module + `/gcp"
)

func init() { gcp.Register("LabelboxWebhook", nil) }
`
)

// Weight is what a cold start has to load and to run. What is linked besides
// Google's own code is held to a ratio of that, in size and from the start of
// the process to its first answer.
func TestWeight(t *testing.T) {
	source := stage(t)
	write(t, filepath.Join(source, "hello", "main.go"), hello)
	write(t, filepath.Join(source, "hellopubsub", "main.go"), helloPubSub)
	root := filepath.Join(t.TempDir(), "none.go")
	write(t, root, noDestinations)

	for name, test := range map[string]struct {
		ours, theirs string
		destination  string
		budget       float64
	}{
		"without destinations": {build(t, stage(t, root)), compile(t, source, "./hello"), "log:", 1.3},
		"with Pub/Sub":         {build(t, source), compile(t, source, "./hellopubsub"), "pubsub://acme-ml/labels", 1.1},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := size(t, test.ours), size(t, test.theirs)
			if ratio := ours / theirs; ratio > test.budget {
				t.Errorf("size: %.1f MB to %.1f MB is %.2f times, over %.1f", ours/1e6, theirs/1e6, ratio, test.budget)
			} else {
				t.Logf("size: %.1f MB to %.1f MB is %.2f times", ours/1e6, theirs/1e6, ratio)
			}
			variables := map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret, "LABELHOOK_DESTINATIONS": test.destination}
			compareStarts(t, test.ours, test.theirs, variables, test.budget)
		})
	}
}

func size(t *testing.T, binary string) float64 {
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	return float64(info.Size())
}

// compareStarts starts both in turns and compares the medians. What else the
// machine does can only blur the difference, so a series that keeps the budget
// is enough.
func compareStarts(t *testing.T, ours, theirs string, variables map[string]string, budget float64) {
	var seen []string
	for range 5 {
		var a, b []time.Duration
		for range 15 {
			a = append(a, firstAnswer(t, ours, variables))
			b = append(b, firstAnswer(t, theirs, variables))
		}
		ratio := float64(median(a)) / float64(median(b))
		seen = append(seen, fmt.Sprintf("%s to %s is %.2f times", median(a), median(b), ratio))
		if ratio <= budget {
			t.Logf("start: %s", seen[len(seen)-1])
			return
		}
	}
	t.Errorf("start: over %.1f in every series: %s", budget, strings.Join(seen, "; "))
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

// firstAnswer is the time from the start of a process to its first answer.
func firstAnswer(t *testing.T, binary string, variables map[string]string) time.Duration {
	t.Helper()
	began := time.Now()
	p := launch(t, binary, variables)
	connection, err := p.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	fmt.Fprint(connection, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := io.ReadFull(connection, make([]byte, len("HTTP/1.1 200"))); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	p.Process.Kill()
	<-p.ended
	return took
}
