package queue_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/labelhook/labelhook/azure/queue"
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
	os.Unsetenv("AZURE_STORAGE_CONNECTION_STRING") // of whoever runs the tests
	os.Exit(m.Run())
}

func open(t testing.TB, url string) core.Handler {
	h, err := queue.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// event is a message, as a consumer would read it.
type event struct {
	SpecVersion string `json:"specversion"`
	ID          string
	Type        string
	Source      string
	Subject     string
	Time        time.Time
	ContentType string `json:"datacontenttype"`
	Data        []byte `json:"data_base64"`
	DataRef     string
	Version     string `json:"labelboxversion"`
	Signature   string `json:"labelboxsignature"`
	Key         string `json:"labelboxkey"`
	DataRow     string `json:"labelboxdatarow"`
}

// TestAzurite is every test against a real implementation of the service.
func TestAzurite(t *testing.T) {
	connection := emulators.Storage(t)
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)

	// create makes a queue and returns the SDK's view of it.
	create := func(t *testing.T, name string) *azqueue.QueueClient {
		q, err := azqueue.NewQueueClientFromConnectionString(connection, name, nil)
		if err == nil {
			_, err = q.Create(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		return q
	}

	t.Run("a message is a CloudEvent with the exact body", func(t *testing.T) {
		q := create(t, "exact")
		h := open(t, "azqueue://devstoreaccount1/exact")
		deliveries := []*core.Delivery{
			destinationtest.New("bytes", "LABEL_CREATED", []byte("\xef\xbb\xbf{\"not\": \"UTF-8 \xff\x00\"}\r\n")),
			destinationtest.New("<\"&'>\x01\u2028\ufffe\xff", "LABEL_CREATED", []byte(`{}`)),
		}
		for _, s := range samples.All() {
			deliveries = append(deliveries, destinationtest.New("delivery", s.Header, s.Body()))
		}
		for _, d := range deliveries {
			if err := h.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
			got := take(t, q)
			want := event{
				SpecVersion: "1.0",
				ID:          strings.ReplaceAll(strings.ToValidUTF8(d.ID, "\ufffd"), "\ufffe", "\ufffd"),
				Type:        "com.labelbox." + string(d.Event),
				Source:      "/labelbox",
				Subject:     d.Subject(),
				Time:        d.Time,
				ContentType: "application/json",
				Version:     string(d.Version),
				Signature:   destinationtest.Signature,
				Key:         d.Key(),
				DataRow:     d.DataRowID,
			}
			if d.ProjectID != "" {
				want.Source += "/projects/" + d.ProjectID
			}
			if !bytes.Equal(got.Data, d.Body) {
				t.Errorf("%s: the body is %q", d.Event, got.Data)
			}
			if got.Data = nil; !equal(got, want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", d.Event, got, want)
			}
		}
	})

	t.Run("a message does not expire", func(t *testing.T) {
		q := create(t, "lasting")
		if err := open(t, "azqueue://devstoreaccount1/lasting").Handle(t.Context(), destinationtest.Label(t)); err != nil {
			t.Fatal(err)
		}
		response, err := q.PeekMessage(t.Context(), nil)
		if err != nil || len(response.Messages) != 1 {
			t.Fatal(len(response.Messages), err)
		}
		if expires := response.Messages[0].ExpirationTime; expires.Year() != 9999 {
			t.Errorf("it expires at %s", expires)
		}
	})

	t.Run("takes bodies up to the limit", func(t *testing.T) {
		q := create(t, "limit")
		h := open(t, "azqueue://devstoreaccount1/limit")
		largest := 0
		for size := 46 << 10; size < 50<<10; size += 3 {
			d := destinationtest.New("delivery", "LABEL_CREATED", bytes.Repeat([]byte{'x'}, size))
			err := h.Handle(t.Context(), d)
			if err != nil {
				if !core.IsPermanent(err) || !strings.Contains(err.Error(), "set LABELHOOK_OVERFLOW to a bucket's URL") {
					t.Errorf("%d bytes: %v", size, err)
				}
				break
			}
			largest = size
		}
		if largest < 47<<10 {
			t.Errorf("the largest body was of %d bytes", largest)
		}
		response, err := q.GetProperties(t.Context(), nil)
		if want := int64(largest-46<<10)/3 + 1; err != nil || *response.ApproximateMessagesCount != want {
			t.Errorf("%d messages, want %d, %v", *response.ApproximateMessagesCount, want, err)
		}
	})

	t.Run("a larger body goes to the bucket", func(t *testing.T) {
		q := create(t, "overflow")
		h := open(t, "azqueue://devstoreaccount1/overflow")
		bucket := &bucket{}
		h.(destination.Overflower).OverflowTo(bucket)
		small, large := destinationtest.Label(t), destinationtest.New("large", "LABEL_CREATED", make([]byte, 100<<10))
		for _, d := range []*core.Delivery{small, large} {
			if err := h.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		if got := take(t, q); got.DataRef != "" || !bytes.Equal(got.Data, small.Body) {
			t.Errorf("the small one came as %+v", got)
		}
		if got := take(t, q); got.DataRef != bucket.Locate(large) || got.Data != nil || got.Key != large.Key() || got.ID != "large" {
			t.Errorf("the large one came as %+v", got)
		}
		if len(bucket.kept) != 1 || bucket.kept[0] != large {
			t.Errorf("the bucket has %v", bucket.kept)
		}
		bucket.err = core.Permanent(http.ErrAbortHandler)
		if err := h.Handle(t.Context(), large); !core.IsPermanent(err) {
			t.Errorf("the bucket refused it, and the queue said %v", err)
		}
		if response, err := q.DequeueMessage(t.Context(), nil); err != nil || len(response.Messages) != 0 {
			t.Errorf("a message refers to what is not there: %v, %v", response.Messages, err)
		}
	})

	t.Run("a refused put is answered 503", func(t *testing.T) {
		h := open(t, "azqueue://devstoreaccount1/missing")
		err := h.Handle(t.Context(), destinationtest.Label(t))
		const want = "azqueue://devstoreaccount1/missing: answered 404 QueueNotFound; create the queue"
		if err == nil || core.IsPermanent(err) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		status, body := answer(t, h)
		if status != 503 || !strings.Contains(body, "delivery_failed") || strings.Contains(body, "missing") {
			t.Errorf("answered %d %s", status, body)
		}
		create(t, "missing")
		if status, body := answer(t, h); status != 200 {
			t.Errorf("now that there is a queue, answered %d %s", status, body)
		}
	})
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

// take removes one message from the queue.
func take(t testing.TB, q *azqueue.QueueClient) (e event) {
	response, err := q.DequeueMessage(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(response.Messages) != 1 {
		t.Fatalf("%d messages", len(response.Messages))
	}
	m := response.Messages[0]
	if err := json.Unmarshal([]byte(*m.MessageText), &e); err != nil {
		t.Fatalf("%s: %v", *m.MessageText, err)
	}
	if _, err := q.DeleteMessage(t.Context(), *m.MessageID, *m.PopReceipt, nil); err != nil {
		t.Fatal(err)
	}
	return e
}

func equal(a, b event) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

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

func TestOpenTakesOnlyQueues(t *testing.T) {
	const key = "c2VjcmV0IGtleQ=="
	for url, taken := range map[string]bool{
		"azqueue://account/queue":                                  true,
		"azqueue://account/queue/":                                 true,
		"azqueue://account/a-queue-2":                              true,
		"azqueue://account.queue.core.windows.net/queue":           true,
		"azqueue://account.blob.core.windows.net/queue":            false,
		"azqueue://account":                                        false,
		"azqueue:///queue":                                         false,
		"azqueue:queue":                                            false,
		"azqueue://account/queue/more":                             false,
		"azqueue://account/Queue":                                  false,
		"azqueue://account/qu":                                     false,
		"azqueue://account/" + strings.Repeat("q", 64):             false,
		"azqueue://ACCOUNT/queue":                                  false,
		"azqueue://account/queue?sig=" + key:                       false,
		"azqueue://user:" + key + "@account/queue":                 false,
		"https://account.queue.core.windows.net/queue?sig=" + key:  false,
		"azqueue://https://account.queue.core.windows.net/queue/x": false,
	} {
		h, err := queue.Open(url)
		switch {
		case taken && err != nil:
			t.Errorf("%q: %v", url, err)
		case !taken && err == nil:
			t.Errorf("took %q as %s", url, h)
		case !taken && (strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "; write ")):
			t.Errorf("%q: %v", url, err)
		}
	}
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", key)
	if _, err := queue.Open("azqueue://account/queue"); err == nil || strings.Contains(err.Error(), key) || !strings.HasPrefix(err.Error(), "AZURE_STORAGE_CONNECTION_STRING cannot be read") {
		t.Errorf("with a connection string that is none: %v", err)
	}
}
