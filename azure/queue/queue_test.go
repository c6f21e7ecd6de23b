package queue_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
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

// TestOnAzurite is every test against a real implementation of the service.
func TestOnAzurite(t *testing.T) {
	h := onAzurite(t)
	destinationtest.Run(t, h)

	t.Run("a message does not expire", func(t *testing.T) {
		h.Create(t, "lasting")
		q := client(t, "lasting")
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
