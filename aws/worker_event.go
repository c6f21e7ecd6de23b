package aws

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/aws/internal/message"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/worker"
)

// messages are what an event brings.
type messages struct {
	items []item
	batch bool // of a queue, which is told of each
}

// item is done with when all its parts are: a bucket may name several objects in one
// message.
type item struct {
	id    string
	parts []worker.Message
}

// sourceEvent is all that a worker reads of the events of
// SQS (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html),
// S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html) and
// EventBridge (https://docs.aws.amazon.com/eventbridge/latest/ref/overview-event-structure.html).
type sourceEvent struct {
	Records []record

	ID         string         `json:"id"`
	DetailType string         `json:"detail-type"`
	Source     string         `json:"source"`
	Resources  []string       `json:"resources"`
	Detail     jsontext.Value `json:"detail"`

	Event string // s3:TestEvent, which a bucket sends when its notifications are set up
}

type record struct {
	EventSource string `json:"eventSource"`
	EventName   string `json:"eventName"`

	MessageID  string `json:"messageId"`
	Body       string `json:"body"`
	Attributes struct {
		MessageGroupID string `json:"MessageGroupId"`
	} `json:"attributes"`
	MessageAttributes map[string]struct {
		StringValue string `json:"stringValue"`
	} `json:"messageAttributes"`

	S3 stored `json:"s3"`
}

type stored struct {
	Bucket struct {
		Name string `json:"name"`
	} `json:"bucket"`
	Object struct {
		Key string `json:"key"`
	} `json:"object"`
}

// lenient takes what AWS's own producers may write: a name twice, bytes that are no
// UTF-8. A delivery's own bytes are in strings, or in detail as it stands.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

func decodeMessages(ctx context.Context, w *worker.Worker, payload []byte) (messages, error) {
	var e sourceEvent
	if err := json.Unmarshal(payload, &e, lenient); err != nil {
		return messages{}, notForWorkers(payload)
	}
	if len(e.Records) > 0 && e.Records[0].EventSource == "aws:sqs" {
		m := messages{batch: true}
		for _, r := range e.Records {
			m.items = append(m.items, item{r.MessageID, r.parts(ctx, w)})
		}
		return m, nil
	}
	parts, ok := e.parts(ctx, w, "")
	if !ok {
		return messages{}, notForWorkers(payload)
	}
	var m messages
	for _, p := range parts {
		m.items = append(m.items, item{p.ID, []worker.Message{p}})
	}
	return m, nil
}

// notForWorkers says what came instead.
func notForWorkers(payload []byte) error {
	came := "an HTTP request"
	var foreign *EventError
	if _, err := decode(payload); errors.As(err, &foreign) {
		came = foreign.Came
	}
	return fmt.Errorf("this function takes messages of SQS, EventBridge and S3, but this event is %s; HTTP requests are for the receiver", came)
}

// parts are those of a message of SQS. One without the attributes of a delivery may
// hold what a bus or a bucket has sent there.
func (r record) parts(ctx context.Context, w *worker.Worker) []worker.Message {
	attributes := map[string]string{}
	for name, value := range r.MessageAttributes {
		attributes[name] = value.StringValue
	}
	if attributes[message.Prefix+"type"] == "" {
		var inner sourceEvent
		if json.Unmarshal([]byte(r.Body), &inner, lenient) == nil {
			if parts, ok := inner.parts(ctx, w, r.Attributes.MessageGroupID); ok {
				return parts
			}
		}
	}
	return []worker.Message{{ID: r.MessageID, Group: r.Attributes.MessageGroupID, Read: func(fetch destination.Fetch) (*core.Delivery, error) {
		return message.FromSQS(attributes, r.Body, fetch)
	}}}
}

// parts are those of an event that came by itself. It reports whether it is one.
func (e sourceEvent) parts(ctx context.Context, w *worker.Worker, group string) (parts []worker.Message, ok bool) {
	switch {
	case e.Event == "s3:TestEvent":
		return nil, true
	case e.DetailType == "Object Created" && e.Source == "aws.s3":
		var s stored
		if err := json.Unmarshal(e.Detail, &s, lenient); err != nil {
			return nil, false
		}
		return []worker.Message{{ID: e.ID, Group: group, Read: w.Object(ctx, s.uri())}}, true
	case e.DetailType != "" && e.Detail != nil:
		return []worker.Message{{ID: e.ID, Group: group, Read: func(fetch destination.Fetch) (*core.Delivery, error) {
			return message.FromEventBridge(e.DetailType, e.Resources, e.Detail, fetch)
		}}}, true
	}
	for i, r := range e.Records {
		if r.EventSource != "aws:s3" {
			return nil, false
		}
		id := fmt.Sprintf("object %d", i+1)
		if !strings.HasPrefix(r.EventName, "ObjectCreated:") {
			parts = append(parts, worker.Message{ID: id, Group: group, Read: func(destination.Fetch) (*core.Delivery, error) {
				return nil, fmt.Errorf("%w: the bucket says %q; have it notify of s3:ObjectCreated:* alone", core.ErrForeign, r.EventName)
			}})
			continue
		}
		if key, err := url.QueryUnescape(r.S3.Object.Key); err == nil { // only here the key is written so
			r.S3.Object.Key = key
		}
		parts = append(parts, worker.Message{ID: id, Group: group, Read: w.Object(ctx, r.S3.uri())})
	}
	return parts, len(parts) > 0
}

func (s stored) uri() string {
	return (&url.URL{Scheme: "s3", Host: s.Bucket.Name, Path: "/" + s.Object.Key}).String()
}
