// Package queue sends deliveries to a queue of Azure Storage.
//
// Such a queue holds text and has no room for attributes, so a message is a
// CloudEvent in the JSON format
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md),
// application/cloudevents+json: the delivery's attributes and, under
// data_base64, its exact body, so that a consumer can verify the signature
// again:
//
//	{"specversion":"1.0","id":"…","type":"com.labelbox.label.created", … ,"data_base64":"eyJ…"}
//
// The message itself is not in base64 once more, as Azure's SDKs do not make it
// by default. A queue trigger of Azure Functions expects that: set
// "extensions": {"queues": {"messageEncoding": "none"}} in its host.json.
//
// A message stays until it is taken; it does not expire after the seven days
// that are Azure's default. A redelivery is a second message with the same
// labelboxkey.
package queue

import (
	"context"
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Queue is a queue as a destination. Its identity needs the role "Storage Queue
// Data Message Sender". It implements [destination.Limited].
type Queue struct {
	name   string
	client *azqueue.QueueClient
	bucket destination.Bucket
}

// Open makes the destination of a URL, azqueue://ACCOUNT/QUEUE; ACCOUNT may be
// the full host name ACCOUNT.queue.SUFFIX. The queue must be there before the
// first delivery.
//
// It signs in as the app's managed identity, or with the connection string in
// AZURE_STORAGE_CONNECTION_STRING. Azure is not asked before the first
// delivery.
func Open(url string) (core.Handler, error) {
	host, name, err := sdk.Split(url)
	if err != nil || !sdk.IsStorageName(name) {
		return nil, errors.New("this names no queue; write azqueue://ACCOUNT/QUEUE")
	}
	storage, err := sdk.OpenStorage(host, "queue")
	if err != nil {
		return nil, err
	}
	client, err := connect(storage, name)
	if err != nil {
		return nil, err
	}
	return &Queue{name: "azqueue://" + storage.Account + "/" + name, client: client}, nil
}

func connect(s sdk.Storage, name string) (*azqueue.QueueClient, error) {
	options := &azqueue.ClientOptions{ClientOptions: sdk.Options()}
	if s.Connection != "" {
		client, err := azqueue.NewQueueClientFromConnectionString(s.Connection, name, options)
		if err != nil {
			return nil, sdk.ErrConnection
		}
		return client, nil
	}
	identity, err := sdk.Credential()
	if err != nil {
		return nil, err
	}
	return azqueue.NewQueueClient(s.Endpoint+name, identity, options)
}

// String returns the URL.
func (q *Queue) String() string { return q.name }

// Overflow implements [destination.Limited]: from here on, a body of more than
// about 47 KiB, which in base64 fills a message of 64 KiB, goes to the bucket.
func (q *Queue) Overflow(b destination.Bucket) { q.bucket = b }

// Handle implements [core.Handler]. A body over the limit, with no bucket to
// overflow to, is a permanent failure. Every other is one for now, those that
// somebody must do something about included (no such queue, access denied): the
// sender's next try may come after that.
func (q *Queue) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	if m := whole(d); fits(m) {
		err := q.send(ctx, m)
		if !queueerror.HasCode(err, queueerror.MessageTooLarge, queueerror.RequestBodyTooLarge) {
			return err
		}
	}
	if q.bucket == nil {
		return core.Permanent(fmt.Errorf("%s: a body of %d bytes is more than a message holds; set LABELHOOK_OVERFLOW to a bucket's URL, such as azblob://ACCOUNT/CONTAINER/PREFIX", q, len(d.Body)))
	}
	if err := q.bucket.Handle(ctx, d); err != nil {
		return fmt.Errorf("%s: overflow: %w", q, err)
	}
	return q.send(ctx, reference(d, q.bucket.Locate(d)))
}

func (q *Queue) send(ctx context.Context, message string) error {
	_, err := q.client.EnqueueMessage(ctx, message, &azqueue.EnqueueMessageOptions{TimeToLive: to.Ptr[int32](-1)})
	return sdk.Explain(q.name, err, remedies)
}

var remedies = sdk.Remedies{
	string(queueerror.QueueNotFound):                   "create the queue",
	string(queueerror.QueueBeingDeleted):               "wait until it is gone, then create the queue",
	string(queueerror.AuthorizationPermissionMismatch): `give the app's identity the role "Storage Queue Data Message Sender" on the queue`,
}
