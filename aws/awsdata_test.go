package aws

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// requests are the events among aws-lambda-go's test data that are HTTP
// requests. All others there must be refused.
var requests = map[string]format{
	"alb-lambda-target-request-headers-only.json":       alb,
	"alb-lambda-target-request-multivalue-headers.json": albMulti,
	"apigw-request.json":                                http1,
	"apigw-restapi-openapi-request.json":                http1,
	"apigw-v2-request-iam.json":                         http2,
	"apigw-v2-request-jwt-authorizer.json":              http2,
	"apigw-v2-request-lambda-authorizer.json":           http2,
	"apigw-v2-request-no-authorizer.json":               http2,
	"lambda-urls-request.json":                          http2,
}

func TestEventsOfAWSsOwnTestData(t *testing.T) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go")
	dir, err := list.Output()
	if err != nil {
		t.Fatalf("%v: %v", list, err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(dir)), "events", "testdata", "*.json"))
	if err != nil || len(files) < 50 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	found := 0
	for _, file := range files {
		payload, err := os.ReadFile(file)
		required.NoError(t, err)
		name := filepath.Base(file)
		e, err := decode(payload)
		format, isRequest := requests[name]
		var wrong *EventError
		switch {
		case isRequest && err != nil:
			t.Errorf("%s: %v", name, err)
		case isRequest:
			found++
			o, err := consult(payload)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if what, got, want := o.disagreement(e); what != "" {
				t.Errorf("%s: %s is %q, want %q", name, what, got, want)
			}
			if e.format != format || e.request.BodyError != nil {
				t.Errorf("%s: format %d, want %d, %v", name, e.format, format, e.request.BodyError)
			}
		case !errors.As(err, &wrong):
			t.Errorf("%s: taken for a request of format %d", name, e.format)
		default:
			t.Logf("%s: %s", name, wrong.Came)
		}
	}
	if found != len(requests) {
		t.Errorf("%d of %d requests found", found, len(requests))
	}
}
