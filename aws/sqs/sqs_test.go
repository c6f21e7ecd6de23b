package sqs_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The region is the queue's, and a name is looked up once.
func TestRequestsGoToTheQueue(t *testing.T) {
	for url, region := range map[string]string{"sqs://labels": moto.Region, "sqs://arn:aws:sqs:us-east-2:123456789012:labels": "us-east-2"} {
		s := standIn(t)
		q := open(t, url)
		for range 2 {
			required.NoError(t, q.Handle(t.Context(), destinationtest.Label(t)))
		}
		calls := []string{"GetQueueUrl", "SendMessage", "SendMessage"}
		if region != moto.Region {
			calls = calls[1:]
		}
		if got := s.sent[1]; !slices.Equal(s.Calls(), calls) || got.QueueUrl != "https://sqs."+region+".amazonaws.com/123456789012/labels" ||
			!strings.Contains(got.authorization, "/"+region+"/sqs/aws4_request") {
			t.Errorf("%s: %q, %+v", url, s.Calls(), got)
		}
	}
}

func TestWithoutARegionTheErrorSaysWhatToSet(t *testing.T) {
	standIn(t)
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	err := open(t, "sqs://labels").Handle(t.Context(), destinationtest.Label(t))
	if err == nil || err.Error() != "sqs://labels: no AWS region is configured; set AWS_REGION" {
		t.Errorf("got %v", err)
	}
}

// A message is refused for an eleventh attribute, and for what one holds.
func TestAttributesStayWithinWhatSQSTakes(t *testing.T) {
	s := standIn(t)
	d := destinationtest.Label(t)
	d.Origin = "export"
	d.ID = "a\x00b\x1f\xff\uFFFEc\té"
	required.NoError(t, open(t, "sqs://labels").Handle(t.Context(), d))
	got := s.sent[0].MessageAttributes
	if len(got) != 10 {
		t.Errorf("%d attributes: %q", len(got), got)
	}
	if got["ce-id"].StringValue != "a\uFFFDb\uFFFD\uFFFD\uFFFDc\té" {
		t.Errorf("the id is %q", got["ce-id"].StringValue)
	}
	if got["ce-labelboxorigin"].StringValue != "export" || got["ce-time"].StringValue != "2024-05-06T17:18:48Z" || got["ce-time"].DataType != "String" {
		t.Errorf("attributes %q", got)
	}
	if s.sent[0].MessageGroupId != nil || s.sent[0].MessageDeduplicationId != nil {
		t.Error("a standard queue got a FIFO queue's parameters")
	}
}

func TestBodiesThatAreNoTextOfXMLAreSentInBase64(t *testing.T) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for body, asIs := range map[string]bool{
		`{"a":"é, 猫, 😀"}`:                true,
		"{\r\n\t\"a\": 1}":               true,
		"\ufeff{}":                       true,
		"{\"a\":\"\x7f\u0085\"}":         true,
		"{\"a\":\"\ud7ff\ue000\ufffd\"}": true,
		"{\"a\":\"\x00\"}":               false,
		"{\"a\":\"\x0b\"}":               false,
		"{\"a\":\"\ufffe\"}":             false,
		"{\"a\":\"\uffff\"}":             false,
		"{\"a\":\"\xff\"}":               false,
		"{\"a\":\"\xed\xa0\x80\"}":       false, // half a surrogate pair
		string(every):                    false,
	} {
		s := standIn(t)
		required.NoError(t, open(t, "sqs://labels").Handle(t.Context(), destinationtest.New("delivery", "LABEL_CREATED", []byte(body))))
		want, encoding := body, ""
		if !asIs {
			want, encoding = base64.StdEncoding.EncodeToString([]byte(body)), "base64"
		}
		if got := s.sent[0]; got.MessageBody != want || got.MessageAttributes["ce-labelboxencoding"].StringValue != encoding || len(got.MessageAttributes) > 10 {
			t.Errorf("%q was sent as %q with %q", body, got.MessageBody, got.MessageAttributes)
		}
	}
}

func TestFIFOQueues(t *testing.T) {
	for project, group := range map[string]string{
		"clxyz0123":              "clxyz0123",
		"":                       "labelbox",
		"with blank":             "labelbox",
		"é":                      "labelbox",
		strings.Repeat("p", 128): strings.Repeat("p", 128),
		strings.Repeat("p", 129): "labelbox",
	} {
		s := standIn(t)
		d := destinationtest.Label(t)
		d.ProjectID = project
		required.NoError(t, open(t, "sqs://labels.fifo").Handle(t.Context(), d))
		if got := s.sent[0]; *got.MessageGroupId != group || *got.MessageDeduplicationId != d.Key() {
			t.Errorf("project %q: group %q, deduplication id %q", project, *got.MessageGroupId, *got.MessageDeduplicationId)
		}
	}
}

// A message that refers to the body has one of its own, for SQS takes no empty one.
func TestAReferenceIsTheBodyToo(t *testing.T) {
	d := destinationtest.New("delivery", "LABEL_CREATED", []byte(strings.Repeat("\x00", limit*3/4))) // over the limit in base64
	s := standIn(t)
	q := open(t, "sqs://labels")
	bucket, err := destination.NewFolder(t.TempDir())
	required.NoError(t, err)
	q.(destination.Overflower).OverflowTo(bucket)
	required.NoError(t, q.Handle(t.Context(), d))
	if got := s.sent[0]; got.MessageBody != `{"dataref":"`+bucket.Locate(d)+`"}` || got.MessageAttributes["ce-dataref"].StringValue != bucket.Locate(d) || len(got.MessageAttributes) > 10 {
		t.Errorf("sent %s with %q", got.MessageBody, got.MessageAttributes)
	}
}

// sized is a delivery whose message, body and attributes, has exactly n bytes.
func sized(t testing.TB, n int) *core.Delivery {
	s := standIn(t)
	d := destinationtest.New("delivery", "LABEL_CREATED", []byte("{}"))
	required.NoError(t, open(t, "sqs://labels").Handle(t.Context(), d))
	return destinationtest.New("delivery", "LABEL_CREATED", []byte("{"+strings.Repeat(" ", n-s.sent[0].size())+"}"))
}

const limit = 1_048_576

func TestTheLimitOfAMessage(t *testing.T) {
	for n, fits := range map[int]bool{limit: true, limit + 1: false} {
		d := sized(t, n)
		s := standIn(t)
		err := open(t, "sqs://labels").Handle(t.Context(), d)
		if fits && (err != nil || s.sent[0].size() != n) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if !fits && (!core.IsPermanent(err) || len(s.Calls()) > 0 || !strings.Contains(err.Error(), "set LABELHOOK_OVERFLOW")) {
			t.Errorf("%d bytes: %v after %q", n, err, s.Calls())
		}
	}
}

func TestFailuresAreForNowAndSayWhatToDo(t *testing.T) {
	const url = "sqs://https://sqs.eu-west-1.amazonaws.com/123456789012/labels"
	moto.CheckRefusals(t, func(t testing.TB) (*moto.StandIn, core.Handler) { return standIn(t).StandIn, open(t, url) }, []moto.Refusal{
		{Call: "SendMessage", Status: 400, Code: "QueueDoesNotExist", Calls: 1, Says: "create the queue"},
		{Call: "SendMessage", Status: 403, Code: "AccessDeniedException", Calls: 1, Says: "allow this process sqs:SendMessage"},
		{Call: "SendMessage", Status: 403, Code: "ExpiredTokenException", Calls: 1, Says: "valid AWS credentials"},
		{Call: "SendMessage", Status: 400, Code: "KmsDisabled", Calls: 1},
		{Call: "SendMessage", Status: 400, Code: "RequestThrottled", Calls: 3},
		{Call: "SendMessage", Status: 400, Code: "ThrottlingException", Calls: 3},
		{Call: "SendMessage", Status: 500, Code: "InternalError", Calls: 3},
		{Call: "SendMessage", Status: 503, Code: "ServiceUnavailable", Calls: 3},
		{Call: "SendMessage", Status: 400, Code: "InvalidMessageContents", Calls: 1},
	})
}
