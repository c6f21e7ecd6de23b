package pubsub_test

import (
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/pubsub"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOnFake(t *testing.T) { destinationtest.Run(t, onFake(t)) }

func BenchmarkOnFake(b *testing.B) { destinationtest.Bench(b, onFake(b)) }

func onFake(t testing.TB) destinationtest.Harness {
	server, address := fake(t)
	h := harness(t, address)
	h.Create = func(t testing.TB, name string) {
		if _, err := server.GServer.CreateTopic(t.Context(), &pubsubpb.Topic{Name: "projects/acme-ml/topics/" + name}); err != nil {
			t.Fatal(err)
		}
		if _, err := server.GServer.CreateSubscription(t.Context(), &pubsubpb.Subscription{
			Name: "projects/acme-ml/subscriptions/" + name, Topic: "projects/acme-ml/topics/" + name, AckDeadlineSeconds: 10,
		}); err != nil {
			t.Fatal(err)
		}
	}
	h.Queue = func(t testing.TB, name string) destination.Queue {
		q, err := pubsub.OpenQueue("pubsub://acme-ml/" + name)
		required.NoError(t, err)
		return q
	}
	h.Receive = func(t testing.TB, name string, _ int, fetch destination.Fetch) (messages []destinationtest.Message) {
		for _, m := range server.Messages() { // there by the time of the answer
			if m.Topic != "projects/acme-ml/topics/"+name {
				continue
			}
			if m.OrderingKey != "" || m.Attributes["Content-Type"] != m.Attributes["ce-datacontenttype"] {
				t.Errorf("message %v", m)
			}
			messages = append(messages, newMessage(t, m.Attributes, m.Data, fetch))
		}
		server.ClearMessages()
		return messages
	}
	return h
}

// harness is what the fake and the emulator have in common.
func harness(t testing.TB, address string) destinationtest.Harness {
	t.Setenv("PUBSUB_EMULATOR_HOST", address)
	return destinationtest.Harness{
		Limit: 10_000_000,
		Open:  func(t testing.TB, name string) core.Handler { return openTopic(t, "pubsub://acme-ml/"+name) },
		At: func(t testing.TB, address string) core.Handler {
			t.Setenv("PUBSUB_EMULATOR_HOST", address)
			return openTopic(t, "pubsub://acme-ml/labels")
		},
	}
}

func newMessage(t testing.TB, attributes map[string]string, data []byte, fetch destination.Fetch) destinationtest.Message {
	t.Helper()
	d, err := pubsub.Delivery(attributes, data, fetch)
	return destinationtest.NewMessage(t, attributes, "ce-", d, err)
}
