package eventbridge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func open(t testing.TB, url string) *eventbridge.Bus {
	t.Helper()
	h, err := eventbridge.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h.(*eventbridge.Bus)
}

// service stands for EventBridge where moto is not.
type service struct {
	mu      sync.Mutex
	calls   []string
	entries []entry
	fail    map[string]failure // by call; "entry" fails one entry of a call that succeeds
}

type failure struct {
	times         int // how often; 0 means never
	status        int
	code, message string
}

type entry struct {
	EventBusName, Source, DetailType, Detail string
	Resources                                []string
	Time                                     *float64
}

// size is what EventBridge's documentation counts.
func (e entry) size() int {
	n := len(e.Source) + len(e.DetailType) + len(e.Detail)
	if e.Time != nil {
		n += 14
	}
	for _, r := range e.Resources {
		n += len(r)
	}
	return n
}

// standIn starts a service and makes it the AWS of the test.
func standIn(t testing.TB) *service {
	s := &service{fail: map[string]failure{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	moto.Use(t, server.URL)
	return s
}

// failing reports whether the call is to fail this time.
func (s *service) failing(call string) (failure, bool) {
	f := s.fail[call]
	if f.times == 0 {
		return f, false
	}
	s.fail[call] = failure{f.times - 1, f.status, f.code, f.message}
	return f, true
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSEvents.")
	s.calls = append(s.calls, call)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if f, failing := s.failing(call); failing {
		w.WriteHeader(f.status)
		json.NewEncoder(w).Encode(map[string]string{"__type": f.code, "message": f.message})
		return
	}
	if call == "DescribeEventBus" {
		fmt.Fprint(w, `{"Name":"labels"}`)
		return
	}
	if f, failing := s.failing("entry"); failing {
		json.NewEncoder(w).Encode(map[string]any{"FailedEntryCount": 1,
			"Entries": []map[string]string{{"ErrorCode": f.code, "ErrorMessage": f.message}}})
		return
	}
	if _, failing := s.failing("answer"); failing {
		fmt.Fprint(w, `{"FailedEntryCount":1,"Entries":[]}`)
		return
	}
	var request struct{ Entries []entry }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		w.WriteHeader(400)
		return
	}
	s.entries = append(s.entries, request.Entries...)
	fmt.Fprint(w, `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`)
}
