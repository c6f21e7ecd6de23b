package sqs_test

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	q, err := sqs.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// service stands for SQS where moto is not: one queue, which takes messages or
// answers with an error.
type service struct {
	mu      sync.Mutex
	calls   []string
	sent    []message
	failing failure // for the next calls
}

type failure struct {
	times         int // how often; 0 means never
	status        int
	code, message string
}

type message struct {
	QueueUrl, MessageBody                  string
	MessageGroupId, MessageDeduplicationId *string
	MessageAttributes                      map[string]struct{ DataType, StringValue string }
}

// attributes are the values alone.
func (m message) attributes() map[string]string {
	values := map[string]string{}
	for name, a := range m.MessageAttributes {
		values[name] = a.StringValue
	}
	return values
}

// size is the length as SQS counts it.
func (m message) size() int {
	n := len(m.MessageBody)
	for name, a := range m.MessageAttributes {
		n += len(name) + len(a.DataType) + len(a.StringValue)
	}
	return n
}

// standIn starts a service and makes it the AWS of the test.
func standIn(t testing.TB) *service {
	s := new(service)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	moto.Use(t, server.URL)
	return s
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
	s.calls = append(s.calls, call)
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if s.failing.times > 0 {
		s.failing.times--
		w.WriteHeader(s.failing.status)
		json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + s.failing.code, "message": s.failing.message})
		return
	}
	var m message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		w.WriteHeader(400)
		return
	}
	switch call {
	case "GetQueueUrl":
		fmt.Fprintf(w, `{"QueueUrl":"https://sqs.eu-west-1.amazonaws.com/123456789012/labels"}`)
	case "SendMessage":
		s.sent = append(s.sent, m)
		sum := md5.Sum([]byte(m.MessageBody))
		fmt.Fprintf(w, `{"MessageId":"1","MD5OfMessageBody":"%s"}`, hex.EncodeToString(sum[:]))
	default:
		w.WriteHeader(404)
	}
}
