package pubsub

import (
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "cloud.google.com/go/pubsub/v2/apiv1"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/gcp/internal/sdk"
)

// maxReceived is what one call may ask for.
const maxReceived = 1000

// OpenQueue opens the subscription pubsub://PROJECT/SUBSCRIPTION to receive from it.
// The subscription of a dead-letter topic is one like any other.
//
// It uses the credentials that [Open] does, which need the role
// roles/pubsub.subscriber on the subscription. Messages come back after the
// subscription's acknowledgement deadline.
func OpenQueue(url string) (destination.Queue, error) {
	a, err := parse(url)
	if err != nil {
		return nil, errors.New("this names no subscription; write pubsub://PROJECT/SUBSCRIPTION, with their ids")
	}
	return &subscription{a, sdk.Client(func(ctx context.Context) (*pubsub.SubscriptionAdminClient, error) {
		return pubsub.NewSubscriptionAdminClient(ctx, clientOptions()...)
	})}, nil
}

type subscription struct {
	address
	client func(context.Context) (*pubsub.SubscriptionAdminClient, error)
}

// Receive implements [destination.Queue].
func (s *subscription) Receive(ctx context.Context, most int, wait time.Duration) ([]destination.Received, error) {
	client, err := s.client(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	name := "projects/" + s.project + "/subscriptions/" + s.topic
	waiting, cancel := context.WithTimeout(ctx, max(wait, time.Second)) // in less there is no answer
	defer cancel()
	response, err := client.Pull(waiting, &pubsubpb.PullRequest{Subscription: name, MaxMessages: int32(min(most, maxReceived))})
	if waiting.Err() != nil && ctx.Err() == nil {
		return nil, nil
	}
	if err != nil {
		return nil, s.explain(err)
	}
	var received []destination.Received
	for _, m := range response.ReceivedMessages {
		ids := []string{m.AckId}
		received = append(received, destination.Received{
			ID: m.Message.MessageId,
			Read: func(fetch destination.Fetch) (*core.Delivery, error) {
				return Delivery(m.Message.Attributes, m.Message.Data, fetch)
			},
			Done: func(ctx context.Context) error {
				return s.explain(client.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: name, AckIds: ids}))
			},
			Back: func(ctx context.Context) error {
				return s.explain(client.ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{Subscription: name, AckIds: ids}))
			},
		})
	}
	return received, nil
}

func (s *subscription) explain(err error) error {
	if err == nil {
		return nil
	}
	if remedy := toReceive[status.Code(err)]; remedy != "" {
		return fmt.Errorf("%s: %w; %s", s, err, remedy)
	}
	return fmt.Errorf("%s: %w", s, err)
}

var toReceive = map[codes.Code]string{
	codes.NotFound:         "create the subscription, or write the URL of one that exists",
	codes.PermissionDenied: "give who is signed in roles/pubsub.subscriber on the subscription",
	codes.Unauthenticated:  "sign in by gcloud auth application-default login, or set GOOGLE_APPLICATION_CREDENTIALS",
}
