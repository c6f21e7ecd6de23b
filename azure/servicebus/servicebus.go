// Package servicebus sends deliveries to a queue or topic of Azure Service Bus.
//
// A message's body is the delivery's exact body. Its application properties are
// the delivery's CloudEvents attributes as the AMQP binding has them
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/amqp-protocol-binding.md,
// binary mode): text, named with the prefix cloudEvents_; datacontenttype is
// the message's content type.
//
// The message id is the delivery's key, so that an entity with duplicate
// detection keeps one message of all redeliveries. The session id is the
// project's id: an entity with sessions hands out a project's deliveries in
// order, one without ignores it. [Delivery] reads a message back.
package servicebus

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// connectionVariable is named as in the samples of Azure's SDKs.
const connectionVariable = "SERVICEBUS_CONNECTION_STRING"

// entity is a queue or topic.
type entity struct {
	address
	sender *azservicebus.Sender
	destination.Overflow
}

// Open makes the destination of a URL, servicebus://NAMESPACE/ENTITY; NAMESPACE
// may be the full host name NAMESPACE.servicebus.SUFFIX. The entity must be
// there before the first delivery.
//
// It signs in with the connection string in SERVICEBUS_CONNECTION_STRING, or else
// as the app's managed identity. Azure is not asked before the first delivery. The
// identity needs the role "Azure Service Bus Data Sender".
//
// It is a [destination.Overflower]. How much a message holds depends on the
// namespace's tier, 256 KB or from 1 MB up to 100 MB; Service Bus says it.
func Open(url string) (core.Handler, error) {
	a, err := parse(url)
	if err != nil {
		return nil, err
	}
	client, err := connect(a.host)
	if err != nil {
		return nil, err
	}
	sender, err := client.NewSender(a.entity, nil)
	if err != nil {
		return nil, err
	}
	return &entity{a, sender, destination.NewOverflow(a, sdk.ExampleBucket)}, nil
}

func connect(host string) (*azservicebus.Client, error) {
	options := &azservicebus.ClientOptions{
		ApplicationID: "labelhook",
		RetryOptions:  azservicebus.RetryOptions{MaxRetries: sdk.Retries, RetryDelay: sdk.RetryDelay, MaxRetryDelay: sdk.MaxDelay},
	}
	connection := os.Getenv(connectionVariable)
	if connection == "" {
		identity, err := sdk.Credential()
		if err != nil {
			return nil, err
		}
		return azservicebus.NewClient(host, identity, options)
	}
	endpoint, err := neturl.Parse(sdk.Field(connection, "Endpoint"))
	if err != nil || endpoint.Host == "" {
		return nil, errConnection
	}
	if sdk.Field(connection, "UseDevelopmentEmulator") == "" && !strings.EqualFold(endpoint.Hostname(), host) {
		return nil, fmt.Errorf("%s is of %s and the URL names %s; make them the same, or unset the variable to use the managed identity",
			connectionVariable, endpoint.Hostname(), host)
	}
	client, err := azservicebus.NewClientFromConnectionString(connection, options)
	if err != nil {
		return nil, errConnection
	}
	return client, nil
}

// errConnection leaves the SDK's words out: they may repeat the string.
var errConnection = errors.New(connectionVariable + " cannot be read; copy a connection string of the namespace as Azure shows it (Shared access policies), or unset the variable to use the managed identity")

// Handle implements [core.Handler]; package destination says which failures are
// permanent.
func (e *entity) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	return destination.Send(ctx, d, &e.Overflow, func(dataref string) error {
		return explain(e, e.sender.SendMessage(ctx, newMessage(d, dataref), nil))
	})
}
