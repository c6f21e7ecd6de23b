package pull

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/labelhook/labelhook/aws/login"
	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/azure/blob"
	azurelogin "github.com/labelhook/labelhook/azure/login"
	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/gcs"
	"github.com/labelhook/labelhook/gcp/pubsub"
)

// Source is a queue or a bucket.
type Source struct {
	Name   string // without anything secret
	queue  destination.Queue
	bucket destination.Lister
}

// Forms lists the forms of a source's URL.
const Forms = "sqs://NAME, pubsub://PROJECT/SUBSCRIPTION, servicebus://NAMESPACE/QUEUE, azqueue://ACCOUNT/QUEUE, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, azblob://ACCOUNT/CONTAINER/PREFIX or file:DIR"

var (
	queues = map[string]func(string) (destination.Queue, error){
		"sqs": sqs.OpenQueue, "pubsub": pubsub.OpenQueue, "servicebus": servicebus.OpenQueue, "azqueue": queue.OpenQueue,
	}
	buckets = map[string]func(string) (core.Handler, error){
		"s3": s3.OpenSource, "gs": gcs.OpenSource, "azblob": blob.OpenSource, "file": folder,
	}
)

// folder opens one that is there.
func folder(url string) (core.Handler, error) {
	_, dir, _ := strings.Cut(url, ":")
	return destination.OpenFolder(strings.TrimPrefix(dir, "//"))
}

// signIn has the clouds' clients sign in as a person's tools do.
var signIn = sync.OnceFunc(func() {
	login.Use()
	azurelogin.Use()
})

// Open opens the source of a URL. Nothing is asked of a cloud yet. The error does
// not repeat the URL.
func Open(url string) (Source, error) {
	signIn()
	scheme := schemeOf(url)
	if open := queues[scheme]; open != nil {
		q, err := open(url)
		if err != nil {
			return Source{}, err
		}
		return Source{Name: q.String(), queue: q}, nil
	}
	b, err := OpenBucket(url)
	if err != nil {
		return Source{}, err
	}
	return Source{Name: nameOf(b, url), bucket: b}, nil
}

// OpenBucket opens a bucket alone.
func OpenBucket(url string) (destination.Lister, error) {
	signIn()
	scheme := schemeOf(url)
	open := buckets[scheme]
	if open == nil {
		return nil, fmt.Errorf("no source has the scheme %q", scheme)
	}
	h, err := open(url)
	if err != nil {
		return nil, err
	}
	return h.(destination.Lister), nil
}

// nameOf is what a bucket calls itself. A folder's URL has nothing secret.
func nameOf(b any, url string) string {
	if s, ok := b.(fmt.Stringer); ok {
		return s.String()
	}
	return url
}

func schemeOf(url string) string {
	scheme, _, _ := strings.Cut(url, ":")
	return strings.ToLower(scheme)
}

// IsQueue reports whether it is a queue, which knows of messages being taken off.
func (s Source) IsQueue() bool { return s.queue != nil }

// From takes what the source has.
func (p *Pull) From(ctx context.Context, s Source) (Counts, error) {
	if s.queue != nil {
		return p.Queue(ctx, s.queue)
	}
	return p.Bucket(ctx, s.bucket)
}
