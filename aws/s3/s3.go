// Package s3 keeps deliveries as objects of a bucket of Amazon S3.
//
// An object's name is the URL's prefix and [core.Delivery.ObjectName], its
// content the delivery's exact body, its content type the delivery's, and its
// user-defined metadata the CloudEvents attributes, each with the prefix ce- and
// percent-encoded as in CloudEvents' HTTP binding. S3 has room for 2 KB of
// metadata; what does not fit is left out. [Delivery] reads it back.
//
// An object that exists is never written again, so a redelivery makes no second
// version.
package s3

import (
	"bytes"
	"context"
	"fmt"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

type bucket struct {
	destination.Objects
	client func() (*s3.Client, error)
}

// Open makes the destination of the URL s3://BUCKET or s3://BUCKET/PREFIX, where
// BUCKET is a name or an ARN. The bucket must be in the region of this process.
// AWS is not asked before the first delivery.
//
// It needs the permission s3:PutObject on the objects under its prefix. It is a
// [destination.Bucket].
func Open(url string) (core.Handler, error) {
	objects, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &bucket{objects, sdk.Client("", func(c awssdk.Config) *s3.Client {
		return s3.NewFromConfig(c, func(o *s3.Options) {
			// An endpoint of the user's own seldom has a name for each bucket.
			o.UsePathStyle = o.BaseEndpoint != nil
		})
	})}, nil
}

// Handle implements [core.Handler]. An object that is there already means taken:
// its name holds a digest of its content. Every failure is one for now.
func (b *bucket) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := b.client()
	if err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	bucket, name := b.Object(d)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      &bucket,
		Key:         &name,
		Body:        bytes.NewReader(d.Body),
		ContentType: awssdk.String(destination.ContentType(d)),
		Metadata:    destination.Metadata(d, prefix, maxMetadata),
		IfNoneMatch: awssdk.String("*"),
	})
	if exists(err) {
		return nil
	}
	return sdk.Explain(b.String(), err, remedies)
}
