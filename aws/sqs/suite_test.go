package sqs_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOnMoto(t *testing.T) {
	moto.Start(t)
	h := onMoto(t, "", nil)
	t.Run("a queue", func(t *testing.T) { destinationtest.Run(t, h) })

	h = onMoto(t, ".fifo", map[string]string{"FifoQueue": "true"})
	h.Once = true
	t.Run("a FIFO queue", func(t *testing.T) { destinationtest.Run(t, h) })

	h = onMoto(t, "-narrow", map[string]string{"MaximumMessageSize": "30000"})
	h.Limit = 30_001
	t.Run("a queue of short messages", func(t *testing.T) { destinationtest.Run(t, h) })
}

func BenchmarkOnMoto(b *testing.B) {
	moto.Start(b)
	destinationtest.Bench(b, onMoto(b, "", nil))
}

// onMoto has queues with a suffix to their names, and with attributes.
func onMoto(t testing.TB, suffix string, attributes map[string]string) destinationtest.Harness {
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	aws := awssqs.NewFromConfig(c)
	return destinationtest.Harness{
		Limit: 1 << 20,
		Queue: func(t testing.TB, name string) destination.Queue {
			q, err := sqs.OpenQueue("sqs://" + name + suffix)
			required.NoError(t, err)
			return q
		},
		Open: func(t testing.TB, name string) core.Handler { return open(t, "sqs://"+name+suffix) },
		Create: func(t testing.TB, name string) {
			name += suffix
			if _, err := aws.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes}); err != nil {
				t.Fatal(err)
			}
		},
		Receive: func(t testing.TB, name string, _ int, fetch destination.Fetch) (messages []destinationtest.Message) {
			name += suffix
			queue, err := aws.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: &name})
			required.NoError(t, err)
			for {
				got, err := aws.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
					QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
				})
				required.NoError(t, err)
				if len(got.Messages) == 0 {
					return messages
				}
				for _, m := range got.Messages {
					attributes := map[string]string{}
					for name, v := range m.MessageAttributes {
						attributes[name] = *v.StringValue
					}
					d, err := sqs.Delivery(attributes, *m.Body, fetch)
					messages = append(messages, destinationtest.NewMessage(t, attributes, "ce-", d, err))
					if _, err := aws.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: m.ReceiptHandle}); err != nil {
						t.Fatal(err)
					}
				}
			}
		},
		At: func(t testing.TB, address string) core.Handler {
			moto.Use(t, "http://"+address)
			t.Setenv("AWS_SECRET_ACCESS_KEY", destinationtest.Secret)
			return open(t, "sqs://labels")
		},
		// There is room for ten, of which the encoding or the reference is one.
		Carried: func(all []core.Attribute) []core.Attribute { return slices.Clip(all[:min(len(all), 9)]) },
	}
}
