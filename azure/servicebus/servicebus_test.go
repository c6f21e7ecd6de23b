package servicebus_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
)

func TestMain(m *testing.M) {
	os.Unsetenv("SERVICEBUS_CONNECTION_STRING") // of whoever runs the tests
	os.Exit(m.Run())
}

func open(t testing.TB, url string) core.Handler {
	h, err := servicebus.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestOnStandIn is every test with the real SDK against an AMQP 1.0 server of
// another make.
func TestOnStandIn(t *testing.T) {
	bus := emulators.StartServiceBus(t)
	destinationtest.Run(t, onStandIn(t, bus))

	t.Run("a connection that breaks is made again", func(t *testing.T) {
		d := destinationtest.Label(t)
		if err := open(t, "servicebus://namespace/dropping").Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if got := bus.Message(); got.Entity != "dropping" || !bytes.Equal(got.Body, d.Body) {
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

func TestOpenTakesOnlyEntities(t *testing.T) {
	const key = "c2VjcmV0IGtleQ=="
	for url, taken := range map[string]bool{
		"servicebus://namespace/queue":                                      true,
		"servicebus://namespace/queue/":                                     true,
		"servicebus://My-namespace2/some/Topic_1.a":                         true,
		"servicebus://namespace.servicebus.windows.net/queue":               true,
		"servicebus://namespace.servicebus.usgovcloudapi.net/queue":         true,
		"servicebus://namespace.example.com/queue":                          false,
		"servicebus://namespace":                                            false,
		"servicebus:///queue":                                               false,
		"servicebus:queue":                                                  false,
		"servicebus://name/queue":                                           false,
		"servicebus://namespace/que ue":                                     false,
		"servicebus://namespace/$management":                                false,
		"servicebus://namespace/queue?sig=" + key:                           false,
		"servicebus://user:" + key + "@namespace/queue":                     false,
		"servicebus://Endpoint=sb://namespace/;SharedAccessKey=" + key + "": false,
	} {
		h, err := servicebus.Open(url)
		switch {
		case taken && err != nil:
			t.Errorf("%q: %v", url, err)
		case !taken && err == nil:
			t.Errorf("took %q as %s", url, h)
		case !taken && (strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "; write ")):
			t.Errorf("%q: %v", url, err)
		}
	}
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
