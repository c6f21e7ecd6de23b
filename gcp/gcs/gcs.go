// Package gcs keeps deliveries as objects of a bucket of Google Cloud Storage.
//
// An object's name is the URL's prefix and [core.Delivery.ObjectName], its
// content the delivery's exact body, its content type the delivery's, and its
// metadata the CloudEvents attributes, each with the prefix ce- and
// percent-encoded as in CloudEvents' HTTP binding. Storage has room for 8 KiB of
// metadata; what does not fit is left out. [Delivery] reads it back.
//
// An object that exists is never written again, so a redelivery makes no second
// version.
//
// The client is google.golang.org/api/storage/v1, which Google generates of the
// same API that cloud.google.com/go/storage calls: with that one a function is
// twice as large, with this one hardly larger than with Pub/Sub alone.
package gcs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/internal/sdk"
)

// emulatorVariable is that of Google's own libraries.
const emulatorVariable = "STORAGE_EMULATOR_HOST"

// timeout bounds the writing of one object with all its retries.
const timeout = 15 * time.Second

type bucket struct {
	destination.Objects
	client func(context.Context) (*storage.Service, error)
}

// Open makes the destination of the URL gs://BUCKET or gs://BUCKET/PREFIX.
// Google is not asked before the first delivery.
//
// It writes with the credentials that the process has (Application Default
// Credentials), which need the role roles/storage.objectCreator on the bucket. With
// STORAGE_EMULATOR_HOST set to the host and port of an emulator, with or without
// http:// before it, objects go there, without credentials. It is a
// [destination.Bucket].
func Open(url string) (core.Handler, error) {
	objects, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &bucket{objects, sdk.Client(connect)}, nil
}

// Handle implements [core.Handler]. An object that is there already means taken:
// its name holds a digest of its content. Every failure is one for now.
func (b *bucket) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := b.client(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	bucket, name := b.Object(d)
	_, err = client.Objects.Insert(bucket, &storage.Object{Name: name, Metadata: destination.Metadata(d, prefix, maxMetadata)}).
		IfGenerationMatch(0). // there must be no object of this name
		Media(bytes.NewReader(d.Body), googleapi.ContentType(destination.ContentType(d)), googleapi.ChunkSize(0)).
		WithRetry(nil, nil).
		Fields("generation"). // the answer is not needed, and cannot be nothing
		Context(ctx).
		Do()
	if err == nil || exists(err) {
		return nil
	}
	return explain(b, err)
}

func connect(ctx context.Context) (*storage.Service, error) {
	options := []option.ClientOption{option.WithScopes(storage.DevstorageReadWriteScope)}
	if host := os.Getenv(emulatorVariable); host != "" {
		if !strings.Contains(host, "://") {
			host = "http://" + host
		}
		options = []option.ClientOption{option.WithoutAuthentication(), option.WithEndpoint(strings.TrimSuffix(host, "/") + "/storage/v1/")}
	}
	return storage.NewService(ctx, options...)
}
