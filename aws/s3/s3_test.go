package s3_test

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestMetadataStaysWithinTwoKilobytes(t *testing.T) {
	s := standIn(t)
	d := destinationtest.Label(t)
	d.ID = strings.Repeat("i", 3000)
	d.ContentType = "text/plain; charset=utf-8"
	required.NoError(t, open(t, "s3://labels").Handle(t.Context(), d))
	got := s.objects["/labels/"+d.ObjectName()]
	size := 0
	for name, values := range got {
		if short, found := strings.CutPrefix(name, "X-Amz-Meta-"); found {
			size += len(short) + len(values[0])
		}
	}
	if size > 2048 || got.Get("X-Amz-Meta-Ce-Id") != "" || got.Get("X-Amz-Meta-Ce-Labelboxkey") != d.Key() || got.Get("Content-Type") != d.ContentType {
		t.Errorf("%d bytes of metadata: %q", size, got)
	}
}

func TestFailuresAreForNowAndSayWhatToDo(t *testing.T) {
	moto.CheckRefusals(t, func(t testing.TB) (*moto.StandIn, core.Handler) {
		return standIn(t).StandIn, open(t, "s3://labels/raw")
	}, []moto.Refusal{
		{Call: "PUT", Status: 404, Code: "NoSuchBucket", Calls: 1, Says: "create the bucket"},
		{Call: "PUT", Status: 403, Code: "AccessDenied", Calls: 1, Says: "allow this process s3:PutObject"},
		{Call: "PUT", Status: 400, Code: "AuthorizationHeaderMalformed", Calls: 1, Says: "in the region of this process"},
		{Call: "PUT", Status: 301, Code: "PermanentRedirect", Calls: 1, Says: "in the region of this process"},
		{Call: "PUT", Status: 403, Code: "InvalidAccessKeyId", Calls: 1, Says: "valid AWS credentials"},
		{Call: "PUT", Status: 409, Code: "ConditionalRequestConflict", Calls: 1}, // another delivery of the same is on its way
		{Call: "PUT", Status: 503, Code: "SlowDown", Calls: 3},
		{Call: "PUT", Status: 500, Code: "InternalError", Calls: 3},
	})
}
