// Package blob keeps deliveries as blobs of Azure Storage.
//
// A blob holds a delivery's exact body. Its name is [core.Delivery.ObjectName]
// below the destination's prefix, so a redelivery finds its blob there and
// changes nothing. Its metadata are the delivery's CloudEvents attributes, each
// with the prefix ce_ (Azure allows no hyphen) and percent-encoded as in the
// CloudEvents HTTP binding; its content type is the body's.
package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	neturl "net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
)

// Container is a container, or a part of one, as a destination. Its identity
// needs the role "Storage Blob Data Contributor". It implements
// [github.com/labelhook/labelhook/core/destination.Bucket].
type Container struct {
	name   string // as in the URL, without the prefix
	prefix string // "" or ends in a slash
	client *container.Client
}

// Open makes the destination of a URL, azblob://ACCOUNT/CONTAINER/PREFIX; the
// prefix may be left out, and ACCOUNT may be the full host name
// ACCOUNT.blob.SUFFIX. The container must be there before the first delivery.
//
// It signs in as the app's managed identity, or with the connection string in
// AZURE_STORAGE_CONNECTION_STRING. Azure is not asked before the first
// delivery.
func Open(url string) (core.Handler, error) {
	host, path, err := sdk.Split(url)
	name, prefix, _ := strings.Cut(path, "/")
	if err != nil || !sdk.IsStorageName(name) || prefix != "" && !fs.ValidPath(prefix) {
		return nil, errors.New("this names no container; write azblob://ACCOUNT/CONTAINER or azblob://ACCOUNT/CONTAINER/PREFIX")
	}
	storage, err := sdk.OpenStorage(host, "blob")
	if err != nil {
		return nil, err
	}
	client, err := connect(storage, name)
	if err != nil {
		return nil, err
	}
	if prefix != "" {
		prefix += "/"
	}
	return &Container{"azblob://" + storage.Account + "/" + name, prefix, client}, nil
}

func connect(s sdk.Storage, name string) (*container.Client, error) {
	options := &container.ClientOptions{ClientOptions: sdk.Options()}
	if s.Connection != "" {
		client, err := container.NewClientFromConnectionString(s.Connection, name, options)
		if err != nil {
			return nil, sdk.ErrConnection
		}
		return client, nil
	}
	identity, err := sdk.Credential()
	if err != nil {
		return nil, err
	}
	return container.NewClient(s.Endpoint+name, identity, options)
}

// String returns the URL without the prefix.
func (c *Container) String() string { return c.name }

// Locate implements [github.com/labelhook/labelhook/core/destination.Bucket]
// with the blob's https URL, without any signature: whoever follows it signs in
// for itself.
func (c *Container) Locate(d *core.Delivery) string {
	u, err := neturl.Parse(c.client.URL())
	if err != nil {
		return "" // the client was made of this URL
	}
	u.RawQuery = ""
	u.Path, u.RawPath = u.Path+"/"+c.prefix+d.ObjectName(), ""
	return u.String()
}

// Handle implements [core.Handler]. It returns nil once the blob is stored, now
// or by an earlier try. Every failure is one for now, those that somebody must
// do something about included (no such container, access denied): the sender's
// next try may come after that.
func (c *Container) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	blob := c.client.NewBlockBlobClient(c.prefix + d.ObjectName())
	_, err := blob.Upload(ctx, streaming.NopCloser(bytes.NewReader(d.Body)), &blockblob.UploadOptions{
		HTTPHeaders: &azblob.HTTPHeaders{BlobContentType: contentType(d)},
		Metadata:    metadata(d),
		AccessConditions: &azblob.AccessConditions{ModifiedAccessConditions: &azblob.ModifiedAccessConditions{
			IfNoneMatch: to.Ptr(azcore.ETagAny), // only if there is none
		}},
	})
	if bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.ConditionNotMet) {
		return nil
	}
	return sdk.Explain(c.name, err, remedies)
}

var remedies = sdk.Remedies{
	string(bloberror.ContainerNotFound):               "create the container",
	string(bloberror.ContainerBeingDeleted):           "wait until it is gone, then create the container",
	string(bloberror.AuthorizationPermissionMismatch): `give the app's identity the role "Storage Blob Data Contributor" on the container`,
}

func contentType(d *core.Delivery) *string {
	for _, a := range d.Attributes() {
		if a.Name == "datacontenttype" {
			return &a.Value
		}
	}
	return nil
}

// maxMetadata is how many bytes of names and values a blob takes.
const maxMetadata = 8 << 10

// metadata describes the delivery, without the attributes that would go over
// the limit: they come from headers, which may be of any length.
func metadata(d *core.Delivery) map[string]*string {
	m, size := map[string]*string{}, 0
	for _, a := range d.Attributes() {
		name, value := "ce_"+a.Name, percentEncode(a.Value)
		if size += len(name) + len(value); size > maxMetadata {
			size -= len(name) + len(value)
			continue
		}
		m[name] = &value
	}
	return m
}

// percentEncode writes an attribute as the CloudEvents HTTP binding wants it
// (3.1.3.2): blank, quote, percent and everything outside printable ASCII as
// %XX.
func percentEncode(value string) string {
	var b strings.Builder
	for _, c := range []byte(value) {
		if c <= ' ' || c >= 0x7f || c == '"' || c == '%' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
