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
// labelboxkey. [Delivery] reads a message back.
package queue

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

type queue struct {
	address
	client               *azqueue.QueueClient
	destination.Overflow // of more than about 47 KiB, which in base64 fill a message of 64 KiB
}

// Open makes the destination of a URL, azqueue://ACCOUNT/QUEUE; ACCOUNT may be
// the full host name ACCOUNT.queue.SUFFIX. The queue must be there before the
// first delivery.
//
// It signs in as the app's managed identity, or with the connection string in
// AZURE_STORAGE_CONNECTION_STRING. Azure is not asked before the first
// delivery. The identity needs the role "Storage Queue Data Message Sender". It is a
// [destination.Overflower].
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	client, err := sdk.Connect(a.storage, a.name, &azqueue.ClientOptions{ClientOptions: sdk.Options()},
		azqueue.NewQueueClientFromConnectionString, azqueue.NewQueueClient)
	if err != nil {
		return nil, err
	}
	return &queue{a, client, destination.NewOverflow(a, sdk.ExampleBucket)}, nil
}

// Handle implements [core.Handler]; package destination says which failures are
// permanent.
func (q *queue) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	return destination.Send(ctx, d, &q.Overflow, func(dataref string) error {
		m := message(d, dataref)
		if !fits(m) {
			return destination.ErrTooLarge
		}
		_, err := q.client.EnqueueMessage(ctx, m, &azqueue.EnqueueMessageOptions{TimeToLive: to.Ptr[int32](-1)})
		return explain(q, err)
	})
}
