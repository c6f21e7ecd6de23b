package s3

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// source is a bucket that is read.
type source struct {
	*bucket
	destination.Source
}

// OpenSource is [Open] for what reads the bucket too, such as a worker:
// [destination.Lister] and [destination.Reader].
func OpenSource(url string) (core.Handler, error) {
	h, err := Open(url)
	if err != nil {
		return nil, err
	}
	b := h.(*bucket)
	return &source{b, destination.NewSource(b.Objects)}, nil
}

// Get implements [destination.Reader]. It needs the permission s3:GetObject on the
// objects.
func (b *source) Get(ctx context.Context, uri string, limit int) (destination.Object, error) {
	client, err := b.client()
	if err != nil {
		return destination.Object{}, fmt.Errorf("%s: %w", b, err)
	}
	bucket, name := b.BucketName(), b.Name(uri)
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &name})
	if err != nil {
		return destination.Object{}, sdk.Explain(b.String(), err, toRead)
	}
	content, err := destination.ReadContent(object.Body, limit)
	return destination.NewObject(object.Metadata, prefix, content), sdk.Explain(b.String(), err, toRead)
}

var toRead = sdk.Remedies{
	"NoSuchKey":                    "the object is gone, or not there yet",
	"NoSuchBucket":                 remedies["NoSuchBucket"],
	"AccessDenied":                 "allow these credentials s3:GetObject on the bucket's objects, s3:ListBucket on the bucket, and kms:Decrypt on its key if it has one of its own",
	"PermanentRedirect":            remedies["PermanentRedirect"],
	"AuthorizationHeaderMalformed": remedies["PermanentRedirect"],
}
