package eventbridge

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestURLs(t *testing.T) {
	const arn, china = "arn:aws:events:us-east-2:123456789012:event-bus/labels", "arn:aws-cn:events:cn-north-1:123456789012:event-bus/labels"
	for url, want := range map[string]address{
		"eventbridge://default":   {bus: "default"},
		"eventbridge:labels":      {bus: "labels"},
		"EventBridge://a.b/c_d-e": {bus: "a.b/c_d-e"},
		"eventbridge://" + arn:    {arn, "us-east-2"},
		"eventbridge://" + china:  {china, "cn-north-1"},
	} {
		if got, err := parse(url); err != nil || got != want {
			t.Errorf("%s is %+v, %v", url, got, err)
		}
	}
	destinationtest.CheckRefused(t, Open, "write eventbridge://NAME",
		"", "eventbridge", "eventbridge://", "eventbridge:///key", "eventbridge://key/", "eventbridge://key//key", "eventbridge://labels?key=value",
		"eventbridge://la bels", "eventbridge://"+strings.Repeat("key", 100),
		"eventbridge://arn:aws:sqs:us-east-2:123456789012:key", "eventbridge://arn:aws:sqs:us-east-2:123456789012:event-bus/key",
		"eventbridge://arn:other:events:us-east-2:123456789012:event-bus/key", "eventbridge://arn:aws:events:cn-north-1:123456789012:event-bus/key",
		"eventbridge://arn:aws-cn:events:us-east-2:123456789012:event-bus/key", "eventbridge://urn:aws:events:us-east-2:123456789012:event-bus/key",
		"eventbridge://arn:aws:events:us-east-2:123456789012:rule/key", "eventbridge://arn:aws:events:us-east-2:123456789012:event-bus/",
		"eventbridge://arn:aws:events:us-east-2:12345678901:event-bus/key", "eventbridge://arn:aws:events:us-east-2:12345678901k:event-bus/key",
		"eventbridge://arn:aws:events::123456789012:event-bus/key", "eventbridge://arn:aws:events:us.east:123456789012:event-bus/key",
		"eventbridge://arn:aws:events:us-east-2:123456789012:event-bus/a:key", "eventbridge://arn:aws:events:us-east-2:123456789012:event-bus/key/",
		"eventbridge://arn:aws:events:us-east-2a:123456789012:event-bus/key")
}
