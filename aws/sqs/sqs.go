// Package sqs sends deliveries to a queue of Amazon SQS.
//
// A message's body is the delivery's exact body, and its message attributes are
// the delivery's CloudEvents attributes, each with the prefix ce-. SQS takes
// ten of them at most; the least useful are left out. A body with characters
// that SQS has no room for (it must be XML 1.0 text) is sent in base64, and the
// attribute ce-labelboxencoding says so. [Delivery] reads a message back.
//
// A FIFO queue gets the project's id as the message group, so that a project's
// deliveries stay in order, and the delivery's key as the deduplication id, so
// that a redelivery within five minutes is no second message.
package sqs

import (
	"context"
	"fmt"
	"strings"
	"sync"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

type queue struct {
	address
	client               func() (*sqs.Client, error)
	mu                   sync.Mutex // for the address's URL, "" until the name has been looked up
	destination.Overflow            // its message has {"dataref":"URI"} for a body, for SQS takes no empty one
}

// Open makes the destination of a URL: sqs://NAME for a queue of this account
// and region, or sqs:// and the queue's ARN, or its URL as AWS shows it, with or
// without its https://. Both of these say which region the queue is in, which
// may be another than this process's. AWS is not asked before the first delivery.
//
// It needs the permission sqs:SendMessage and, where only the queue's name is
// known, sqs:GetQueueUrl. It is a [destination.Overflower].
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &queue{
		address:  a,
		client:   sdk.Client(a.region, func(c awssdk.Config) *sqs.Client { return sqs.NewFromConfig(c) }),
		Overflow: destination.NewOverflow(a, sdk.ExampleBucket),
	}, nil
}

// Handle implements [core.Handler]; package destination says which failures are
// permanent.
func (q *queue) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := q.client()
	if err != nil {
		return fmt.Errorf("%s: %w", q, err)
	}
	return destination.Send(ctx, d, &q.Overflow, func(dataref string) error {
		m := newMessage(d, dataref)
		if m.size() > maxMessage {
			return destination.ErrTooLarge
		}
		url, err := q.lookUp(ctx, client)
		if err != nil {
			return explain(q, err)
		}
		input := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &m.body, MessageAttributes: m.values()}
		if strings.HasSuffix(q.name, ".fifo") {
			input.MessageGroupId = awssdk.String(group(d))
			input.MessageDeduplicationId = awssdk.String(d.Key())
		}
		_, err = client.SendMessage(ctx, input)
		return explain(q, err)
	})
}

// lookUp returns the queue's URL. A name is looked up until it is found, and
// then never again.
func (q *queue) lookUp(ctx context.Context, client *sqs.Client) (string, error) {
	q.mu.Lock()
	url := q.url
	q.mu.Unlock()
	if url != "" {
		return url, nil
	}
	found, err := client.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.name})
	if err != nil {
		return "", err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.url = awssdk.ToString(found.QueueUrl)
	return q.url, nil
}
