package s3

import (
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestURLs(t *testing.T) {
	d := destinationtest.Label(t)
	for url, want := range map[string][2]string{ // what it calls itself, and where it keeps a delivery
		"s3://labels":                      {"s3://labels", "s3://labels/"},
		"s3:labels":                        {"s3://labels", "s3://labels/"},
		"S3://labels/":                     {"s3://labels", "s3://labels/"},
		"s3://labels/raw":                  {"s3://labels/raw", "s3://labels/raw/"},
		"s3://labels/raw/":                 {"s3://labels/raw", "s3://labels/raw/"},
		"s3://my.bucket-1/a/b=c/d":         {"s3://my.bucket-1/a/b=c/d", "s3://my.bucket-1/a/b=c/d/"},
		"s3://labels/é?#%/b+":              {"s3://labels/é?#%/b+", "s3://labels/%C3%A9%3F%23%25/b+/"},
		"s3://arn:aws:s3:::labels":         {"s3://labels", "s3://labels/"},
		"s3://arn:aws-cn:s3:::labels/raw/": {"s3://labels/raw", "s3://labels/raw/"},
	} {
		got, err := parse(url)
		if err != nil || got.String() != want[0] || got.Locate(d) != want[1]+d.ObjectName() {
			t.Errorf("%s is %s, %v, and keeps a delivery at %s", url, got, err, got.Locate(d))
		}
	}
	destinationtest.CheckRefused(t, Open, "",
		"", "s3", "s3://", "s3:///prefix", "s3://ab", "s3://Labels", "s3://key@labels", "s3://labels:80", "s3://-labels", "s3://la..bels", "s3://192.168.5.4",
		"s3://"+strings.Repeat("b", 64), "s3://labels/"+strings.Repeat("key/", 201), "s3://labels/${PREFIX}",
		"s3://arn:aws:s3:::labels/*", "s3://arn:aws:s3:::Labels", "s3://arn:aws:s3::labels", "s3://arn:other:s3:::labels",
		"s3://arn:aws:s3:us-east-1:123456789012:accesspoint/key", "s3://arn:aws:sqs:us-east-1:123456789012:labels")
}
