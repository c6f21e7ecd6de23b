package blob_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/required"
)

const key = "c2VjcmV0IGtleQ=="

func TestURLs(t *testing.T) {
	t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "")
	const account = "https://account.blob.core.windows.net/"
	d := destinationtest.Label(t)
	for url, want := range map[string]string{ // where the blob is, up to its name
		"azblob://account/container":                             account + "container/",
		"azblob://account/container/":                            account + "container/",
		"azblob://account/container/prefix":                      account + "container/prefix/",
		"azblob://account/container/a/b/":                        account + "container/a/b/",
		"azblob://account/con-tainer/a%20b":                      account + "con-tainer/a%20b/",
		"azblob://account.blob.core.usgovcloudapi.net/container": "https://account.blob.core.usgovcloudapi.net/container/",
	} {
		h := open(t, url)
		if got := h.(destination.Bucket).Locate(d); got != want+d.ObjectName() {
			t.Errorf("%q: located at %s, want %s…", url, got, want)
		}
		if got := fmt.Sprint(h); got != "azblob://account/container" && got != "azblob://account/con-tainer" {
			t.Errorf("%q calls itself %s", url, got)
		}
	}
	destinationtest.CheckRefused(t, blob.Open, "; write ",
		"azblob://account", "azblob://account/", "azblob:///container", "azblob:container", "azblob://Account/container", "azblob://ac/container",
		"azblob://account.queue.core.windows.net/container", "azblob://account/Container", "azblob://account/co", "azblob://account/con--tainer",
		"azblob://account/container-", "azblob://account/"+strings.Repeat("c", 64), "azblob://account/container/a//b", "azblob://account/container/../b",
		"azblob://account/container?sig=key", "azblob://account/container#key", "azblob://user:key@account/container", "azblob://account/container/%zzkey",
		"https://account.blob.core.windows.net/container?sig=key", "azblob://https://account.blob.core.windows.net/container/dir")
	destinationtest.CheckRefused(t, blob.Open, "no room", "azblob://account/container/"+strings.Repeat("key/", 201))
}

func TestOpenReadsTheConnectionString(t *testing.T) {
	for name, test := range map[string]struct{ connection, want, located string }{
		"as Azure shows it": {
			connection: "DefaultEndpointsProtocol=https;AccountName=account;AccountKey=" + key + ";EndpointSuffix=core.windows.net",
			located:    "https://account.blob.core.windows.net/container/",
		},
		"with a destinationtest.Signature, which Locate leaves out": {
			connection: "BlobEndpoint=https://account.blob.core.windows.net/;SharedAccessSignature=sv=1&sig=" + key,
			located:    "https://account.blob.core.windows.net/container/",
		},
		"of another account": {
			connection: "AccountName=other;AccountKey=" + key,
			want:       `AZURE_STORAGE_CONNECTION_STRING is of the account "other" and the URL names "account"; make them the same, or unset the variable to use the managed identity`,
		},
		"without a key": {
			connection: "AccountName=account",
			want:       "AZURE_STORAGE_CONNECTION_STRING cannot be read; copy a connection string of the storage account as Azure shows it (Access keys), or unset the variable to use the managed identity",
		},
		"that is none": {
			connection: key,
			want:       "AZURE_STORAGE_CONNECTION_STRING cannot be read; copy a connection string of the storage account as Azure shows it (Access keys), or unset the variable to use the managed identity",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AZURE_STORAGE_CONNECTION_STRING", test.connection)
			h, err := blob.Open("azblob://account/container")
			if test.want != "" {
				if err == nil || err.Error() != test.want {
					t.Errorf("got  %v\nwant %s", err, test.want)
				}
				return
			}
			required.NoError(t, err)
			d := destinationtest.Label(t)
			if got := h.(destination.Bucket).Locate(d); got != test.located+d.ObjectName() {
				t.Errorf("located at %s, want %s…", got, test.located)
			}
		})
	}
	t.Run("for the emulator at its usual ports", func(t *testing.T) {
		t.Setenv("AZURE_STORAGE_CONNECTION_STRING", "UseDevelopmentStorage=true")
		h, err := blob.Open("azblob://devstoreaccount1/container")
		required.NoError(t, err)
		d := destinationtest.Label(t)
		if got := h.(destination.Bucket).Locate(d); got != "http://127.0.0.1:10000/devstoreaccount1/container/"+d.ObjectName() {
			t.Errorf("located at %s", got)
		}
	})
}
