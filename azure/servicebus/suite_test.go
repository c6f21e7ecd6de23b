package servicebus_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func BenchmarkOnStandIn(b *testing.B) {
	destinationtest.Bench(b, onStandIn(b, emulators.StartServiceBus(b)))
}

func onStandIn(t testing.TB, bus *emulators.ServiceBus) destinationtest.Harness {
	t.Setenv("SERVICEBUS_CONNECTION_STRING", bus.Connection)
	return destinationtest.Harness{
		Limit: 300 << 10,
		Queue: func(t testing.TB, name string) destination.Queue {
			q, err := servicebus.OpenQueue("servicebus://namespace/" + name)
			required.NoError(t, err)
			return q
		},
		Open: func(t testing.TB, name string) core.Handler { return open(t, "servicebus://namespace/"+name) },
		Receive: func(t testing.TB, name string, n int, fetch destination.Fetch) (messages []destinationtest.Message) {
			for range n {
				m := bus.Message(name)
				attributes := map[string]string{"cloudEvents_datacontenttype": m.ContentType}
				for name, value := range m.Properties {
					attributes[name], _ = value.(string)
				}
				d, err := servicebus.Delivery(&azservicebus.ReceivedMessage{Body: m.Body, ContentType: &m.ContentType, ApplicationProperties: m.Properties}, fetch)
				messages = append(messages, destinationtest.NewMessage(t, attributes, "cloudEvents_", d, err))
				if m.Entity != name || m.ID != d.Key() || m.Session == "" || d.ProjectID != "" && m.Session != d.ProjectID || len(m.Body) > 0 && m.Section != 0x75 {
					t.Errorf("%s: came as %+v", d.Event, m)
				}
			}
			return messages
		},
		At: func(t testing.TB, address string) core.Handler {
			t.Setenv("SERVICEBUS_CONNECTION_STRING", "Endpoint=sb://"+address+";SharedAccessKeyName=n;SharedAccessKey="+destinationtest.Secret+";UseDevelopmentEmulator=true")
			return open(t, "servicebus://namespace/queue")
		},
	}
}
