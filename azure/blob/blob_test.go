package blob_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestMain(m *testing.M) {
	os.Unsetenv("AZURE_STORAGE_CONNECTION_STRING") // of whoever runs the tests
	os.Exit(m.Run())
}

func open(t testing.TB, url string) core.Handler {
	h, err := blob.Open(url)
	required.NoError(t, err)
	return h
}

// TestOnAzurite is every test against a real implementation of the service.
func TestOnAzurite(t *testing.T) {
	destinationtest.Run(t, onAzurite(t))

	t.Run("describes the blob", func(t *testing.T) {
		c := create(t, "described")
		d := destinationtest.Label(t)
		d.ID = `Zoë's "100%" id`
		required.NoError(t, open(t, "azblob://devstoreaccount1/described").Handle(t.Context(), d))
		_, properties := download(t, c.NewBlockBlobClient(d.ObjectName()))
		if *properties.ContentType != "application/json" {
			t.Errorf("content type %q", *properties.ContentType)
		}
		got := map[string]string{}
		for name, value := range properties.Metadata {
			got[strings.ToLower(name)] = *value // a header's name comes in any case
		}
		if got["ce_id"] != "Zo%C3%AB's%20%22100%25%22%20id" || got["ce_source"] != "/labelbox/projects/"+d.ProjectID || got["ce_datacontenttype"] != "application/json" {
			t.Errorf("metadata %q", got)
		}
	})

	t.Run("leaves out metadata that Azure has no room for", func(t *testing.T) {
		c := create(t, "longid")
		d := destinationtest.Label(t)
		d.ID = strings.Repeat("x", 20<<10)
		required.NoError(t, open(t, "azblob://devstoreaccount1/longid").Handle(t.Context(), d))
		_, properties := download(t, c.NewBlockBlobClient(d.ObjectName()))
		size, signed := 0, false
		for name, value := range properties.Metadata {
			size += len(name) + len(*value)
			signed = signed || *value == destinationtest.Signature
		}
		if size > 8<<10 || !signed {
			t.Errorf("%d bytes of metadata, destinationtest.Signature %v", size, signed)
		}
	})

	t.Run("leaves a blob of the same delivery alone", func(t *testing.T) {
		c := create(t, "alone")
		d := destinationtest.Label(t)
		b := c.NewBlockBlobClient(d.ObjectName())
		if _, err := b.Upload(t.Context(), streaming.NopCloser(strings.NewReader("first")), nil); err != nil {
			t.Fatal(err)
		}
		required.NoError(t, open(t, "azblob://devstoreaccount1/alone").Handle(t.Context(), d))
		if body, _ := download(t, b); string(body) != "first" {
			t.Errorf("it holds %q now", body)
		}
	})

	t.Run("locates its blobs", func(t *testing.T) {
		create(t, "located")
		h, d := open(t, "azblob://devstoreaccount1/located/a b/100%25"), destinationtest.Label(t)
		required.NoError(t, h.Handle(t.Context(), d))
		key, err := sdkblob.NewSharedKeyCredential(emulators.StorageAccount, emulators.StorageKey)
		required.NoError(t, err)
		b, err := blockblob.NewClientWithSharedKeyCredential(h.(destination.Bucket).Locate(d), key, nil)
		required.NoError(t, err)
		if body, _ := download(t, b); !bytes.Equal(body, d.Body) {
			t.Errorf("found %q", body)
		}
	})

	t.Run("a wrong key is answered 503 and told to nobody", func(t *testing.T) {
		const wrong = "bm90IHRoZSBrZXk="
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", strings.Replace(os.Getenv("AZURE_STORAGE_CONNECTION_STRING"), emulators.StorageKey, wrong, 1))
		err := open(t, "azblob://devstoreaccount1/exact").Handle(t.Context(), destinationtest.Label(t))
		if err == nil || core.IsPermanent(err) || !strings.HasPrefix(err.Error(), "azblob://devstoreaccount1/exact: answered 403 ") || strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v", err)
		}
	})
}

func download(t testing.TB, b *blockblob.Client) ([]byte, sdkblob.DownloadStreamResponse) {
	response, err := b.DownloadStream(context.Background(), nil)
	required.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	required.NoError(t, err)
	return body, response
}
