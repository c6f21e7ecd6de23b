package sqs_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func TestURLs(t *testing.T) {
	for url, want := range map[string]struct{ name, queue string }{ // queue "" if refused
		"sqs://labels":                               {"sqs://labels", "by name"},
		"sqs:labels":                                 {"sqs://labels", "by name"},
		"SQS://labels.fifo":                          {"sqs://labels.fifo", "by name"},
		"sqs://" + strings.Repeat("q", 80):           {"sqs://" + strings.Repeat("q", 80), "by name"},
		"sqs://" + strings.Repeat("q", 75) + ".fifo": {"sqs://" + strings.Repeat("q", 75) + ".fifo", "by name"},
		"sqs://https://sqs.us-east-2.amazonaws.com/123456789012/labels":   {"sqs://labels", "https://sqs.us-east-2.amazonaws.com/123456789012/labels"},
		"sqs://sqs.us-east-2.amazonaws.com/123456789012/labels":           {"sqs://labels", "https://sqs.us-east-2.amazonaws.com/123456789012/labels"},
		"sqs://sqs.cn-north-1.amazonaws.com.cn/123456789012/l.fifo":       {"sqs://l.fifo", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/l.fifo"},
		"sqs://http://localhost:9324/000000000000/labels":                 {"sqs://labels", "http://localhost:9324/000000000000/labels"},
		"sqs://arn:aws:sqs:us-east-2:123456789012:labels":                 {"sqs://labels", "https://sqs.us-east-2.amazonaws.com/123456789012/labels"},
		"sqs:arn:aws:sqs:us-east-2:123456789012:l.fifo":                   {"sqs://l.fifo", "https://sqs.us-east-2.amazonaws.com/123456789012/l.fifo"},
		"sqs://arn:aws-cn:sqs:cn-north-1:123456789012:labels":             {"sqs://labels", "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/labels"},
		"sqs://arn:aws-us-gov:sqs:us-gov-west-1:123456789012:labels":      {"sqs://labels", "https://sqs.us-gov-west-1.amazonaws.com/123456789012/labels"},
		"sqs://arn:aws:sqs:us-east-2:123456789012:":                       {},
		"sqs://arn:aws:sqs:us-east-2:123456789012:a/b":                    {},
		"sqs://arn:aws:sqs:us-east-2:12345:labels":                        {},
		"sqs://arn:aws:sqs:::labels":                                      {},
		"sqs://arn:aws:sns:us-east-2:123456789012:labels":                 {},
		"sqs://arn:aws:sqs:cn-north-1:123456789012:labels":                {},
		"sqs://arn:aws-moon:sqs:us-east-2:123456789012:labels":            {},
		"sqs://https://SQS.us-east-2.AmazonAWS.com/123456789012/labels/":  {"sqs://labels", "https://sqs.us-east-2.amazonaws.com/123456789012/labels"},
		"sqs://http://localhost:4566/queue/us-east-1/000000000000/labels": {"sqs://labels", "http://localhost:4566/queue/us-east-1/000000000000/labels"},
		"sqs://https://sqs.us-east-2.amazonaws.com/123456789012//labels":  {},
		"sqs://https://sqs.us-east-2.amazonaws.com/labels":                {},
		"sqs://https://sqs.us-east-2.amazonaws.com/12345/labels":          {},
		"sqs://https://sqs.us-east-2.amazonaws.com/a/123456789012/labels": {},
		"sqs://https://sqs.us-east-2.amazonaws.com":                       {},
		"sqs://https://sqs.us-east-2.amazonaws.com/":                      {},
		"sqs://arn:aws:sqs:US-EAST-2:123456789012:labels":                 {},
		"sqs://arn:aws:sqs:us-east-2a:123456789012:labels":                {},
		"sqs://arn:aws:sqs:useast2:123456789012:labels":                   {},
		"sqs://arn:aws:sqs:us--2:123456789012:labels":                     {},
		"sqs://arn:aws:sqs:-:123456789012:labels":                         {},
		"sqs://arn:":                         {},
		"sqs://":                             {},
		"sqs":                                {},
		"":                                   {},
		"sqs://labels/":                      {},
		"sqs://a.b":                          {},
		"sqs://.fifo":                        {},
		"sqs://" + strings.Repeat("q", 81):   {},
		"sqs://host/labels":                  {},
		"sqs://https:///123456789012/labels": {},
		"sqs://https://key@sqs.amazonaws.com/1/labels":       {},
		"sqs://https://sqs.amazonaws.com/1/labels?key=value": {},
		"sqs://ftp://sqs.amazonaws.com/1/labels":             {},
		"sqs://https://exa mple/1/labels":                    {},
		"sqs://https://sqs.amazonaws.com/1/lab%zzels":        {},
	} {
		t.Run(url, func(t *testing.T) {
			s := standIn(t)
			q, err := sqs.Open(url)
			if want.queue == "" {
				if err == nil {
					t.Fatalf("took it as %v", q)
				}
				if strings.Contains(err.Error(), "key") || !strings.Contains(err.Error(), "write sqs://NAME") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(q); got != want.name {
				t.Errorf("it calls itself %s, want %s", got, want.name)
			}
			for range 2 {
				if err := q.Handle(t.Context(), destinationtest.Label(t)); err != nil {
					t.Fatal(err)
				}
			}
			calls, queue := []string{"SendMessage", "SendMessage"}, want.queue
			if want.queue == "by name" { // looked up once
				calls, queue = append([]string{"GetQueueUrl"}, calls...), "https://sqs.eu-west-1.amazonaws.com/123456789012/labels"
			}
			if !slices.Equal(s.Calls(), calls) || s.sent[1].QueueUrl != queue {
				t.Errorf("called %q for %s, want %q for %s", s.Calls(), s.sent[1].QueueUrl, calls, queue)
			}
		})
	}
}

func TestTheRegionIsTheQueues(t *testing.T) {
	var authorization string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization = r.Header.Get("Authorization")
		w.WriteHeader(400)
	}))
	defer server.Close()
	moto.Use(t, server.URL)
	for queue, region := range map[string]string{
		"sqs://sqs.us-east-2.amazonaws.com/123456789012/labels":                       "us-east-2",
		"arn:aws:sqs:us-east-2:123456789012:labels":                                   "us-east-2",
		"https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/labels":            "us-gov-west-1",
		"https://sqs.eusc-de-east-1.amazonaws.eu/123456789012/labels":                 "eusc-de-east-1",
		"https://sqs.us-east-2.api.aws/123456789012/labels":                           "us-east-2",
		"https://vpce-0a1b-2c3d.sqs.us-east-2.vpce.amazonaws.com/123456789012/labels": "us-east-2",
		"https://us-east-2.queue.amazonaws.com/123456789012/labels":                   "us-east-2",
		"https://queue.amazonaws.com/123456789012/labels":                             "us-east-1",
		"https://sqs.us-east-2.example.com/123456789012/labels":                       moto.Region,
		"labels": moto.Region,
	} {
		open(t, "sqs://"+strings.TrimPrefix(queue, "sqs://")).Handle(t.Context(), destinationtest.Label(t))
		if !strings.Contains(authorization, "/"+region+"/sqs/aws4_request") {
			t.Errorf("%s: signed for %s, want %s", queue, authorization, region)
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
	if err := open(t, "sqs://labels").Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
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
		if err := open(t, "sqs://labels").Handle(t.Context(), destinationtest.New("delivery", "LABEL_CREATED", []byte(body))); err != nil {
			t.Fatal(err)
		}
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
		if err := open(t, "sqs://labels.fifo").Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
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
	if err != nil {
		t.Fatal(err)
	}
	q.(destination.Overflower).OverflowTo(bucket)
	if err := q.Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if got := s.sent[0]; got.MessageBody != `{"dataref":"`+bucket.Locate(d)+`"}` || got.MessageAttributes["ce-dataref"].StringValue != bucket.Locate(d) || len(got.MessageAttributes) > 10 {
		t.Errorf("sent %s with %q", got.MessageBody, got.MessageAttributes)
	}
}

// sized is a delivery whose message, body and attributes, has exactly n bytes.
func sized(t testing.TB, n int) *core.Delivery {
	s := standIn(t)
	d := destinationtest.New("delivery", "LABEL_CREATED", []byte("{}"))
	if err := open(t, "sqs://labels").Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
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
