// Package pubsub publishes deliveries to a topic of Google Cloud Pub/Sub.
//
// A message's data is the delivery's exact body, and its attributes are the
// delivery's CloudEvents attributes, each with the prefix ce-
// (https://github.com/cloudevents/spec/blob/main/cloudevents/working-drafts/pubsub-protocol-binding.md,
// binary mode). Messages have no ordering key: after one that fails, a client
// refuses all others with its key. Pub/Sub does not keep duplicates out, so
// consumers compare ce-labelboxkey, which is the same for a redelivery. The
// message for a body that is in the overflow bucket has no data, and the object's
// URI as the attribute ce-dataref. [Delivery] reads it back.
package pubsub

import (
	"context"
	"fmt"
	"os"
	"time"

	pubsub "cloud.google.com/go/pubsub/v2/apiv1"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/internal/sdk"
)

// emulatorVariable is that of Google's own libraries.
const emulatorVariable = "PUBSUB_EMULATOR_HOST"

// timeout bounds one publish with all its retries, which the client makes by
// itself while Pub/Sub cannot be reached.
const timeout = 10 * time.Second

type topic struct {
	address
	client func(context.Context) (*pubsub.TopicAdminClient, error)
	destination.Overflow
}

// Open makes the destination of the URL pubsub://PROJECT/TOPIC. Google is not
// asked before the first delivery.
//
// It publishes with the credentials that the process has (Application Default
// Credentials), which need the role roles/pubsub.publisher on the topic. With
// PUBSUB_EMULATOR_HOST set to the host and port of an emulator, messages go there,
// in the clear and without credentials. It is a [destination.Overflower].
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	return &topic{a, sdk.Client(connect), destination.NewOverflow(a, sdk.ExampleBucket)}, nil
}

// Handle implements [core.Handler]. It publishes the delivery at once, in a
// request of its own, and returns nil when Pub/Sub has acknowledged it. Package
// destination says which failures are permanent.
func (t *topic) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := t.client(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", t, err)
	}
	return destination.Send(ctx, d, &t.Overflow, func(dataref string) error {
		request := &pubsubpb.PublishRequest{Topic: t.resource(), Messages: []*pubsubpb.PubsubMessage{newMessage(d, dataref)}}
		if proto.Size(request) > maxRequest {
			return destination.ErrTooLarge
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		_, err := client.Publish(ctx, request)
		return explain(t, err)
	})
}

// connect makes the client for single requests and not the one that batches,
// which waits for company and, when the caller gives up, publishes all the same.
func connect(ctx context.Context) (*pubsub.TopicAdminClient, error) {
	return pubsub.NewTopicAdminClient(ctx, clientOptions()...)
}

func clientOptions() (options []option.ClientOption) {
	if host := os.Getenv(emulatorVariable); host != "" {
		options = []option.ClientOption{
			option.WithEndpoint(host),
			option.WithoutAuthentication(),
			option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
		}
	}
	return options
}
