package blob_test

import (
	"os"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func BenchmarkOnAzurite(b *testing.B) { destinationtest.Bench(b, onAzurite(b)) }

func onAzurite(t testing.TB) destinationtest.Harness {
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", emulators.Storage(t))
	return destinationtest.Harness{
		Once: true, Exact: true,
		Source: func(t testing.TB, name string) core.Handler {
			h, err := blob.OpenSource("azblob://devstoreaccount1/" + name + "/some/prefix/")
			required.NoError(t, err)
			return h
		},
		Open: func(t testing.TB, name string) core.Handler {
			return open(t, "azblob://devstoreaccount1/"+name+"/some/prefix/")
		},
		Create: func(t testing.TB, name string) { create(t, name) },
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			c := client(t, name)
			for pages := c.NewListBlobsFlatPager(nil); pages.More(); {
				page, err := pages.NextPage(t.Context())
				required.NoError(t, err)
				for _, item := range page.Segment.BlobItems {
					body, properties := download(t, c.NewBlockBlobClient(*item.Name))
					values := map[string]string{}
					for name, value := range properties.Metadata {
						values[name] = *value
					}
					d, err := blob.Delivery(properties.Metadata, body)
					messages = append(messages, destinationtest.NewMessage(t, destinationtest.Decoded(t, values), "ce_", d, err))
				}
			}
			return messages
		},
		At: func(t testing.TB, address string) core.Handler {
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountName=account;AccountKey="+destinationtest.Secret+";BlobEndpoint=http://"+address+"/account")
			return open(t, "azblob://account/container")
		},
	}
}

// client is the SDK's view of a container.
func client(t testing.TB, name string) *container.Client {
	c, err := container.NewClientFromConnectionString(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), name, nil)
	required.NoError(t, err)
	return c
}

func create(t testing.TB, name string) *container.Client {
	c := client(t, name)
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}
