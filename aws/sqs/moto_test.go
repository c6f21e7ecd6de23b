package sqs_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
)

// account is what the tests do in AWS besides the code under test.
type account struct {
	*awssqs.Client
	config awssdk.Config
}

func newAccount(t *testing.T) account {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return account{awssqs.NewFromConfig(c), c}
}

func (a account) create(t *testing.T, name string, attributes map[string]string) (url string) {
	t.Helper()
	q, err := a.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	return *q.QueueUrl
}

// received is a message as a consumer gets it.
type received struct {
	body       string
	attributes map[string]string
	group      string
}

// drain takes everything out of a queue.
func (a account) drain(t *testing.T, url string) (all []received) {
	t.Helper()
	for {
		got, err := a.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Messages) == 0 {
			return all
		}
		for _, m := range got.Messages {
			r := received{*m.Body, map[string]string{}, m.Attributes["MessageGroupId"]}
			for name, v := range m.MessageAttributes {
				r.attributes[strings.TrimPrefix(name, "ce-")] = *v.StringValue
			}
			all = append(all, r)
			if _, err := a.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOnMoto(t *testing.T) {
	aws := newAccount(t)
	t.Run("every sample lands byte for byte", func(t *testing.T) {
		url := aws.create(t, "samples", nil)
		for _, address := range []string{"sqs://samples", "sqs://" + url} {
			q := open(t, address)
			want := map[string]*core.Delivery{}
			for _, s := range samples.All() {
				d := destinationtest.New("delivery", s.Header, s.Body())
				want[d.Key()] = d
				if err := q.Handle(t.Context(), d); err != nil {
					t.Fatalf("%s: %v", s.Name, err)
				}
			}
			got := aws.drain(t, url)
			if len(got) != len(want) {
				t.Errorf("%s: %d messages of %d deliveries", address, len(got), len(want))
			}
			for _, m := range got {
				d := want[m.attributes["labelboxkey"]]
				if d == nil || m.body != string(d.Body) {
					t.Errorf("received %q with %q", m.body, m.attributes)
					continue
				}
				for i, a := range d.Attributes() {
					if i < 10 && m.attributes[a.Name] != a.Value {
						t.Errorf("%s: %s is %q, want %q", d.Event, a.Name, m.attributes[a.Name], a.Value)
					}
				}
			}
		}
	})

	t.Run("every byte lands", func(t *testing.T) {
		url := aws.create(t, "binary", nil)
		body := make([]byte, 256)
		for i := range body {
			body[i] = byte(i)
		}
		if err := open(t, "sqs://binary").Handle(t.Context(), destinationtest.New("delivery", "LABEL_CREATED", body)); err != nil {
			t.Fatal(err)
		}
		got := aws.drain(t, url)
		if len(got) != 1 || got[0].attributes["labelboxencoding"] != "base64" {
			t.Fatalf("received %q", got)
		}
		if decoded, err := base64.StdEncoding.DecodeString(got[0].body); err != nil || !bytes.Equal(decoded, body) {
			t.Errorf("received %q, %v", got[0].body, err)
		}
	})

	t.Run("a FIFO queue takes a redelivery once", func(t *testing.T) {
		url := aws.create(t, "ordered.fifo", map[string]string{"FifoQueue": "true"})
		q := open(t, "sqs://ordered.fifo")
		first := destinationtest.Label(t)
		again := destinationtest.New("delivery", "LABEL_CREATED", first.Body)
		again.ID = "another id"
		other := destinationtest.New("delivery", "LABEL_UPDATED", first.Body)
		for _, d := range []*core.Delivery{first, again, other} {
			if err := q.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		got := aws.drain(t, url)
		if len(got) != 2 || got[0].attributes["type"] != "com.labelbox.label.created" || got[1].attributes["type"] != "com.labelbox.label.updated" {
			t.Fatalf("received %q", got)
		}
		if got[0].group != first.ProjectID || first.ProjectID == "" {
			t.Errorf("in the group %q, want %q", got[0].group, first.ProjectID)
		}
	})

	t.Run("a refusing queue is 503, and nothing is lost", func(t *testing.T) {
		key, err := secret.New("secret")
		if err != nil {
			t.Fatal(err)
		}
		secrets, err := secret.Static(key)
		if err != nil {
			t.Fatal(err)
		}
		r := &core.Receiver{Secrets: secrets, Handler: open(t, "sqs://fragile"), Observe: core.LogTo(slog.New(slog.DiscardHandler))}
		send := func(want int) {
			t.Helper()
			body := destinationtest.Label(t).Body
			got := r.Receive(t.Context(), core.Request{Method: "POST", Body: body, Header: http.Header{
				core.SignatureHeader: {core.Sign(body, key)}, core.EventHeader: {"LABEL_CREATED"},
			}})
			if got.Status != want || want == 503 && got.Code != "delivery_failed" {
				t.Errorf("answered %d %s, want %d", got.Status, got.Code, want)
			}
		}
		send(503) // there is no such queue
		url := aws.create(t, "fragile", nil)
		send(200)
		if _, err := aws.DeleteQueue(t.Context(), &awssqs.DeleteQueueInput{QueueUrl: &url}); err != nil {
			t.Fatal(err)
		}
		send(503)
		aws.create(t, "fragile", nil)
		send(200)
		if got := aws.drain(t, url); len(got) != 1 || got[0].body != string(destinationtest.Label(t).Body) {
			t.Errorf("received %q", got)
		}
	})

	t.Run("a large body goes to a bucket", func(t *testing.T) {
		store := awss3.NewFromConfig(aws.config, func(o *awss3.Options) { o.UsePathStyle = true })
		if _, err := store.CreateBucket(t.Context(), &awss3.CreateBucketInput{
			Bucket:                    awssdk.String("overflow"),
			CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: moto.Region},
		}); err != nil {
			t.Fatal(err)
		}
		bucket, err := s3.Open("s3://overflow/large")
		if err != nil {
			t.Fatal(err)
		}
		for name, maximum := range map[string]string{"large": "1048576", "narrow": "1024"} {
			url := aws.create(t, name, map[string]string{"MaximumMessageSize": maximum})
			q := open(t, "sqs://"+name)
			d := destinationtest.New("delivery", "LABEL_CREATED", []byte(`{"padding":"`+strings.Repeat(name, 300_000)+`"}`))
			if name == "narrow" {
				d = destinationtest.New("delivery", "LABEL_CREATED", []byte(`{"padding":"`+strings.Repeat(name, 300)+`"}`))
			}
			if err := q.Handle(t.Context(), d); !core.IsPermanent(err) {
				t.Errorf("%s: without a bucket: %v", name, err)
			}
			q.(destination.Overflower).OverflowTo(bucket.(destination.Bucket))
			if err := q.Handle(t.Context(), d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			got := aws.drain(t, url)
			if len(got) != 1 {
				t.Fatalf("%s: received %q", name, got)
			}
			key, found := strings.CutPrefix(got[0].attributes["dataref"], "s3://overflow/")
			object, err := store.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: awssdk.String("overflow"), Key: &key})
			if !found || err != nil {
				t.Fatalf("%s: %q: %v", name, got[0].attributes["dataref"], err)
			}
			if body, err := io.ReadAll(object.Body); err != nil || !bytes.Equal(body, d.Body) {
				t.Errorf("%s: the bucket holds %d bytes, %v", name, len(body), err)
			}
		}
	})
}
