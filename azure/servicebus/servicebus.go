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
// order, one without ignores it.
package servicebus

import (
	"context"
	"errors"
	"fmt"
	neturl "net/url"
	"os"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// ConnectionVariable holds a connection string for a Service Bus namespace, as
// in the samples of Azure's SDKs. It outweighs the managed identity.
const ConnectionVariable = "SERVICEBUS_CONNECTION_STRING"

// Entity is a queue or topic as a destination. Its identity needs the role
// "Azure Service Bus Data Sender". It implements [destination.Limited].
type Entity struct {
	name   string
	sender *azservicebus.Sender
	bucket destination.Bucket
}

// Open makes the destination of a URL, servicebus://NAMESPACE/ENTITY; NAMESPACE
// may be the full host name NAMESPACE.servicebus.SUFFIX. The entity must be
// there before the first delivery.
//
// It signs in as the app's managed identity, or with the connection string in
// SERVICEBUS_CONNECTION_STRING. Azure is not asked before the first delivery.
func Open(url string) (core.Handler, error) {
	host, entity, err := sdk.Split(url)
	namespace, rest, full := strings.Cut(host, ".")
	if err != nil || !isNamespace(namespace) || full && !strings.HasPrefix(rest, "servicebus.") || !isEntity(entity) {
		return nil, errors.New("this names no queue or topic; write servicebus://NAMESPACE/ENTITY")
	}
	if !full {
		host += ".servicebus.windows.net"
	}
	client, err := connect(host)
	if err != nil {
		return nil, err
	}
	sender, err := client.NewSender(entity, nil)
	if err != nil {
		return nil, err
	}
	return &Entity{name: "servicebus://" + namespace + "/" + entity, sender: sender}, nil
}

// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftservicebus.
// The expressions are compiled here and not at every start, of which each would
// be a tenth.
func isNamespace(name string) bool {
	return 6 <= len(name) && len(name) <= 50 && regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]$`).MatchString(name)
}

func isEntity(name string) bool {
	return len(name) <= 260 && regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$`).MatchString(name)
}

func connect(host string) (*azservicebus.Client, error) {
	options := &azservicebus.ClientOptions{
		ApplicationID: "labelhook",
		RetryOptions:  azservicebus.RetryOptions{MaxRetries: sdk.Retries, RetryDelay: sdk.RetryDelay, MaxRetryDelay: sdk.MaxDelay},
	}
	connection := os.Getenv(ConnectionVariable)
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
			ConnectionVariable, endpoint.Hostname(), host)
	}
	client, err := azservicebus.NewClientFromConnectionString(connection, options)
	if err != nil {
		return nil, errConnection
	}
	return client, nil
}

// errConnection leaves the SDK's words out: they may repeat the string.
var errConnection = errors.New(ConnectionVariable + " cannot be read; copy a connection string of the namespace as Azure shows it (Shared access policies), or unset the variable to use the managed identity")

// String returns the URL.
func (e *Entity) String() string { return e.name }

// Overflow implements [destination.Limited]. How much a message holds depends
// on the namespace's tier, 256 KB or from 1 MB up to 100 MB; Service Bus says it.
func (e *Entity) Overflow(b destination.Bucket) { e.bucket = b }

// Handle implements [core.Handler]. A body over the limit, with no bucket to
// overflow to, is a permanent failure. Every other is one for now, those that
// somebody must do something about included (no such entity, access denied):
// the sender's next try may come after that.
func (e *Entity) Handle(ctx context.Context, d *core.Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, sdk.Patience)
	defer cancel()
	err := e.sender.SendMessage(ctx, whole(d), nil)
	if !errors.Is(err, azservicebus.ErrMessageTooLarge) {
		return e.explain(err)
	}
	if e.bucket == nil {
		return core.Permanent(fmt.Errorf("%s: a body of %d bytes is more than a message holds; set LABELHOOK_OVERFLOW to a bucket's URL, such as azblob://ACCOUNT/CONTAINER/PREFIX", e, len(d.Body)))
	}
	if err := e.bucket.Handle(ctx, d); err != nil {
		return fmt.Errorf("%s: overflow: %w", e, err)
	}
	return e.explain(e.sender.SendMessage(ctx, reference(d, e.bucket.Locate(d)), nil))
}
