package servicebus_test

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestMain(m *testing.M) {
	os.Unsetenv("SERVICEBUS_CONNECTION_STRING") // of whoever runs the tests
	os.Exit(m.Run())
}

func open(t testing.TB, url string) core.Handler {
	h, err := servicebus.Open(url)
	required.NoError(t, err)
	return h
}

// TestOnStandIn is every test with the real SDK against an AMQP 1.0 server of
// another make.
func TestOnStandIn(t *testing.T) {
	bus := emulators.StartServiceBus(t)
	destinationtest.Run(t, onStandIn(t, bus))

	t.Run("a connection that breaks is made again", func(t *testing.T) {
		d := destinationtest.Label(t)
		required.NoError(t, open(t, "servicebus://namespace/dropping").Handle(t.Context(), d))
		if got := bus.Message("dropping"); !bytes.Equal(got.Body, d.Body) {
			t.Errorf("came as %+v", got)
		}
	})

	for entity, want := range map[string]string{
		"missing": "amqp:not-found The messaging entity 'missing' could not be found; create the queue or topic",
		"denied":  `unauthorized; give the app's identity the role "Azure Service Bus Data Sender" on the namespace or entity`,
		"full":    "amqp:resource-limit-exceeded The queue is full; take messages out of it, or give it more room: it is full",
	} {
		t.Run("what is "+entity+" is answered 503", func(t *testing.T) {
			h := open(t, "servicebus://namespace/"+entity)
			err := h.Handle(t.Context(), destinationtest.Label(t))
			if want := "servicebus://namespace/" + entity + ": " + want; err == nil || core.IsPermanent(err) || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"servicebus://namespace/queue":                              "servicebus://namespace/queue",
		"servicebus://namespace/queue/":                             "servicebus://namespace/queue",
		"servicebus://My-namespace2/some/Topic_1.a":                 "servicebus://My-namespace2/some/Topic_1.a",
		"servicebus://namespace.servicebus.windows.net/queue":       "servicebus://namespace/queue",
		"servicebus://namespace.servicebus.usgovcloudapi.net/queue": "servicebus://namespace/queue",
	} {
		if h := open(t, url); fmt.Sprint(h) != want {
			t.Errorf("%s is %s", url, h)
		}
	}
	destinationtest.CheckRefused(t, servicebus.Open, "; write servicebus://NAMESPACE/ENTITY",
		"servicebus://namespace.example.com/queue", "servicebus://namespace", "servicebus:///queue", "servicebus:queue", "servicebus://name/queue",
		"servicebus://namespace/que ue", "servicebus://namespace/$management", "servicebus://namespace/queue?sig=key", "servicebus://user:key@namespace/queue",
		"servicebus://Endpoint=sb://namespace/;SharedAccessKey="+destinationtest.Secret)
}

func TestOpenReadsTheConnectionString(t *testing.T) {
	const key = "c2VjcmV0IGtleQ=="
	const unreadable = "SERVICEBUS_CONNECTION_STRING cannot be read; copy a connection string of the namespace as Azure shows it (Shared access policies), or unset the variable to use the managed identity"
	for connection, want := range map[string]string{
		"Endpoint=sb://namespace.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=" + key: "",
		"Endpoint=sb://NAMESPACE.servicebus.windows.net;SharedAccessKeyName=send;SharedAccessKey=" + key:  "",
		"Endpoint=sb://other.servicebus.windows.net/;SharedAccessKeyName=send;SharedAccessKey=" + key:     "SERVICEBUS_CONNECTION_STRING is of other.servicebus.windows.net and the URL names namespace.servicebus.windows.net; make them the same, or unset the variable to use the managed identity",
		"Endpoint=sb://namespace.servicebus.windows.net/":                                                 unreadable,
		"Endpoint=://" + key: unreadable,
		key:                  unreadable,
		"SharedAccessKeyName=send;SharedAccessKey=" + key: unreadable,
	} {
		t.Setenv("SERVICEBUS_CONNECTION_STRING", connection)
		_, err := servicebus.Open("servicebus://namespace/queue")
		if want == "" && err != nil || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q:\ngot  %v\nwant %s", connection, err, want)
		}
	}
}
