// Package gcs keeps deliveries as objects of a bucket of Google Cloud Storage.
//
// An object's name is the URL's prefix and [core.Delivery.ObjectName], its
// content the delivery's exact body, its content type the delivery's, and its
// metadata the other CloudEvents attributes, each with the prefix ce-.
//
// An object is only written where there is none, so a redelivery is no second
// object and no second version.
//
// The client is google.golang.org/api/storage/v1, which Google generates of the
// same API that cloud.google.com/go/storage calls: with that one a function is
// twice as large, with this one hardly larger than with Pub/Sub alone.
package gcs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/api/googleapi"
	"google.golang.org/api/option"
	"google.golang.org/api/storage/v1"

	"github.com/labelhook/labelhook/core"
)

// EmulatorVariable names the host and port of an emulator to write to, with or
// without http:// before it, as Google's own libraries have it.
const EmulatorVariable = "STORAGE_EMULATOR_HOST"

// timeout bounds the writing of one object with all its retries.
const timeout = 15 * time.Second

// Bucket is a bucket, or the part of one under a prefix, as a destination. It
// writes with the credentials that the process has (Application Default
// Credentials), which need the role roles/storage.objectCreator on the bucket.
type Bucket struct {
	address

	mu     sync.Mutex
	client *storage.Service // nil until it is needed
}

// Open makes the destination of the URL gs://BUCKET or gs://BUCKET/PREFIX.
// Google is not asked before the first delivery. With STORAGE_EMULATOR_HOST
// set, objects go to that host, without credentials.
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &Bucket{address: a}, nil
}

// Handle implements [core.Handler]. It returns nil when the object is there,
// whoever wrote it: its name holds a digest of its content. Every failure is
// one for now, those that somebody must do something about included (no such
// bucket, permission denied): the sender's next try may come after that.
func (b *Bucket) Handle(ctx context.Context, d *core.Delivery) error {
	if err := b.write(ctx, d); err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	return nil
}

func (b *Bucket) write(ctx context.Context, d *core.Delivery) error {
	client, err := b.connect(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	contentType, metadata := describe(d)
	_, err = client.Objects.Insert(b.bucket, &storage.Object{Name: b.object(d), Metadata: metadata}).
		IfGenerationMatch(0). // there must be no object of this name
		Media(bytes.NewReader(d.Body), googleapi.ContentType(contentType), googleapi.ChunkSize(0)).
		WithRetry(nil, nil).
		Fields("generation"). // the answer is not needed, and cannot be nothing
		Context(ctx).
		Do()
	return judge(err)
}

// judge makes of the answer what [Bucket.Handle] returns.
func judge(err error) error {
	var answer *googleapi.Error
	if !errors.As(err, &answer) {
		return err
	}
	switch {
	case answer.Code == http.StatusPreconditionFailed:
		return nil
	case answer.Code == http.StatusForbidden && strings.Contains(answer.Message, "storage.objects.delete"):
		// Only an object that is there would have to be deleted first.
		return nil
	case answer.Code == http.StatusForbidden:
		return fmt.Errorf("%s; give the function's service account roles/storage.objectCreator on the bucket", describeAnswer(answer))
	case answer.Code == http.StatusNotFound:
		return fmt.Errorf("%s; create the bucket, or write the URL of one that exists", describeAnswer(answer))
	}
	return errors.New(describeAnswer(answer))
}

// describeAnswer is one line, which the client's own text is not always.
func describeAnswer(answer *googleapi.Error) string {
	if answer.Message == "" {
		return fmt.Sprintf("answered %d", answer.Code)
	}
	return fmt.Sprintf("answered %d: %s", answer.Code, strings.Join(strings.Fields(answer.Message), " "))
}

// connect makes the client when it is first needed, and again if that failed.
func (b *Bucket) connect(ctx context.Context) (*storage.Service, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.client != nil {
		return b.client, nil
	}
	options := []option.ClientOption{option.WithScopes(storage.DevstorageReadWriteScope)}
	if host := os.Getenv(EmulatorVariable); host != "" {
		if !strings.Contains(host, "://") {
			host = "http://" + host
		}
		options = []option.ClientOption{option.WithoutAuthentication(), option.WithEndpoint(strings.TrimSuffix(host, "/") + "/storage/v1/")}
	}
	client, err := storage.NewService(context.WithoutCancel(ctx), options...)
	if err != nil {
		return nil, err
	}
	b.client = client
	return client, nil
}
