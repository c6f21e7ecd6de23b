// Package eventbridge puts deliveries on an event bus of Amazon EventBridge.
//
// An event's source is labelbox, its detail-type the CloudEvents type, such as
// com.labelbox.label.created, and its detail the delivery's body, so that rules
// can match on all that Labelbox sends. Its resources are the other CloudEvents
// attributes, each as NAME=VALUE: a rule for one project matches the resource
// source=/labelbox/projects/ID, and labelboxkey=KEY is the same for a
// redelivery, which EventBridge does not keep out.
//
// A bus carries JSON, not bytes. A body that is not a JSON object, or not one
// that every JSON parser reads alike, and a body that went to the overflow
// bucket, are therefore described instead: the detail then is the delivery in
// CloudEvents' JSON format, with the exact body in data_base64 or its URI in
// dataref. Where the exact bytes of every body are needed, send them to a queue or
// a bucket too. [Delivery] reads an event back.
package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

type bus struct {
	address
	client func() (*eventbridge.Client, error)
	seen   atomic.Bool // the bus exists, or may not be looked for
	destination.Overflow
}

// Open makes the destination of the URL eventbridge://BUS, where BUS is a name
// or an ARN; the account's own bus is called default. An ARN says which region
// the bus is in, which may be another than this process's. AWS is not asked
// before the first delivery.
//
// It needs the permission events:PutEvents and should have
// events:DescribeEventBus, both on the bus: EventBridge takes events for a bus that
// does not exist and drops them, so the bus is looked for before the first event,
// where that is allowed. It is a [destination.Overflower].
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &bus{
		address:  a,
		client:   sdk.Client(a.region, func(c awssdk.Config) *eventbridge.Client { return eventbridge.NewFromConfig(c) }),
		Overflow: destination.NewOverflow(a, sdk.ExampleBucket),
	}, nil
}

// Handle implements [core.Handler]; package destination says which failures are
// permanent.
func (b *bus) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := b.client()
	if err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	if err := b.look(ctx, client); err != nil {
		return explain(b, err)
	}
	return destination.Send(ctx, d, &b.Overflow, func(dataref string) error {
		for detail := range details(d, dataref) {
			e := b.entry(d, detail)
			if size(e) > maxEntry {
				continue
			}
			if err := explain(b, put(ctx, client, e)); !errors.Is(err, destination.ErrTooLarge) {
				return err
			}
		}
		return destination.ErrTooLarge
	})
}

// look makes sure once that there is such a bus. Where that cannot be found out,
// the event itself fails or not.
func (b *bus) look(ctx context.Context, client *eventbridge.Client) error {
	if b.seen.Load() {
		return nil
	}
	_, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &b.bus})
	switch sdk.Code(err) {
	case "":
		if err != nil {
			return err // AWS is not there
		}
		b.seen.Store(true)
	case "ResourceNotFoundException":
		return err
	case "AccessDeniedException":
		b.seen.Store(true)
	}
	return nil
}

// put sends one event. An entry that failed is an error although the call has
// succeeded.
func put(ctx context.Context, client *eventbridge.Client, e types.PutEventsRequestEntry) error {
	result, err := client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []types.PutEventsRequestEntry{e}})
	if err != nil {
		return err
	}
	for _, entry := range result.Entries {
		if entry.ErrorCode != nil {
			return &smithy.GenericAPIError{Code: *entry.ErrorCode, Message: awssdk.ToString(entry.ErrorMessage)}
		}
	}
	if result.FailedEntryCount > 0 || len(result.Entries) != 1 || awssdk.ToString(result.Entries[0].EventId) == "" {
		return errors.New("the answer does not say that the event was taken")
	}
	return nil
}
