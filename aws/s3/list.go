package s3

import (
	"context"
	"fmt"
	"iter"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// List implements [destination.Lister]. It needs the permission s3:ListBucket.
func (b *source) List(ctx context.Context, begin, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		client, err := b.client()
		if err != nil {
			yield("", fmt.Errorf("%s: %w", b, err))
			return
		}
		bucket, prefix := b.Names(begin)
		pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix, StartAfter: b.Before(from)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield("", sdk.Explain(b.String(), err, toRead))
				return
			}
			for _, object := range page.Contents {
				if !yield(b.URI(awssdk.ToString(object.Key)), nil) {
					return
				}
			}
		}
	}
}
