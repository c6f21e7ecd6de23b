package servicebus

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"
	"github.com/Azure/go-amqp"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
)

// OpenQueue opens a queue or subscription to receive from it:
// servicebus://NAMESPACE/QUEUE or servicebus://NAMESPACE/TOPIC/Subscriptions/NAME,
// with /$deadletterqueue behind it for its dead letters.
//
// It signs in as [Open] does. The identity needs the role "Azure Service Bus Data
// Receiver". Messages come back when their lock ends. Of a queue with sessions one
// session after the other is received.
func OpenQueue(url string) (destination.Queue, error) {
	path, dead := strings.CutSuffix(url, "/$deadletterqueue")
	a, err := parse(path)
	if err != nil {
		return nil, err
	}
	client, err := connect(a.host)
	if err != nil {
		return nil, err
	}
	return &receiver{address: a, client: client, dead: dead}, nil
}

type receiver struct {
	address
	client *azservicebus.Client
	dead   bool // the dead letters
	from   from // nil before the first call
}

// from is a receiver of messages, or of those of one session.
type from interface {
	ReceiveMessages(ctx context.Context, max int, options *azservicebus.ReceiveMessagesOptions) ([]*azservicebus.ReceivedMessage, error)
	CompleteMessage(ctx context.Context, m *azservicebus.ReceivedMessage, options *azservicebus.CompleteMessageOptions) error
	AbandonMessage(ctx context.Context, m *azservicebus.ReceivedMessage, options *azservicebus.AbandonMessageOptions) error
	Close(ctx context.Context) error
}

// Receive implements [destination.Queue].
func (r *receiver) Receive(ctx context.Context, most int, wait time.Duration) ([]destination.Received, error) {
	waiting, cancel := context.WithTimeout(ctx, max(wait, time.Second)) // in less there is no answer
	defer cancel()
	if r.from == nil {
		if err := r.open(); err != nil {
			return nil, r.explain(err)
		}
	}
	messages, err := r.from.ReceiveMessages(waiting, most, nil)
	if needsSession(err) {
		messages, err = r.fromSession(waiting, most)
	}
	if len(messages) == 0 && err != nil {
		if r.isSession() { // the next call looks for another
			r.from.Close(ctx)
			r.from = nil
		}
		var none *azservicebus.Error
		if waiting.Err() != nil && ctx.Err() == nil || errors.As(err, &none) && none.Code == azservicebus.CodeTimeout {
			return nil, nil
		}
		return nil, r.explain(err)
	}
	var received []destination.Received
	from := r.from
	for _, m := range messages {
		received = append(received, destination.Received{
			ID:   m.MessageID,
			Read: func(fetch destination.Fetch) (*core.Delivery, error) { return Delivery(m, fetch) },
			Done: func(ctx context.Context) error { return r.explain(from.CompleteMessage(ctx, m, nil)) },
			Back: func(ctx context.Context) error { return r.explain(from.AbandonMessage(ctx, m, nil)) },
		})
	}
	return received, nil
}

func (r *receiver) open() (err error) {
	options := &azservicebus.ReceiverOptions{}
	if r.dead {
		options.SubQueue = azservicebus.SubQueueDeadLetter
	}
	var receiver *azservicebus.Receiver
	if topic, name, found := r.subscription(); found {
		receiver, err = r.client.NewReceiverForSubscription(topic, name, options)
	} else {
		receiver, err = r.client.NewReceiverForQueue(r.entity, options)
	}
	if err == nil {
		r.from = receiver
	}
	return err
}

// subscription returns the topic and name of one.
func (r *receiver) subscription() (topic, name string, found bool) {
	at := strings.Index(strings.ToLower(r.entity), "/subscriptions/")
	if at < 0 {
		return "", "", false
	}
	return r.entity[:at], r.entity[at+len("/subscriptions/"):], true
}

// fromSession receives from the next session that has messages.
func (r *receiver) fromSession(ctx context.Context, max int) ([]*azservicebus.ReceivedMessage, error) {
	r.from.Close(ctx)
	r.from = nil
	var session *azservicebus.SessionReceiver
	var err error
	if topic, name, found := r.subscription(); found {
		session, err = r.client.AcceptNextSessionForSubscription(ctx, topic, name, nil)
	} else {
		session, err = r.client.AcceptNextSessionForQueue(ctx, r.entity, nil)
	}
	if err != nil {
		return nil, err
	}
	r.from = session
	return session.ReceiveMessages(ctx, max, nil)
}

func (r *receiver) isSession() bool {
	_, is := r.from.(*azservicebus.SessionReceiver)
	return is
}

// needsSession reports whether Service Bus refuses a receiver without one.
func needsSession(err error) bool {
	var condition *amqp.Error
	return errors.As(err, &condition) && strings.Contains(condition.Description, "requires sessions")
}

func (r *receiver) explain(err error) error {
	var condition *amqp.Error
	var service *azservicebus.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &condition):
		code := string(condition.Condition)
		return sdk.Problem(r.String(), code+" "+condition.Description, toReceive[code], err)
	case errors.As(err, &service):
		return sdk.Problem(r.String(), string(service.Code), toReceive[string(service.Code)], err)
	}
	return sdk.Explain(r.String(), err, nil)
}

var toReceive = map[string]string{
	string(azservicebus.CodeUnauthorizedAccess): `give who is signed in the role "Azure Service Bus Data Receiver" on the namespace or entity`,
	string(amqp.ErrCondNotFound):                "create the queue or subscription, or name one that exists",
	string(azservicebus.CodeNotFound):           "create the queue or subscription, or name one that exists",
	string(azservicebus.CodeConnectionLost):     "is the namespace's name right, and is it reached from here?",
}
