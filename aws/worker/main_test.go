package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awseventbridge "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	awssqs "github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The receiver and the worker as they are deployed, but for this machine.
var receiver, bootstrap string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err == nil {
		receiver, bootstrap = filepath.Join(dir, "receiver"), filepath.Join(dir, "bootstrap")
		err = errors.Join(lambdahost.Build(receiver, "../function"), lambdahost.Build(bootstrap, "."))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// cloud is an AWS with a queue, a FIFO queue, a bus whose events come to a queue, and a
// bucket.
type cloud struct {
	service string
	queues  *awssqs.Client
	buckets *awss3.Client
}

func newCloud(t *testing.T) cloud {
	c := cloud{service: moto.Start(t)}
	configuration, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	c.queues = awssqs.NewFromConfig(configuration)
	c.buckets = awss3.NewFromConfig(configuration, func(o *awss3.Options) { o.UsePathStyle = true })
	for name, attributes := range map[string]map[string]string{"labels": nil, "bus": nil, "labels.fifo": {"FifoQueue": "true"}} {
		_, err := c.queues.CreateQueue(t.Context(), &awssqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
		required.NoError(t, err)
	}
	_, err = c.buckets.CreateBucket(t.Context(), &awss3.CreateBucketInput{
		Bucket: awssdk.String("labels"), CreateBucketConfiguration: &s3types.CreateBucketConfiguration{LocationConstraint: moto.Region},
	})
	required.NoError(t, err)
	bus := awseventbridge.NewFromConfig(configuration)
	_, err = bus.PutRule(t.Context(), &awseventbridge.PutRuleInput{Name: awssdk.String("all"), EventPattern: awssdk.String(`{"source":["labelbox"]}`)})
	required.NoError(t, err)
	_, err = bus.PutTargets(t.Context(), &awseventbridge.PutTargetsInput{Rule: awssdk.String("all"), Targets: []eventtypes.Target{{
		Id: awssdk.String("queue"), Arn: awssdk.String("arn:aws:sqs:" + moto.Region + ":123456789012:bus"),
	}}})
	required.NoError(t, err)
	return c
}

// start starts a built function whose deliveries go to a destination.
func (c cloud) start(t *testing.T, bootstrap, destination string, more map[string]string) *lambdahost.Function {
	variables := moto.Environment(c.service)
	maps.Copy(variables, conformance.Environment(destination))
	variables["LABELHOOK_MAX_BODY"] = "4000000"
	variables["LABELHOOK_OVERFLOW"] = "s3://labels/overflow"
	if !strings.HasPrefix(destination, "http") {
		delete(variables, "LABELHOOK_DEAD_LETTER") // of a receiver, where nothing is refused
	}
	maps.Copy(variables, more)
	return lambdahost.Start(t, bootstrap, variables)
}

func (c cloud) url(t testing.TB, queue string) *string {
	found, err := c.queues.GetQueueUrl(t.Context(), &awssqs.GetQueueUrlInput{QueueName: &queue})
	required.NoError(t, err)
	return found.QueueUrl
}

// take takes all messages out of a queue, as Lambda does.
func (c cloud) take(t testing.TB, queue string) (all []sqstypes.Message) {
	for at := c.url(t, queue); ; {
		got, err := c.queues.ReceiveMessage(t.Context(), &awssqs.ReceiveMessageInput{
			QueueUrl: at, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		required.NoError(t, err)
		if len(got.Messages) == 0 {
			return all
		}
		for _, m := range got.Messages {
			_, err := c.queues.DeleteMessage(t.Context(), &awssqs.DeleteMessageInput{QueueUrl: at, ReceiptHandle: m.ReceiptHandle})
			required.NoError(t, err)
		}
		all = append(all, got.Messages...)
	}
}

type object = map[string]any

// batch is the event that Lambda makes of messages.
func batch(messages ...sqstypes.Message) []byte {
	records := []object{}
	for _, m := range messages {
		attributes := object{}
		for name, value := range m.MessageAttributes {
			attributes[name] = object{"stringValue": awssdk.ToString(value.StringValue), "stringListValues": []string{}, "binaryListValues": []string{}, "dataType": awssdk.ToString(value.DataType)}
		}
		records = append(records, object{
			"messageId": awssdk.ToString(m.MessageId), "receiptHandle": "handle", "body": awssdk.ToString(m.Body), "attributes": m.Attributes,
			"messageAttributes": attributes, "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:labels", "awsRegion": "us-east-1",
		})
	}
	event, err := json.Marshal(object{"Records": records})
	if err != nil {
		panic(err)
	}
	return event
}

// failures invokes the worker with a batch, and returns what must stay.
func failures(t testing.TB, f *lambdahost.Function, event []byte) (ids []string) {
	t.Helper()
	result, err := f.Invoke(event)
	required.NoError(t, err)
	var answer struct {
		BatchItemFailures []struct{ ItemIdentifier string }
	}
	if err := json.Unmarshal(result.Payload, &answer); err != nil || result.Failed || answer.BatchItemFailures == nil {
		t.Fatalf("answered %s, %v; it logged:\n%s", result.Payload, err, f.Log())
	}
	for _, failure := range answer.BatchItemFailures {
		ids = append(ids, failure.ItemIdentifier)
	}
	return ids
}

// send sends a case to the receiver.
func send(t testing.TB, f *lambdahost.Function, c conformance.Case) conformance.Answer {
	t.Helper()
	r := lambdahost.Request{Method: c.Method, Body: c.Body}
	for _, h := range c.Header {
		r.Header = append(r.Header, [2]string{h.Name, h.Value})
	}
	result, err := f.Invoke(lambdahost.FunctionURL.Event(r))
	required.NoError(t, err)
	a, err := lambdahost.FunctionURL.Answer(result.Payload)
	required.NoError(t, err)
	return conformance.Answer{Status: a.Status, Header: a.Header, Body: a.Body}
}

// What a receiver took, the handler behind the queue gets as it came.
func TestDeliveriesGoThroughAQueue(t *testing.T) {
	c := newCloud(t)
	for _, queue := range []string{"labels", "labels.fifo"} {
		t.Run(queue, func(t *testing.T) {
			end := conformance.NewDestination(t)
			from, to := c.start(t, receiver, "sqs://"+queue, nil), c.start(t, bootstrap, end.URL, nil)
			cases := conformance.Onwards(1_100_000)
			if queue != "labels" {
				cases = cases[:15] // the messages are the same
			}
			conformance.Run(t, cases, conformance.Platform{Taken: end.Taken, Do: func(t testing.TB, one conformance.Case) conformance.Answer {
				a := send(t, from, one)
				if left := failures(t, to, batch(c.take(t, queue)...)); len(left) > 0 {
					t.Errorf("left in the queue: %q; it logged:\n%s", left, to.Log())
				}
				return a
			}})
		})
	}
}

func TestDeliveriesGoThroughABus(t *testing.T) {
	c := newCloud(t)
	end := conformance.NewDestination(t)
	from := c.start(t, receiver, "eventbridge://default", nil)
	to := c.start(t, bootstrap, end.URL, nil)
	one := conformance.Genuine("by a bus")
	if a := send(t, from, one); a.Status != 200 {
		t.Fatalf("answered %d %s", a.Status, a.Body)
	}
	messages := c.take(t, "bus")
	if len(messages) != 1 {
		t.Fatalf("%d events came by", len(messages))
	}
	direct := []byte(*messages[0].Body)
	result, err := to.Invoke(direct)
	required.NoError(t, err)
	if taken := end.Taken(t); result.Failed || len(taken) != 1 || string(taken[0].Body) != string(one.Body) {
		t.Errorf("answered %s, taken %d; it logged:\n%s", result.Payload, len(taken), to.Log())
	}
	if left := failures(t, to, batch(messages...)); len(left) > 0 || len(end.Taken(t)) != 1 {
		t.Errorf("by a queue behind the bus: left %q; it logged:\n%s", left, to.Log())
	}
	printed := strings.Replace(string(direct), `"label"`, `"\u006cabel"`, 1) // of which nobody can tell how it was
	if result, err := to.Invoke([]byte(printed)); err != nil || !result.Failed || !strings.Contains(to.Log(), "signature_mismatch") {
		t.Errorf("took what was changed on the way: %s, %v", result.Payload, err)
	}
}

func TestDeliveriesGoThroughABucket(t *testing.T) {
	c := newCloud(t)
	end := conformance.NewDestination(t)
	from := c.start(t, receiver, "s3://labels/raw", nil)
	to := c.start(t, bootstrap, end.URL, map[string]string{"LABELHOOK_SOURCES": "s3://labels/raw"})
	seen := map[string]bool{}
	events := func(t testing.TB) (direct []byte, others [][]byte) {
		list, err := c.buckets.ListObjectsV2(t.Context(), &awss3.ListObjectsV2Input{Bucket: awssdk.String("labels")})
		required.NoError(t, err)
		for _, o := range list.Contents {
			if key := *o.Key; !seen[key] {
				seen[key] = true
				direct, others = notifications("labels", key)
			}
		}
		return direct, others
	}
	cases := conformance.Onwards(0)
	conformance.Run(t, cases, conformance.Platform{Taken: end.Taken, Deviations: map[string]conformance.Deviation{
		"body like a form":      {Reason: "moto reads such a content as a form, and keeps something else"},
		"body called multipart": {Reason: "moto reads such a content as a form, and keeps something else"},
	}, Do: func(t testing.TB, one conformance.Case) conformance.Answer {
		a := send(t, from, one)
		direct, _ := events(t)
		if direct == nil {
			return a // a redelivery is no second object
		}
		if result, err := to.Invoke(direct); err != nil || result.Failed {
			t.Errorf("%v, %s; it logged:\n%s", err, result.Payload, to.Log())
		}
		return a
	}})

	one := conformance.Genuine("notified in other ways")
	send(t, from, one)
	_, others := events(t)
	for _, event := range others {
		if result, err := to.Invoke(event); err != nil || result.Failed || len(end.Taken(t)) != 1 {
			t.Errorf("%.300s: %v, %s; it logged:\n%s", event, err, result.Payload, to.Log())
		}
	}
	for _, foreign := range []string{"other", "labels"} {
		event, _ := notifications(foreign, "elsewhere/x.json")
		if result, err := to.Invoke(event); err != nil || !result.Failed {
			t.Errorf("took an object of bucket %s: %s", foreign, result.Payload)
		}
	}
}

// notifications are the forms in which a bucket says that there is an object.
func notifications(bucket, key string) (direct []byte, others [][]byte) {
	encode := func(v any) []byte {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return text
	}
	direct = encode(object{"Records": []object{{
		"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
		"s3": object{"bucket": object{"name": bucket}, "object": object{"key": url.QueryEscape(key), "size": 1}},
	}}})
	byBus := encode(object{
		"version": "0", "id": "17793124", "detail-type": "Object Created", "source": "aws.s3", "resources": []string{"arn:aws:s3:::" + bucket},
		"detail": object{"bucket": object{"name": bucket}, "object": object{"key": key, "size": 1}},
	})
	return direct, [][]byte{byBus, batch(message("m", string(direct))), batch(message("m", string(byBus)))}
}

func message(id, body string) sqstypes.Message { return sqstypes.Message{MessageId: &id, Body: &body} }

func TestOnlyWhatIsSafeLeavesTheQueue(t *testing.T) {
	c := newCloud(t)
	end := conformance.NewDestination(t)
	from, to := c.start(t, receiver, "sqs://labels", nil), c.start(t, bootstrap, end.URL, nil)
	delivered := func(name string) sqstypes.Message {
		t.Helper()
		if a := send(t, from, conformance.Genuine(name)); a.Status != 200 {
			t.Fatalf("answered %d %s; it logged:\n%s", a.Status, a.Body, from.Log())
		}
		m := c.take(t, "labels")[0]
		m.MessageId = &name
		return m
	}
	with := func(m sqstypes.Message, name, value string) sqstypes.Message {
		m.MessageAttributes = maps.Clone(m.MessageAttributes)
		m.MessageAttributes[name] = sqstypes.MessageAttributeValue{StringValue: &value, DataType: awssdk.String("String")}
		return m
	}
	renamed := func(m sqstypes.Message, id string) sqstypes.Message { m.MessageId = &id; return m }
	good := delivered("good")
	forged := with(renamed(good, "forged"), "ce-labelboxsignature", "sha1="+strings.Repeat("0", 40))
	unsigned := renamed(good, "unsigned")
	unsigned.MessageAttributes = maps.Clone(good.MessageAttributes)
	delete(unsigned.MessageAttributes, "ce-labelboxsignature")
	changed := renamed(good, "changed")
	changed.Body = awssdk.String(*good.Body + " ")
	event := batch(
		good, message("foreign", `{"order":7}`), message("text", "hello"), forged, unsigned, changed,
		with(renamed(good, "elsewhere"), "ce-dataref", "s3://another/overflow/x.json"),
		with(renamed(good, "web"), "ce-dataref", "http://169.254.169.254/latest/meta-data"),
		with(renamed(good, "missing"), "ce-dataref", "s3://labels/overflow/x.json"),
		with(renamed(good, "encoding"), "ce-labelboxencoding", "base64"),
		message("test", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"labels"}`),
		delivered("good too"),
	)
	left := failures(t, to, event)
	slices.Sort(left)
	if want := []string{"changed", "elsewhere", "encoding", "foreign", "forged", "missing", "text", "unsigned", "web"}; !slices.Equal(left, want) {
		t.Errorf("left %q\nwant %q\nit logged:\n%s", left, want, to.Log())
	}
	if taken := end.Taken(t); len(taken) != 2 {
		t.Errorf("the handler took %d, want 2", len(taken))
	}
	if log := to.Log(); strings.Contains(log, "order") || strings.Contains(log, conformance.Secret) || !strings.Contains(log, `"code":"foreign_message"`) || !strings.Contains(log, `"code":"body_unavailable"`) {
		t.Errorf("it logged:\n%s", log)
	}
}

func TestAGroupStaysFromItsFirstFailureOn(t *testing.T) {
	c := newCloud(t)
	end := conformance.NewDestination(t)
	from, to := c.start(t, receiver, "sqs://labels", nil), c.start(t, bootstrap, end.URL, nil)
	var messages []sqstypes.Message
	for _, m := range [][2]string{{"a1", "a"}, {"b1", "b"}, {"a2", "a"}, {"a3", "a"}, {"b2", "b"}} {
		send(t, from, conformance.Genuine(m[0]))
		message := c.take(t, "labels")[0]
		message.MessageId, message.Attributes = &m[0], map[string]string{"MessageGroupId": m[1]}
		if m[0] == "a2" {
			message.Body = awssdk.String("{}")
		}
		messages = append(messages, message)
	}
	left := failures(t, to, batch(messages...))
	slices.Sort(left)
	if want := []string{"a2", "a3"}; !slices.Equal(left, want) || len(end.Taken(t)) != 3 {
		t.Errorf("left %q, want %q", left, want)
	}
}

func TestWithoutASecretEverythingStays(t *testing.T) {
	c := newCloud(t)
	for name, change := range map[string]map[string]string{
		"no secret":                  {"LABELBOX_WEBHOOK_SECRET": "", "LABELBOX_WEBHOOK_SECRET_PREVIOUS": ""},
		"a source that is no bucket": {"LABELHOOK_SOURCES": "sqs://labels"},
	} {
		t.Run(name, func(t *testing.T) {
			end := conformance.NewDestination(t)
			from, to := c.start(t, receiver, "sqs://labels", nil), c.start(t, bootstrap, end.URL, change)
			send(t, from, conformance.Genuine("one"))
			if left := failures(t, to, batch(c.take(t, "labels")...)); len(left) != 1 || len(end.Taken(t)) > 0 || !strings.Contains(to.Log(), "wrong configuration") {
				t.Errorf("left %q; it logged:\n%s", left, to.Log())
			}
		})
	}
}

func TestOtherEventsAreNamed(t *testing.T) {
	c := newCloud(t)
	to := c.start(t, bootstrap, "log:", nil)
	request := lambdahost.FunctionURL.Event(lambdahost.Request{Method: http.MethodPost, Body: []byte("{}")})
	for event, says := range map[string]string{
		string(request):            "an HTTP request",
		`{"Records":[{"Sns":{}}]}`: "takes messages of SQS",
		`{"Records":[]}`:           "takes messages of SQS",
		`[1]`:                      "takes messages of SQS",
	} {
		if result, err := to.Invoke([]byte(event)); err != nil || !result.Failed || !strings.Contains(string(result.Payload), says) {
			t.Errorf("%.100s: %s, %v", event, result.Payload, err)
		}
	}
	if result, err := to.Invoke([]byte("{}")); err != nil || string(result.Payload) != `{"status":"ping"}` {
		t.Errorf("a ping is answered %s, %v", result.Payload, err)
	}
}
