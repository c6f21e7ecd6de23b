package queue_test

import (
	"encoding/json"
	"os"
	"testing"

	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func BenchmarkOnAzurite(b *testing.B) { destinationtest.Bench(b, onAzurite(b)) }

func onAzurite(t testing.TB) destinationtest.Harness {
	connection := emulators.Storage(t)
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)
	return destinationtest.Harness{
		Limit: 64 << 10,
		Queue: func(t testing.TB, name string) destination.Queue {
			q, err := queue.OpenQueue("azqueue://devstoreaccount1/" + name)
			required.NoError(t, err)
			return q
		},
		Open: func(t testing.TB, name string) core.Handler { return open(t, "azqueue://devstoreaccount1/"+name) },
		Create: func(t testing.TB, name string) {
			if _, err := client(t, name).Create(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		},
		Receive: func(t testing.TB, name string, _ int, fetch destination.Fetch) (messages []destinationtest.Message) {
			q := client(t, name)
			for {
				response, err := q.DequeueMessage(t.Context(), nil)
				required.NoError(t, err)
				if len(response.Messages) == 0 {
					return messages
				}
				m := response.Messages[0]
				var attributes map[string]string
				required.NoError(t, json.Unmarshal([]byte(*m.MessageText), &attributes))
				d, err := queue.Delivery(*m.MessageText, fetch)
				messages = append(messages, destinationtest.NewMessage(t, attributes, "", d, err))
				if _, err := q.DeleteMessage(t.Context(), *m.MessageID, *m.PopReceipt, nil); err != nil {
					t.Fatal(err)
				}
			}
		},
		At: func(t testing.TB, address string) core.Handler {
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=account;AccountKey="+destinationtest.Secret+";QueueEndpoint=http://"+address+"/account")
			return open(t, "azqueue://account/queue")
		},
	}
}

// client is the SDK's view of a queue.
func client(t testing.TB, name string) *azqueue.QueueClient {
	q, err := azqueue.NewQueueClientFromConnectionString(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), name, nil)
	required.NoError(t, err)
	return q
}
