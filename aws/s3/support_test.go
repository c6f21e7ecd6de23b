package s3_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func open(t testing.TB, url string) core.Handler {
	t.Helper()
	h, err := s3.Open(url)
	required.NoError(t, err)
	return h
}

// store stands for S3 where moto is not.
type store struct {
	*moto.StandIn
	objects map[string]http.Header // by path
}

func standIn(t testing.TB) *store {
	s := &store{objects: map[string]http.Header{}}
	s.StandIn = moto.NewStandIn(t, func(_ http.ResponseWriter, r *http.Request, _ string, body []byte) {
		if r.Method != "PUT" || r.Header.Get("If-None-Match") != "*" || strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
			t.Errorf("%s %v", r.Method, r.Header)
		}
		s.objects[r.URL.Path] = r.Header
	})
	return s
}
