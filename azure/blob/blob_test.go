package blob_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	sdkblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/labelhook/labelhook/azure/blob"
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
	h, err := blob.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestAzurite is every test against a real implementation of the service.
func TestAzurite(t *testing.T) {
	connection := emulators.Storage(t)
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", connection)

	// create makes a container and returns the SDK's view of it.
	create := func(t *testing.T, name string) *container.Client {
		c, err := container.NewClientFromConnectionString(connection, name, nil)
		if err == nil {
			_, err = c.Create(t.Context(), nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		return c
	}

	t.Run("keeps each delivery in one blob", func(t *testing.T) {
		c := create(t, "each")
		h := open(t, "azblob://devstoreaccount1/each/some/prefix/")
		want := map[string][]byte{}
		deliveries := []*core.Delivery{
			destinationtest.New("bytes", "LABEL_CREATED", []byte("\xef\xbb\xbf{\"not\": \"UTF-8 \xff\x00\"}\r\n")),
			destinationtest.New("large", "LABEL_CREATED", bytes.Repeat([]byte("0123456789"), 1<<20)),
		}
		for _, s := range samples.All() {
			deliveries = append(deliveries, destinationtest.New("delivery", s.Header, s.Body()))
		}
		for _, d := range deliveries {
			for range 2 { // delivered again
				if err := h.Handle(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			want["some/prefix/"+d.ObjectName()] = d.Body
		}
		names := list(t, c)
		if len(names) != len(want) {
			t.Errorf("%d blobs, want %d: %q", len(names), len(want), names)
		}
		for _, name := range names {
			if body, _ := download(t, c.NewBlockBlobClient(name)); !bytes.Equal(body, want[name]) {
				t.Errorf("%s holds %d other bytes", name, len(body))
			}
		}
		if !slices.ContainsFunc(names, func(name string) bool {
			return strings.HasPrefix(name, "some/prefix/event=label.created/dt=2024-05-06/20240506T171848.000Z-")
		}) {
			t.Errorf("no blob is named by event and day: %q", names)
		}
	})

	t.Run("describes the blob", func(t *testing.T) {
		c := create(t, "described")
		d := destinationtest.Label(t)
		d.ID = `Zoë's "100%" id`
		if err := open(t, "azblob://devstoreaccount1/described").Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		_, properties := download(t, c.NewBlockBlobClient(d.ObjectName()))
		if got := *properties.ContentType; got != "application/json" {
			t.Errorf("content type %q", got)
		}
		want := map[string]string{
			"ce_specversion":       "1.0",
			"ce_id":                "Zo%C3%AB's%20%22100%25%22%20id",
			"ce_type":              "com.labelbox.label.created",
			"ce_source":            "/labelbox/projects/" + d.ProjectID,
			"ce_subject":           d.LabelID,
			"ce_time":              "2024-05-06T17:18:48Z",
			"ce_labelboxkey":       d.Key(),
			"ce_labelboxsignature": destinationtest.Signature,
			"ce_labelboxversion":   "v2",
			"ce_labelboxdatarow":   d.DataRowID,
			"ce_datacontenttype":   "application/json",
		}
		got := map[string]string{}
		for name, value := range properties.Metadata {
			got[strings.ToLower(name)] = *value // a header's name comes in any case
		}
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
		if len(got) != len(want) {
			t.Errorf("metadata %q", got)
		}
	})

	t.Run("leaves out metadata that Azure has no room for", func(t *testing.T) {
		c := create(t, "longid")
		d := destinationtest.Label(t)
		d.ID = strings.Repeat("x", 20<<10)
		if err := open(t, "azblob://devstoreaccount1/longid").Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
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
		if err := open(t, "azblob://devstoreaccount1/alone").Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if body, _ := download(t, b); string(body) != "first" {
			t.Errorf("it holds %q now", body)
		}
	})

	t.Run("takes the same delivery from many at once", func(t *testing.T) {
		c := create(t, "many")
		h := open(t, "azblob://devstoreaccount1/many")
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if err := h.Handle(t.Context(), destinationtest.Label(t)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if names := list(t, c); len(names) != 1 {
			t.Errorf("%d blobs: %q", len(names), names)
		}
	})

	t.Run("locates its blobs", func(t *testing.T) {
		create(t, "located")
		h, d := open(t, "azblob://devstoreaccount1/located/a b/100%25"), destinationtest.Label(t)
		if err := h.Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		key, err := sdkblob.NewSharedKeyCredential(emulators.StorageAccount, emulators.StorageKey)
		if err != nil {
			t.Fatal(err)
		}
		b, err := blockblob.NewClientWithSharedKeyCredential(h.(destination.Bucket).Locate(d), key, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, _ := download(t, b); !bytes.Equal(body, d.Body) {
			t.Errorf("found %q", body)
		}
	})

	t.Run("a refused put is answered 503", func(t *testing.T) {
		h := open(t, "azblob://devstoreaccount1/missing")
		err := h.Handle(t.Context(), destinationtest.Label(t))
		const want = "azblob://devstoreaccount1/missing: answered 404 ContainerNotFound; create the container"
		if err == nil || core.IsPermanent(err) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		status, body := answer(t, h)
		if status != 503 || !strings.Contains(body, "delivery_failed") || strings.Contains(body, "missing") {
			t.Errorf("answered %d %s", status, body)
		}
		create(t, "missing")
		if status, body := answer(t, h); status != 200 {
			t.Errorf("now that there is a container, answered %d %s", status, body)
		}
	})

	t.Run("a wrong key is answered 503 and told to nobody", func(t *testing.T) {
		const wrong = "bm90IHRoZSBrZXk="
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", strings.Replace(connection, emulators.StorageKey, wrong, 1))
		err := open(t, "azblob://devstoreaccount1/each").Handle(t.Context(), destinationtest.Label(t))
		if err == nil || core.IsPermanent(err) || !strings.HasPrefix(err.Error(), "azblob://devstoreaccount1/each: answered 403 ") || strings.Contains(err.Error(), wrong) {
			t.Errorf("got %v", err)
		}
	})
}

func list(t testing.TB, c *container.Client) (names []string) {
	for pages := c.NewListBlobsFlatPager(nil); pages.More(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Segment.BlobItems {
			names = append(names, *item.Name)
		}
	}
	return names
}

func download(t testing.TB, b *blockblob.Client) ([]byte, sdkblob.DownloadStreamResponse) {
	response, err := b.DownloadStream(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body, response
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
