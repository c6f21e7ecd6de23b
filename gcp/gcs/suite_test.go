package gcs_test

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	fakegcs "github.com/labelhook/labelhook/internal/test/gcs"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOnFake(t *testing.T) { destinationtest.Run(t, onFake(t)) }

func BenchmarkOnFake(b *testing.B) { destinationtest.Bench(b, onFake(b)) }

func onFake(t testing.TB) destinationtest.Harness {
	server := fakegcs.New(t, "labels")
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	return destinationtest.Harness{
		Once: true, Exact: true,
		Source: func(t testing.TB, name string) core.Handler {
			h, err := gcs.OpenSource("gs://" + name + "/" + name)
			required.NoError(t, err)
			return h
		},
		Open:   func(t testing.TB, name string) core.Handler { return open(t, "gs://"+name+"/"+name) },
		Create: func(_ testing.TB, name string) { server.Create(name) },
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			for object, o := range server.Objects() {
				if strings.HasPrefix(object, name+"/") {
					d, err := gcs.Delivery(o.Metadata, o.Content)
					messages = append(messages, destinationtest.NewMessage(t, destinationtest.Decoded(t, o.Metadata), "ce-", d, err))
				}
			}
			return messages
		},
		At: func(t testing.TB, address string) core.Handler {
			t.Setenv("STORAGE_EMULATOR_HOST", address)
			return open(t, "gs://labels")
		},
	}
}
