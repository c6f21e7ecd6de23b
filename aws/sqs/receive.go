package sqs

import (
	"context"
	"fmt"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// What SQS gives at once, and how long it waits, at most
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html).
const (
	maxReceived = 10
	maxWait     = 20 * time.Second
)

// OpenQueue opens the queue of a URL, in the forms of [Open], to receive from it. A
// dead-letter queue is one like any other.
//
// It needs the permissions sqs:ReceiveMessage, sqs:DeleteMessage,
// sqs:ChangeMessageVisibility and, where only the queue's name is known,
// sqs:GetQueueUrl. Messages come back after the queue's visibility timeout.
func OpenQueue(url string) (destination.Queue, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &receiver{queue{address: a, client: sdk.WaitingClient(a.region, maxWait, func(c awssdk.Config) *sqs.Client { return sqs.NewFromConfig(c) })}}, nil
}

type receiver struct{ queue }

// Receive implements [destination.Queue].
func (r *receiver) Receive(ctx context.Context, max int, wait time.Duration) ([]destination.Received, error) {
	client, err := r.client()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r, err)
	}
	url, err := r.lookUp(ctx, client)
	if err != nil {
		return nil, r.explain(err)
	}
	result, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl:              &url,
		MaxNumberOfMessages:   int32(min(max, maxReceived)),
		WaitTimeSeconds:       int32(min(wait, maxWait).Seconds()),
		MessageAttributeNames: []string{"All"},
	})
	if err != nil {
		return nil, r.explain(err)
	}
	var received []destination.Received
	for _, m := range result.Messages {
		received = append(received, destination.Received{
			ID: awssdk.ToString(m.MessageId),
			Read: func(fetch destination.Fetch) (*core.Delivery, error) {
				return Delivery(texts(m.MessageAttributes), awssdk.ToString(m.Body), fetch)
			},
			Done: func(ctx context.Context) error {
				_, err := client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
				return r.explain(err)
			},
			Back: func(ctx context.Context) error {
				_, err := client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
				return r.explain(err)
			},
		})
	}
	return received, nil
}

func texts(attributes map[string]types.MessageAttributeValue) map[string]string {
	texts := map[string]string{}
	for name, value := range attributes {
		texts[name] = awssdk.ToString(value.StringValue)
	}
	return texts
}

func (r *receiver) explain(err error) error { return sdk.Explain(r.String(), err, toReceive) }

var toReceive = sdk.Remedies{
	"AWS.SimpleQueueService.NonExistentQueue": noQueue,
	"QueueDoesNotExist":                       noQueue,
	"AccessDenied":                            "allow these credentials sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue, sqs:GetQueueUrl if it is named without its account, and kms:Decrypt on its key if it has one of its own",
}
