package servicebus_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
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

// TestStandIn is every test with the real SDK against an AMQP 1.0 server of
// another make.
func TestStandIn(t *testing.T) {
	bus := emulators.StartServiceBus(t)
	t.Setenv("SERVICEBUS_CONNECTION_STRING", bus.Connection)

	t.Run("a message holds the exact body and the attributes", func(t *testing.T) {
		h := open(t, "servicebus://namespace/some/topic")
		deliveries := []*core.Delivery{
			destinationtest.New("bytes", "LABEL_CREATED", []byte("\xef\xbb\xbf{\"not\": \"UTF-8 \xff\x00\"}\r\n")),
			destinationtest.New("Zoë \xff", "LABEL_CREATED", []byte(`{}`)),
		}
		for _, s := range samples.All() {
			deliveries = append(deliveries, destinationtest.New("delivery", s.Header, s.Body()))
		}
		for _, d := range deliveries {
			for range 2 { // a redelivery has the same message id
				if err := h.Handle(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				got := bus.Message()
				if got.Entity != "some/topic" || got.ID != d.Key() || got.ContentType != "application/json" || got.Section != 0x75 {
					t.Errorf("%s: came as %+v", d.Event, got)
				}
				if want := d.ProjectID; got.Session != want && (want != "" || got.Session != "labelbox") {
					t.Errorf("%s: session %q, want %q", d.Event, got.Session, want)
				}
				if !bytes.Equal(got.Body, d.Body) {
					t.Errorf("%s: the body is %q", d.Event, got.Body)
				}
				want := map[string]any{}
				for _, a := range d.Attributes() {
					if a.Name != "datacontenttype" {
						want["cloudEvents_"+a.Name] = strings.ToValidUTF8(a.Value, "\ufffd")
					}
				}
				if !maps.Equal(got.Properties, want) {
					t.Errorf("%s:\ngot  %q\nwant %q", d.Event, got.Properties, want)
				}
			}
		}
	})

	t.Run("a body over the limit is refused for good", func(t *testing.T) {
		d := destinationtest.New("large", "LABEL_CREATED", make([]byte, 300<<10))
		err := open(t, "servicebus://namespace/queue").Handle(t.Context(), d)
		const want = "servicebus://namespace/queue: a body of 307200 bytes is more than a message holds; set LABELHOOK_OVERFLOW to a bucket's URL, such as azblob://ACCOUNT/CONTAINER/PREFIX"
		if !core.IsPermanent(err) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})

	t.Run("or goes to the bucket", func(t *testing.T) {
		h := open(t, "servicebus://namespace/overflow")
		bucket := &bucket{}
		h.(destination.Overflower).OverflowTo(bucket)
		small, large := destinationtest.Label(t), destinationtest.New("large", "LABEL_CREATED", make([]byte, 300<<10))
		for _, d := range []*core.Delivery{small, large} {
			if err := h.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if got := bus.Message(); got.Properties["cloudEvents_dataref"] != nil || !bytes.Equal(got.Body, small.Body) {
			t.Errorf("the small one came as %+v", got)
		}
		if got := bus.Message(); got.Properties["cloudEvents_dataref"] != bucket.Locate(large) || len(got.Body) != 0 || got.ID != large.Key() {
			t.Errorf("the large one came as %+v", got)
		}
		if len(bucket.kept) != 1 || bucket.kept[0] != large {
			t.Errorf("the bucket has %v", bucket.kept)
		}
		bucket.err = http.ErrAbortHandler
		if err := h.Handle(t.Context(), large); err == nil || core.IsPermanent(err) {
			t.Errorf("the bucket was out of order, and the queue said %v", err)
		}
		if err := h.Handle(t.Context(), small); err != nil {
			t.Fatal(err)
		}
		if got := bus.Message(); got.ID != small.Key() {
			t.Errorf("a message refers to what is not there: %+v", got)
		}
	})

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
			if status, body := answer(t, h); status != 503 || !strings.Contains(body, "delivery_failed") || strings.Contains(body, "amqp") {
				t.Errorf("answered %d %s", status, body)
			}
		})
	}
}

// bucket keeps deliveries in memory.
type bucket struct {
	kept []*core.Delivery
	err  error
}

func (b *bucket) Handle(_ context.Context, d *core.Delivery) error {
	if b.err != nil {
		return b.err
	}
	b.kept = append(b.kept, d)
	return nil
}

func (b *bucket) Locate(d *core.Delivery) string { return "https://example.com/" + d.Key() }

// answer sends a signed label to a receiver with the one handler.
func answer(t testing.TB, h core.Handler) (status int, body string) {
	key, err := secret.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		t.Fatal(err)
	}
	request := sender.Signed(destinationtest.Label(t).Body, "LABEL_CREATED", key)
	r := httptest.NewRequest("POST", "/", bytes.NewReader(request.Body))
	r.Header = request.Header
	w := httptest.NewRecorder()
	nethttp.Handler(&core.Receiver{Secrets: secrets, Handler: h, Observe: core.LogTo(slog.New(slog.DiscardHandler))}).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestAServiceThatIsNotThereIsAFailureForNow(t *testing.T) {
	server := httptest.NewServer(nil) // for its address, where soon nobody listens
	address := strings.TrimPrefix(server.URL, "http://")
	server.Close()
	t.Setenv("SERVICEBUS_CONNECTION_STRING", "Endpoint=sb://"+address+";SharedAccessKeyName=n;SharedAccessKey=the-key;UseDevelopmentEmulator=true")
	err := open(t, "servicebus://namespace/queue").Handle(t.Context(), destinationtest.Label(t))
	if err == nil || core.IsPermanent(err) || strings.Contains(err.Error(), "the-key") || strings.Contains(err.Error(), "\n") ||
		!strings.HasPrefix(err.Error(), "servicebus://namespace/queue: ") {
		t.Errorf("got %v", err)
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
