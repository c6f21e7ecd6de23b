package main_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The deployed function against an AWS: its secret comes late and is rotated,
// its queue is missing for a while, and nothing is lost.
func TestAgainstAWS(t *testing.T) {
	url := moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	secrets, queues, buses := secretsmanager.NewFromConfig(c), awssqs.NewFromConfig(c), awseventbridge.NewFromConfig(c)
	buckets := awss3.NewFromConfig(c, func(o *awss3.Options) { o.UsePathStyle = true })

	id, queue, bus, bucket := "labelbox/webhook", "labels", "labels", "labels"
	variables := moto.Environment(url)
	maps.Copy(variables, map[string]string{
		"LABELBOX_WEBHOOK_SECRET_ID": id,
		"LABELHOOK_DESTINATIONS":     "sqs://" + queue + " eventbridge://" + bus + " s3://" + bucket + "/kept",
	})
	f := lambdahost.Start(t, bootstrap, variables)

	sample, _ := samples.Find(payload.LabelCreated, payload.V2)
	body := sample.Body()
	send := func(text string) lambdahost.Answer {
		t.Helper()
		key, err := secret.New(text)
		required.NoError(t, err)
		result, err := f.Invoke(lambdahost.FunctionURL.Event(lambdahost.Request{Method: http.MethodPost, Body: body, Header: [][2]string{
			{"Content-Type", "application/json"}, {"X-Labelbox-Event", sample.Header}, {"X-Labelbox-Id", "delivery"},
			{"X-Hub-Signature", core.Sign(body, key)},
		}}))
		if err != nil || result.Failed {
			t.Fatalf("%v %s", err, result.Payload)
		}
		a, err := lambdahost.FunctionURL.Answer(result.Payload)
		required.NoError(t, err)
		return a
	}
	wants := func(when string, a lambdahost.Answer, status int, word string) {
		t.Helper()
		if a.Status != status || !strings.Contains(string(a.Body), word) {
			t.Fatalf("%s: got %d %s, want %d %s; it logged:\n%s", when, a.Status, a.Body, status, word, f.Log())
		}
	}
	until := func(when string, status int, key string) {
		t.Helper()
		for began := time.Now(); ; {
			if a := send(key); a.Status == status {
				return
			} else if time.Since(began) > 30*time.Second {
				wants(when, a, status, "")
			}
		}
	}

	wants("no secret", send("first"), 503, "secret_unavailable")
	if _, err := secrets.CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{Name: &id, SecretString: new("first\n")}); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); !strings.Contains(string(send("first").Body), "delivery_failed"); {
		if time.Since(began) > 30*time.Second {
			t.Fatalf("the secret is not found; it logged:\n%s", f.Log())
		}
	}
	wants("forged", send("forged"), 401, "signature_mismatch")
	wants("no queue", send("first"), 503, "delivery_failed")

	if _, err := queues.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &queue}); err != nil {
		t.Fatal(err)
	}
	if _, err := buses.CreateEventBus(t.Context(), &awseventbridge.CreateEventBusInput{Name: &bus}); err != nil {
		t.Fatal(err)
	}
	if _, err := buckets.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &bucket,
		CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: moto.Region}}); err != nil {
		t.Fatal(err)
	}
	until("all is there", 200, "first")

	if _, err := secrets.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: &id, SecretString: new("second")}); err != nil {
		t.Fatal(err)
	}
	until("rotated", 200, "second")
	wants("rotated, signed with the previous secret", send("first"), 200, "accepted")

	got, err := queues.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{QueueUrl: queueURL(t, queues, queue), MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) < 3 {
		t.Fatalf("%d messages, %v", len(got.Messages), err)
	}
	for _, m := range got.Messages {
		if *m.Body != string(body) {
			t.Errorf("the queue has %q", *m.Body)
		}
	}
	list, err := buckets.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil || len(list.Contents) != 1 || !strings.HasPrefix(*list.Contents[0].Key, "kept/event=label.created/dt=2024-05-06/") {
		t.Fatalf("%+v, %v", list.Contents, err)
	}
	object, err := buckets.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &bucket, Key: list.Contents[0].Key})
	required.NoError(t, err)
	if kept, err := io.ReadAll(object.Body); err != nil || !bytes.Equal(kept, body) {
		t.Errorf("the bucket has %q, %v", kept, err)
	}
	if !f.Alive() {
		t.Error("the function has ended")
	}
	for _, word := range []string{"first", "second", "forged", "sha1="} {
		if slices.Contains(strings.FieldsFunc(f.Log(), func(r rune) bool { return strings.ContainsRune(`" ,:{}`, r) }), word) {
			t.Errorf("the log tells %q", word)
		}
	}
}

func queueURL(t *testing.T, queues *awssqs.Client, name string) *string {
	t.Helper()
	q, err := queues.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: &name})
	required.NoError(t, err)
	return q.QueueUrl
}
