package queue_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestMain(m *testing.M) {
	os.Unsetenv("AZURE_STORAGE_CONNECTION_STRING") // of whoever runs the tests
	os.Exit(m.Run())
}

func open(t testing.TB, url string) core.Handler {
	h, err := queue.Open(url)
	required.NoError(t, err)
	return h
}

// TestOnAzurite is every test against a real implementation of the service.
func TestOnAzurite(t *testing.T) {
	h := onAzurite(t)
	destinationtest.Run(t, h)

	t.Run("a message does not expire", func(t *testing.T) {
		h.Create(t, "lasting")
		q := client(t, "lasting")
		required.NoError(t, open(t, "azqueue://devstoreaccount1/lasting").Handle(t.Context(), destinationtest.Label(t)))
		response, err := q.PeekMessage(t.Context(), nil)
		if err != nil || len(response.Messages) != 1 {
			t.Fatal(len(response.Messages), err)
		}
		if expires := response.Messages[0].ExpirationTime; expires.Year() != 9999 {
			t.Errorf("it expires at %s", expires)
		}
	})

	t.Run("takes bodies up to the limit", func(t *testing.T) {
		h.Create(t, "limit")
		q := client(t, "limit")
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

}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"azqueue://account/queue":                        "azqueue://account/queue",
		"azqueue://account/queue/":                       "azqueue://account/queue",
		"azqueue://account/a-queue-2":                    "azqueue://account/a-queue-2",
		"azqueue://account.queue.core.windows.net/queue": "azqueue://account/queue",
	} {
		if h := open(t, url); fmt.Sprint(h) != want {
			t.Errorf("%s is %s", url, h)
		}
	}
	destinationtest.CheckRefused(t, queue.Open, "; write ",
		"azqueue://account.blob.core.windows.net/queue", "azqueue://account", "azqueue:///queue", "azqueue:queue", "azqueue://account/queue/more",
		"azqueue://account/Queue", "azqueue://account/qu", "azqueue://account/"+strings.Repeat("q", 64), "azqueue://ACCOUNT/queue",
		"azqueue://account/queue?sig=key", "azqueue://user:key@account/queue", "https://account.queue.core.windows.net/queue?sig=key",
		"azqueue://https://account.queue.core.windows.net/queue/x")
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", destinationtest.Secret)
	if _, err := queue.Open("azqueue://account/queue"); err == nil || strings.Contains(err.Error(), destinationtest.Secret) {
		t.Errorf("with a connection string that is none: %v", err)
	}
}
