package s3_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func open(t testing.TB, url string) *s3.Bucket {
	t.Helper()
	h, err := s3.Open(url)
	if err != nil {
		t.Fatal(err)
	}
	return h.(*s3.Bucket)
}

// store stands for S3 where moto is not.
type store struct {
	mu      sync.Mutex
	calls   int
	objects map[string]object // by path
	failing failure           // for the next calls
}

type object struct {
	body   string
	header http.Header
}

type failure struct {
	times         int // how often; 0 means never
	status        int
	code, message string
}

// standIn starts a store and makes it the AWS of the test.
func standIn(t testing.TB) *store {
	s := &store{objects: map[string]object{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	moto.Use(t, server.URL)
	return s
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	body, err := io.ReadAll(r.Body)
	_, exists := s.objects[r.URL.Path]
	switch {
	case err != nil:
	case s.failing.times > 0:
		s.failing.times--
		fail(w, s.failing.status, s.failing.code, s.failing.message)
	case r.Method != "PUT" || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked"):
		fail(w, 501, "NotImplemented", "the stand-in only takes plain bodies")
	case r.Header.Get("If-None-Match") == "*" && exists:
		fail(w, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	default:
		s.objects[r.URL.Path] = object{string(body), r.Header}
	}
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}
