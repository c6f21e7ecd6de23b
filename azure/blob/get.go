package blob

import (
	"context"
	neturl "net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// source is a container that is read.
type source struct{ *bucket }

// OpenSource is [Open] for what reads the container too, such as a worker:
// [destination.Lister] and [destination.Reader].
func OpenSource(url string) (core.Handler, error) {
	h, err := Open(url)
	if err != nil {
		return nil, err
	}
	return &source{h.(*bucket)}, nil
}

// Has implements [destination.Reader].
func (c *source) Has(uri string) bool { return c.name(uri) != "" }

// name returns the name of the blob that a URL of Locate's form names, "" of one
// that is not below the prefix in this container.
func (c *source) name(uri string) string {
	own, err := neturl.Parse(c.client.URL())
	if err != nil {
		return ""
	}
	u, err := neturl.Parse(uri)
	if err != nil || u.Scheme != own.Scheme || !strings.EqualFold(u.Host, own.Host) || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	name, found := strings.CutPrefix(u.Path, own.Path+"/")
	if !found || !destination.IsBelow(name, c.prefix) {
		return ""
	}
	return name
}

// Get implements [destination.Reader]. It needs the role "Storage Blob Data Reader".
func (c *source) Get(ctx context.Context, uri string, limit int) (destination.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	response, err := c.client.NewBlobClient(c.name(uri)).DownloadStream(ctx, nil)
	if err != nil {
		return destination.Object{}, sdk.Explain(c.String(), err, toRead)
	}
	content, err := destination.ReadContent(response.Body, limit)
	if err != nil {
		return destination.Object{}, sdk.Explain(c.String(), err, toRead)
	}
	return destination.NewObject(values(response.Metadata), prefix, content), nil
}

var toRead = sdk.Remedies{
	string(bloberror.BlobNotFound):                    "the blob is gone, or not there yet",
	string(bloberror.ContainerNotFound):               "create the container, or name one that exists",
	string(bloberror.AuthorizationPermissionMismatch): `give who is signed in the role "Storage Blob Data Reader" on the container`,
}
