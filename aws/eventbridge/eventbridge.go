// Package eventbridge puts deliveries on an event bus of Amazon EventBridge.
//
// An event's source is labelbox, its detail-type the CloudEvents type, such as
// com.labelbox.label.created, and its detail the delivery's body, so that rules
// can match on whatever Labelbox sends. Its resources are the other CloudEvents
// attributes, each as NAME=VALUE: a rule for one project matches the resource
// source=/labelbox/projects/ID, and labelboxkey=KEY is the same for a
// redelivery, which EventBridge does not keep out.
//
// A bus carries JSON, not bytes. A body that is not a JSON object, or not one
// that every JSON parser reads alike, and a body that went to the overflow
// bucket, are therefore described instead: the detail then is the delivery in
// CloudEvents' JSON format, with the exact body in data_base64 or its URI in
// dataref. Whoever must have the exact bytes of every body sends them to a queue
// or a bucket besides.
package eventbridge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// Bus is an event bus as a destination. It needs the permission
// events:PutEvents and should have events:DescribeEventBus, both on the bus:
// EventBridge takes events for a bus that does not exist, says so to nobody and
// drops them, so the bus is looked for before the first event. Where that is
// not allowed, nobody looks.
type Bus struct {
	name   string
	client func() (*eventbridge.Client, error)
	seen   atomic.Bool // the bus exists, or may not be looked for
	bucket destination.Bucket
}

// Open makes the destination of the URL eventbridge://BUS, where BUS is a name
// or an ARN; the account's own bus is called default. An ARN says which region
// the bus is in, which may be another than this process's. AWS is not asked
// before the first delivery.
func Open(url string) (core.Handler, error) {
	_, rest, _ := strings.Cut(url, ":")
	name := strings.TrimPrefix(rest, "//")
	region, err := parse(name)
	if err != nil {
		return nil, fmt.Errorf("%w; write eventbridge://NAME, such as eventbridge://default, or arn:aws:events:REGION:ACCOUNT:event-bus/NAME", err)
	}
	return &Bus{
		name:   name,
		client: sdk.Client(region, func(c awssdk.Config) *eventbridge.Client { return eventbridge.NewFromConfig(c) }),
	}, nil
}

// parse checks a bus's name or ARN, and returns the region if that says one.
func parse(bus string) (region string, err error) {
	name := bus
	if strings.HasPrefix(bus, "arn:") {
		arn, err := sdk.ParseARN(bus, "events")
		if err != nil {
			return "", err
		}
		name, _ = strings.CutPrefix(arn.Resource, "event-bus/")
		if name == arn.Resource || arn.Region == "" {
			return "", errors.New("this ARN names no event bus")
		}
		region = arn.Region
	}
	if !sdk.IsName(name, 256, "/._-") || slices.Contains(strings.Split(name, "/"), "") {
		return "", errors.New("this names no event bus")
	}
	return region, nil
}

// String returns eventbridge:// and the bus as it was given.
func (b *Bus) String() string { return "eventbridge://" + b.name }

// Overflow implements [destination.Limited].
func (b *Bus) Overflow(bucket destination.Bucket) { b.bucket = bucket }

// Handle implements [core.Handler]. A body over the limit, with no bucket to
// overflow to, is a permanent failure. Every other is one for now, those that
// somebody must do something about included (no such bus, access denied): the
// sender's next try may come after that.
func (b *Bus) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := b.client()
	if err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	if err := b.look(ctx, client); err != nil {
		return sdk.Explain(b.String(), err, remedies)
	}
	for _, detail := range []func(*core.Delivery) string{bare, wrapped} {
		e := b.entry(d, detail(d))
		if *e.Detail == "" || size(e) > maxEntry {
			continue
		}
		err := put(ctx, client, e)
		if !unfit(err) {
			return sdk.Explain(b.String(), err, remedies)
		}
	}
	if b.bucket == nil {
		return core.Permanent(fmt.Errorf("%s: a body of %d bytes is more than an event holds; set LABELHOOK_OVERFLOW to a bucket's URL, such as s3://BUCKET/PREFIX", b, len(d.Body)))
	}
	if err := b.bucket.Handle(ctx, d); err != nil {
		return fmt.Errorf("%s: overflow: %w", b, err)
	}
	err = put(ctx, client, b.entry(d, referring(d, b.bucket.Locate(d))))
	return sdk.Explain(b.String(), err, remedies)
}

// unfit reports whether EventBridge refuses a detail although it is within the
// limits that we know.
func unfit(err error) bool {
	switch sdk.Code(err) {
	case "MalformedDetail", "RequestEntityTooLarge":
		return true
	case "ValidationException":
		return strings.Contains(err.Error(), "size of the entries in the request is over the limit")
	}
	return false
}

// look makes sure once that there is such a bus. When nobody can say, it is for
// the event itself to fail or not.
func (b *Bus) look(ctx context.Context, client *eventbridge.Client) error {
	if b.seen.Load() {
		return nil
	}
	_, err := client.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &b.name})
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

var remedies = sdk.Remedies{
	"AccessDenied":               "allow this process events:PutEvents on the bus",
	"NotAuthorizedForSource":     "allow the source labelbox in the bus's policy",
	"NotAuthorizedForDetailType": "allow the detail-types com.labelbox.* in the bus's policy",
	"ResourceNotFound":           "create the bus, or name one that exists; a name alone is looked for in this process's account and region (AWS_REGION), so write the ARN of a bus elsewhere",
}
