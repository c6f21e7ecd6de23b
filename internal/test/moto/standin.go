package moto

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

// StandIn stands for one of AWS's services where a test must say what that
// answers, which moto does not.
type StandIn struct {
	mu     sync.Mutex
	calls  []string
	fail   map[string]Failure
	answer func(w http.ResponseWriter, r *http.Request, call string, body []byte)
}

// Failure is what the next calls are answered.
type Failure struct {
	Times         int // how often; 0 means never
	Status        int
	Code, Message string
}

// NewStandIn starts a service that ends with the test, and makes it the AWS of
// the test. Its calls, named by the action or else the HTTP method, are answered
// one after the other.
func NewStandIn(t testing.TB, answer func(w http.ResponseWriter, r *http.Request, call string, body []byte)) *StandIn {
	s := &StandIn{fail: map[string]Failure{}, answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	Use(t, server.URL)
	return s
}

// Calls returns the names of the calls until now.
func (s *StandIn) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Fail makes the next calls of that name fail.
func (s *StandIn) Fail(call string, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail[call] = f
}

// Failing reports whether the call is to fail this time. An answer asks it for
// failures of its own.
func (s *StandIn) Failing(call string) (Failure, bool) {
	f := s.fail[call]
	if f.Times == 0 {
		return f, false
	}
	f.Times--
	s.fail[call] = f
	return f, true
}

func (s *StandIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	_, call, isJSON := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if !isJSON {
		call = r.Method
		w.Header().Set("Content-Type", "application/xml")
	}
	s.calls = append(s.calls, call)
	f, failing := s.Failing(call)
	switch {
	case !failing:
		s.answer(w, r, call, body)
	case isJSON:
		w.WriteHeader(f.Status)
		json.NewEncoder(w).Encode(map[string]string{"__type": f.Code, "message": f.Message})
	default:
		w.WriteHeader(f.Status)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", f.Code, f.Message)
	}
}

// Refusal is a failure, and what a destination makes of it.
type Refusal struct {
	Call   string
	Status int
	Code   string
	Calls  int    // until it gives up
	Says   string // what to do
}

// CheckRefusals has a destination refused in every way. Each is a failure for
// now, one that is tried again and passes is not seen, and the delivery is taken
// once AWS is itself again.
func CheckRefusals(t *testing.T, open func(testing.TB) (*StandIn, core.Handler), refusals []Refusal) {
	for _, r := range refusals {
		t.Run(r.Call+" "+r.Code, func(t *testing.T) {
			s, h := open(t)
			s.Fail(r.Call, Failure{9, r.Status, r.Code, "what AWS says\nin two lines."})
			err := h.Handle(t.Context(), destinationtest.Label(t))
			destinationtest.CheckForNow(t, h, err, r.Says)
			if r.Code != "" && !strings.HasPrefix(err.Error(), fmt.Sprintf("%s: %s: what AWS says in two lines", h, r.Code)) {
				t.Errorf("got %v", err)
			}
			if got := s.Calls(); len(got) != r.Calls {
				t.Errorf("called %q, want %d", got, r.Calls)
			}
			s.Fail(r.Call, Failure{})
			if r.Calls >= 3 {
				s.Fail(r.Call, Failure{2, r.Status, r.Code, ""})
			}
			if err := h.Handle(t.Context(), destinationtest.Label(t)); err != nil {
				t.Errorf("sent again: %v", err)
			}
		})
	}
}
