package aws

import (
	"context"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/worker"
)

// FuzzMessages checks that an event brings messages or an error, and each message a
// delivery or an error.
func FuzzMessages(f *testing.F) {
	for _, event := range []string{
		`{"Records":[{"messageId":"1","body":"{}","eventSource":"aws:sqs","messageAttributes":{"ce-type":{"stringValue":"com.labelbox.unknown"}}}]}`,
		`{"Records":[{"messageId":"1","body":"{\"Records\":[{\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}","eventSource":"aws:sqs"}]}`,
		`{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a+b%"}}}]}`,
		`{"id":"1","detail-type":"com.labelbox.label.created","source":"labelbox","resources":["labelboxkey=1"],"detail":{"a":1}}`,
		`{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}`,
		`{"Event":"s3:TestEvent"}`, `{}`, `[]`, `{"Records":null}`,
	} {
		f.Add([]byte(event))
	}
	w := &worker.Worker{Receiver: &core.Receiver{}}
	f.Fuzz(func(t *testing.T, event []byte) {
		m, err := decodeMessages(context.Background(), w, event)
		if err != nil {
			return
		}
		for _, item := range m.items {
			for _, part := range item.parts {
				if d, err := w.Read(context.Background(), part); (d == nil) == (err == nil) {
					t.Errorf("%q is %v, %v", event, d, err)
				}
			}
		}
	})
}
