package eventbridge_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
)

// A rule of the kind that users write sends what is on the bus to a queue, out
// of which the test reads it.
func TestOnMoto(t *testing.T) {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	aws, queues := awseventbridge.NewFromConfig(c), sqs.NewFromConfig(c)
	b := open(t, "eventbridge://labels")
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err == nil || core.IsPermanent(err) || !strings.Contains(err.Error(), "create the bus") {
		t.Errorf("without a bus: %v", err)
	}
	queue, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("target")})
	if err != nil {
		t.Fatal(err)
	}
	bus := awssdk.String("labels")
	if _, err := aws.CreateEventBus(t.Context(), &awseventbridge.CreateEventBusInput{Name: bus}); err != nil {
		t.Fatal(err)
	}
	if _, err := aws.PutRule(t.Context(), &awseventbridge.PutRuleInput{
		Name: awssdk.String("labelbox"), EventBusName: bus,
		EventPattern: awssdk.String(`{"source":["labelbox"],"detail-type":[{"prefix":"com.labelbox."}]}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := aws.PutTargets(t.Context(), &awseventbridge.PutTargetsInput{
		Rule: awssdk.String("labelbox"), EventBusName: bus,
		Targets: []types.Target{{Id: awssdk.String("queue"), Arn: awssdk.String("arn:aws:sqs:" + moto.Region + ":" + moto.Account + ":target")}},
	}); err != nil {
		t.Fatal(err)
	}

	want := map[string]*core.Delivery{}
	for _, s := range samples.All() {
		d := destinationtest.New("delivery", s.Header, s.Body())
		want["labelboxkey="+d.Key()] = d
		if err := b.Handle(t.Context(), d); err != nil {
			t.Fatalf("%s: %v", s.Name, err)
		}
	}
	for len(want) > 0 {
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Messages) == 0 {
			t.Fatalf("%d events did not arrive", len(want))
		}
		for _, m := range got.Messages {
			var event struct {
				Source     string
				DetailType string `json:"detail-type"`
				Resources  []string
				Detail     any
			}
			if err := json.Unmarshal([]byte(*m.Body), &event); err != nil {
				t.Fatal(err)
			}
			var key string
			for _, r := range event.Resources {
				if strings.HasPrefix(r, "labelboxkey=") {
					key = r
				}
			}
			d := want[key]
			if d == nil {
				t.Fatalf("received twice, or never sent: %s", *m.Body)
			}
			delete(want, key)
			var detail any // moto prints JSON anew, as a bus may
			if err := json.Unmarshal(d.Body, &detail); err != nil {
				t.Fatal(err)
			}
			if event.Source != "labelbox" || event.DetailType != "com.labelbox."+string(d.Event) || !reflect.DeepEqual(event.Detail, detail) {
				t.Errorf("received %s", *m.Body)
			}
		}
	}
}
