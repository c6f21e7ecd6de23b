package queue

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azqueue "github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/v2/queueerror"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

const (
	maxReceived = 32              // of one call (https://learn.microsoft.com/rest/api/storageservices/get-messages)
	hidden      = 5 * time.Minute // how long nobody else gets a message
	between     = time.Second     // looks into an empty queue, for the service does not wait
)

// OpenQueue opens the queue of a URL, in the forms of [Open], to receive from it. A
// poison queue is one like any other.
//
// It signs in as Open does. The identity needs the role "Storage Queue Data Message
// Processor". Messages come back after five minutes.
func OpenQueue(url string) (destination.Queue, error) {
	h, err := Open(url)
	if err != nil {
		return nil, err
	}
	return &receiver{h.(*queue)}, nil
}

type receiver struct{ *queue }

// Receive implements [destination.Queue].
func (r *receiver) Receive(ctx context.Context, max int, wait time.Duration) ([]destination.Received, error) {
	end := time.Now().Add(wait)
	for {
		received, err := r.dequeue(ctx, max)
		if err != nil || len(received) > 0 || time.Now().Add(between).After(end) {
			return received, err
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (r *receiver) dequeue(ctx context.Context, max int) (received []destination.Received, err error) {
	result, err := r.client.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages:  to.Ptr(int32(min(max, maxReceived))),
		VisibilityTimeout: to.Ptr(int32(hidden.Seconds())),
	})
	if err != nil {
		return nil, r.explain(err)
	}
	for _, m := range result.Messages {
		received = append(received, destination.Received{
			ID:   *m.MessageID,
			Read: func(fetch destination.Fetch) (*core.Delivery, error) { return Delivery(*m.MessageText, fetch) },
			Done: func(ctx context.Context) error {
				_, err := r.client.DeleteMessage(ctx, *m.MessageID, *m.PopReceipt, nil)
				return r.explain(err)
			},
			Back: func(ctx context.Context) error {
				_, err := r.client.UpdateMessage(ctx, *m.MessageID, *m.PopReceipt, *m.MessageText, &azqueue.UpdateMessageOptions{VisibilityTimeout: to.Ptr[int32](0)})
				return r.explain(err)
			},
		})
	}
	return received, nil
}

func (r *receiver) explain(err error) error { return sdk.Explain(r.String(), err, toReceive) }

var toReceive = sdk.Remedies{
	string(queueerror.QueueNotFound):                   "create the queue, or name one that exists",
	string(queueerror.AuthorizationPermissionMismatch): `give who is signed in the role "Storage Queue Data Message Processor" on the queue`,
}
