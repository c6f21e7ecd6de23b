package sqs_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	q, err := sqs.Open(url)
	required.NoError(t, err)
	return q
}

// service stands for SQS where moto is not: one queue.
type service struct {
	*moto.StandIn
	sent []message
}

type message struct {
	QueueUrl, MessageBody                  string
	MessageGroupId, MessageDeduplicationId *string
	MessageAttributes                      map[string]struct{ DataType, StringValue string }
	authorization                          string
}

// size is the length as SQS counts it.
func (m message) size() int {
	n := len(m.MessageBody)
	for name, a := range m.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue)
	}
	return n
}

func standIn(t testing.TB) *service {
	s := new(service)
	s.StandIn = moto.NewStandIn(t, func(w http.ResponseWriter, r *http.Request, call string, body []byte) {
		if call == "GetQueueUrl" {
			fmt.Fprintf(w, `{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/labels"}`)
			return
		}
		var m message
		if err := json.Unmarshal(body, &m); err != nil || call != "SendMessage" {
			t.Errorf("%s %s: %v", call, body, err)
		}
		m.authorization = r.Header.Get("Authorization")
		s.sent = append(s.sent, m)
		sum := md5.Sum([]byte(m.MessageBody))
		fmt.Fprintf(w, `{"MessageId":"1","MD5OfMessageBody":"%s"}`, hex.EncodeToString(sum[:]))
	})
	return s
}
