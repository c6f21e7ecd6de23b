package eventbridge_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOnMoto(t *testing.T) { destinationtest.Run(t, onMoto(t)) }

func BenchmarkOnMoto(b *testing.B) { destinationtest.Bench(b, onMoto(b)) }

// A rule of the kind that users write sends what is on the bus to a queue, out
// of which the test reads it.
func onMoto(t testing.TB) destinationtest.Harness {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	aws, queues := awseventbridge.NewFromConfig(c), sqs.NewFromConfig(c)
	return destinationtest.Harness{
		Limit: 1 << 20, Reprints: true, // moto prints JSON anew, as a bus may
		Open: func(t testing.TB, name string) core.Handler { return open(t, "eventbridge://"+name) },
		Create: func(t testing.TB, name string) {
			_, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
			required.NoError(t, err)
			_, err = aws.CreateEventBus(t.Context(), &awseventbridge.CreateEventBusInput{Name: &name})
			required.NoError(t, err)
			_, err = aws.PutRule(t.Context(), &awseventbridge.PutRuleInput{
				Name: &name, EventBusName: &name,
				EventPattern: awssdk.String(`{"source":["labelbox"],"detail-type":[{"prefix":"com.labelbox."}]}`),
			})
			required.NoError(t, err)
			_, err = aws.PutTargets(t.Context(), &awseventbridge.PutTargetsInput{
				Rule: &name, EventBusName: &name,
				Targets: []types.Target{{Id: &name, Arn: awssdk.String("arn:aws:sqs:" + moto.Region + ":" + moto.Account + ":" + name)}},
			})
			required.NoError(t, err)
		},
		Receive: func(t testing.TB, name string, _ int, fetch destination.Fetch) (messages []destinationtest.Message) {
			queue, err := queues.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: &name})
			required.NoError(t, err)
			for {
				got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10})
				required.NoError(t, err)
				if len(got.Messages) == 0 {
					return messages
				}
				for _, m := range got.Messages {
					var event struct {
						DetailType string `json:"detail-type"`
						Resources  []string
						Detail     json.RawMessage
					}
					required.NoError(t, json.Unmarshal([]byte(*m.Body), &event))
					attributes := map[string]string{"type": event.DetailType}
					for _, r := range event.Resources {
						name, value, _ := strings.Cut(r, "=")
						attributes[name] = value
					}
					var described struct{ DataRef string }
					if json.Unmarshal(event.Detail, &described) == nil && described.DataRef != "" {
						attributes["dataref"] = described.DataRef
					}
					d, err := eventbridge.Delivery(event.DetailType, event.Resources, event.Detail, fetch)
					messages = append(messages, destinationtest.NewMessage(t, attributes, "", d, err))
					_, err = queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: queue.QueueUrl, ReceiptHandle: m.ReceiptHandle})
					required.NoError(t, err)
				}
			}
		},
		At: func(t testing.TB, address string) core.Handler {
			moto.Use(t, "http://"+address)
			t.Setenv("AWS_SECRET_ACCESS_KEY", destinationtest.Secret)
			return open(t, "eventbridge://labels")
		},
		Carried: func(all []core.Attribute) []core.Attribute {
			return slices.DeleteFunc(all, func(a core.Attribute) bool {
				return a.Name == "specversion" || a.Name == "time" || a.Name == "datacontenttype" // an event has a time of its own
			})
		},
	}
}
