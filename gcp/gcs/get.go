package gcs

import (
	"context"
	"fmt"

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

// Get implements [destination.Reader]. It needs the role roles/storage.objectViewer.
// Metadata and content take a request each, for with the content this API sends no
// metadata.
func (b *source) Get(ctx context.Context, uri string, limit int) (destination.Object, error) {
	client, err := b.client(ctx)
	if err != nil {
		return destination.Object{}, fmt.Errorf("%s: %w", b, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	object, err := client.Objects.Get(b.BucketName(), b.Name(uri)).Fields("metadata").Context(ctx).Do()
	if err != nil {
		return destination.Object{}, explainTo(b.bucket, err, toRead)
	}
	response, err := client.Objects.Get(b.BucketName(), b.Name(uri)).Context(ctx).Download()
	if err != nil {
		return destination.Object{}, explainTo(b.bucket, err, toRead)
	}
	content, err := destination.ReadContent(response.Body, limit)
	if err != nil {
		return destination.Object{}, explainTo(b.bucket, err, toRead)
	}
	return destination.NewObject(object.Metadata, prefix, content), nil
}
