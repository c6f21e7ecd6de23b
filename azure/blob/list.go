package blob

import (
	"context"
	"iter"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

// List implements [destination.Lister]. It needs the role "Storage Blob Data
// Reader". Azure lists from the beginning only, so what stands before from is passed over.
func (c *source) List(ctx context.Context, begin, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prefix := c.prefix + begin
		pages := c.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &prefix})
		for pages.More() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", sdk.Explain(c.String(), err, toRead))
				return
			}
			for _, blob := range page.Segment.BlobItems {
				if *blob.Name >= c.prefix+from && !yield(c.uri(*blob.Name), nil) {
					return
				}
			}
		}
	}
}
