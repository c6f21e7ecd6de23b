// Package blob keeps deliveries as blobs of Azure Storage.
//
// A blob holds a delivery's exact body. Its name is [core.Delivery.ObjectName]
// below the destination's prefix, so a redelivery finds its blob there and
// changes nothing. Its metadata are the delivery's CloudEvents attributes, each
// with the prefix ce_ (Azure allows no hyphen) and percent-encoded as in the
// CloudEvents HTTP binding; its content type is the body's. Azure has room for 8
// KiB of metadata; what does not fit is left out. [Delivery] reads it back.
package blob

import (
	"bytes"
	"context"
	neturl "net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// bucket is a container, or a part of one.
type bucket struct {
	address
	client *container.Client
}

// Open makes the destination of a URL, azblob://ACCOUNT/CONTAINER/PREFIX; the
// prefix may be left out, and ACCOUNT may be the full host name
// ACCOUNT.blob.SUFFIX. The container must be there before the first delivery.
//
// It signs in as the app's managed identity, or with the connection string in
// AZURE_STORAGE_CONNECTION_STRING. Azure is not asked before the first
// delivery. The identity needs the role "Storage Blob Data Contributor". It is a
// [destination.Bucket].
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	client, err := sdk.Connect(a.storage, a.container, &container.ClientOptions{ClientOptions: sdk.Options()},
		container.NewClientFromConnectionString, container.NewClient)
	if err != nil {
		return nil, err
	}
	return &bucket{a, client}, nil
}

// Locate implements [destination.Bucket] with the blob's https URL, without any
// signature in it: its reader signs in.
func (c *bucket) Locate(d *core.Delivery) string { return c.uri(c.prefix + d.ObjectName()) }

// uri is the URL of a blob.
func (c *bucket) uri(name string) string {
	u, err := neturl.Parse(c.client.URL())
	if err != nil {
		return "" // the client was made of this URL
	}
	u.RawQuery = ""
	u.Path, u.RawPath = u.Path+"/"+name, ""
	return u.String()
}

// Handle implements [core.Handler]. A blob that is there already means taken: its
// name holds a digest of its content. Every failure is one for now.
func (c *bucket) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	blob := c.client.NewBlockBlobClient(c.address.prefix + d.ObjectName())
	metadata := map[string]*string{}
	for name, value := range destination.Metadata(d, prefix, maxMetadata) {
		metadata[name] = &value
	}
	_, err := blob.Upload(ctx, streaming.NopCloser(bytes.NewReader(d.Body)), &blockblob.UploadOptions{
		HTTPHeaders: &azblob.HTTPHeaders{BlobContentType: to.Ptr(destination.ContentType(d))},
		Metadata:    metadata,
		AccessConditions: &azblob.AccessConditions{ModifiedAccessConditions: &azblob.ModifiedAccessConditions{
			IfNoneMatch: to.Ptr(azcore.ETagAny), // only if there is none
		}},
	})
	if exists(err) {
		return nil
	}
	return sdk.Explain(c.String(), err, remedies)
}
