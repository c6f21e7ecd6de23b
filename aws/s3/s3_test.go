package s3_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func TestURLs(t *testing.T) {
	for url, want := range map[string]struct{ name, path string }{ // path "" if refused
		"s3://labels":                      {"s3://labels", "/labels/"},
		"s3:labels":                        {"s3://labels", "/labels/"},
		"S3://labels/":                     {"s3://labels", "/labels/"},
		"s3://labels/raw":                  {"s3://labels/raw", "/labels/raw/"},
		"s3://labels/raw/":                 {"s3://labels/raw", "/labels/raw/"},
		"s3://my.bucket-1/a/b=c/d":         {"s3://my.bucket-1/a/b=c/d", "/my.bucket-1/a/b=c/d/"},
		"s3://labels/é+%":                  {"s3://labels/é+%", "/labels/é+%/"},
		"s3://arn:aws:s3:::labels":         {"s3://labels", "/labels/"},
		"s3://arn:aws-cn:s3:::labels/raw/": {"s3://labels/raw", "/labels/raw/"},
		"s3://arn:aws:s3:::Labels":         {},
		"s3://arn:aws:s3::labels":          {},
		"s3://arn:other:s3:::labels":       {},
		"s3://arn:aws:s3:us-east-1:123456789012:accesspoint/key": {},
		"s3://arn:aws:sqs:us-east-1:123456789012:labels":         {},
		"s3://":                           {},
		"s3":                              {},
		"":                                {},
		"s3:///prefix":                    {},
		"s3://ab":                         {},
		"s3://Labels":                     {},
		"s3://key@labels":                 {},
		"s3://labels:80":                  {},
		"s3://-labels":                    {},
		"s3://la..bels":                   {},
		"s3://192.168.5.4":                {},
		"s3://arn:aws:s3:::labels/*":      {},
		"s3://labels/${PREFIX}":           {},
		"s3://" + strings.Repeat("b", 64): {},
		"s3://labels/" + strings.Repeat("key/", 201): {},
	} {
		t.Run(url, func(t *testing.T) {
			s := standIn(t)
			h, err := s3.Open(url)
			if want.path == "" {
				if err == nil {
					t.Fatalf("took it as %v", h)
				}
				if strings.Contains(err.Error(), "key") {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			b := h.(*s3.Bucket)
			if b.String() != want.name {
				t.Errorf("it calls itself %s, want %s", b, want.name)
			}
			if err := b.Handle(t.Context(), destinationtest.Label(t)); err != nil {
				t.Fatal(err)
			}
			if got := slices.Collect(maps.Keys(s.objects)); len(got) != 1 || got[0] != want.path+destinationtest.Label(t).ObjectName() {
				t.Errorf("the object is at %q, want it under %s", got, want.path)
			}
		})
	}
}

func TestLocateIsTheObjectsURI(t *testing.T) {
	for prefix, want := range map[string]string{
		"s3://labels":         "s3://labels/",
		"s3://labels/raw/":    "s3://labels/raw/",
		"s3://labels/é?#%/b+": "s3://labels/%C3%A9%3F%23%25/b+/",
	} {
		var b destination.Bucket = open(t, prefix)
		got := b.Locate(destinationtest.Label(t))
		if got != want+destinationtest.Label(t).ObjectName() {
			t.Errorf("%s: %s", prefix, got)
		}
		if u, err := url.Parse(got); err != nil || u.Scheme != "s3" || u.Host != "labels" {
			t.Errorf("%s: %s is no URI: %v", prefix, got, err)
		}
	}
}

func TestMetadataStaysWithinTwoKilobytes(t *testing.T) {
	s := standIn(t)
	d := destinationtest.Label(t)
	d.ID = strings.Repeat("i", 3000)
	d.ContentType = "text/plain; charset=utf-8"
	if err := open(t, "s3://labels").Handle(t.Context(), d); err != nil {
		t.Fatal(err)
	}
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
