package pubsub_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/gcp/pubsub"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

// topic is a topic that exists in a fake of Pub/Sub.
func topic(t testing.TB, options ...pstest.ServerReactorOption) (core.Handler, *pstest.Server) {
	server, address := fake(t, options...)
	t.Setenv("PUBSUB_EMULATOR_HOST", address)
	return openTopic(t, "pubsub://acme-ml/labels"), server
}

// fake puts Google's fake behind a server that takes messages as large as
// Pub/Sub does, which its own does not.
func fake(t testing.TB, options ...pstest.ServerReactorOption) (fake *pstest.Server, address string) {
	fake = pstest.NewServer(options...)
	t.Cleanup(func() { fake.Close() })
	if _, err := fake.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: "projects/acme-ml/topics/labels"}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(10_000_000))
	pubsubpb.RegisterPublisherServer(server, &fake.GServer)
	pubsubpb.RegisterSubscriberServer(server, &fake.GServer)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return fake, listener.Addr().String()
}

func openTopic(t testing.TB, url string) core.Handler {
	t.Helper()
	h, err := pubsub.Open(url)
	required.NoError(t, err)
	return h
}

// A delivery waits for no other: published one after the other, they take less
// than the 10 ms each that the batching client would wait for more.
func TestPublishesAtOnce(t *testing.T) {
	h, server := topic(t)
	d := destinationtest.Label(t)
	fastest := time.Hour
	for range 20 {
		began := time.Now()
		required.NoError(t, h.Handle(t.Context(), d))
		fastest = min(fastest, time.Since(began))
	}
	if fastest >= 10*time.Millisecond || len(server.Messages()) != 20 {
		t.Errorf("the fastest of %d took %s", len(server.Messages()), fastest)
	}
}

// The limit is on the whole request, with some bytes for what is around the body.
func TestTheLimitOfARequest(t *testing.T) {
	h, server := topic(t)
	for size, fits := range map[int]bool{9_990_000: true, 9_999_999: false} {
		server.ClearMessages()
		err := h.Handle(t.Context(), core.Identify(http.Header{}, bytes.Repeat([]byte("x"), size)))
		if fits && err != nil || !fits && !core.IsPermanent(err) || len(server.Messages()) == 1 != fits {
			t.Errorf("%d bytes: %v, %d messages", size, err, len(server.Messages()))
		}
	}
}

func TestFailuresAreForNowAndSayWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		code codes.Code
		want string
	}{
		"no topic":   {codes.NotFound, "create the topic, or write the URL of one that exists"},
		"permission": {codes.PermissionDenied, "give the function's service account roles/pubsub.publisher on the topic"},
		"refused":    {codes.InvalidArgument, "InvalidArgument"},
	} {
		t.Run(name, func(t *testing.T) {
			h, server := topic(t, pstest.WithErrorInjection("Publish", test.code, "as the test has it"))
			destinationtest.CheckForNow(t, h, h.Handle(t.Context(), destinationtest.Label(t)), test.want)
			if n := len(server.Messages()); n != 0 {
				t.Errorf("%d messages", n)
			}
		})
	}
}

// What a sender may put into headers, and Pub/Sub has no room for, does not
// keep the delivery out.
func TestOddHeadersKeepNothingOut(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for name, test := range map[string]struct {
		header          http.Header
		id, contentType string // "" id means the key
	}{
		"nothing at all":    {http.Header{}, "", "application/json"},
		"id in Latin-1":     {http.Header{core.IDHeader: {"Zo\xeb"}}, "Zo\ufffd", "application/json"},
		"very long id":      {http.Header{core.IDHeader: {long}}, "", "application/json"},
		"very long content": {http.Header{"Content-Type": {long}}, "", ""},
	} {
		h, server := topic(t)
		d := core.Identify(test.header, []byte("{}"))
		if err := h.Handle(t.Context(), d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if test.id == "" {
			test.id = d.Key()
		}
		if a := server.Messages()[0].Attributes; a["ce-id"] != test.id || a["Content-Type"] != test.contentType {
			t.Errorf("%s: attributes %v", name, a)
		}
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"pubsub://acme-ml/labels":          "pubsub://acme-ml/labels",
		"PUBSUB://acme-ml/labels":          "pubsub://acme-ml/labels",
		"pubsub:123456789/Labels.v2_~+%-":  "pubsub://123456789/Labels.v2_~+%-",
		"pubsub://example.com:acme/labels": "pubsub://example.com:acme/labels",
	} {
		if h := openTopic(t, url); h.(fmt.Stringer).String() != want {
			t.Errorf("%s is %s", url, h)
		}
	}
	destinationtest.CheckRefused(t, pubsub.Open, "write pubsub://PROJECT/TOPIC",
		"pubsub:", "pubsub://", "pubsub://key", "pubsub://key/", "pubsub:///key", "pubsub://acme/key?x", "pubsub://acme/key/x",
		"pubsub://projects/acme/topics/key", "pubsub://user:key@acme/labels", "pubsub://acme/1key", "pubsub://ac me/key")
}

// Without credentials the delivery is not taken, and the next one looks again.
func TestWithoutCredentials(t *testing.T) {
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "/dev/null/none")
	h := openTopic(t, "pubsub://acme-ml/labels")
	destinationtest.CheckForNow(t, h, h.Handle(t.Context(), destinationtest.Label(t)), "")
	server, address := fake(t)
	t.Setenv("PUBSUB_EMULATOR_HOST", address)
	if err := h.Handle(t.Context(), destinationtest.Label(t)); err != nil || len(server.Messages()) != 1 {
		t.Errorf("%v; messages %v", err, server.Messages())
	}
}
