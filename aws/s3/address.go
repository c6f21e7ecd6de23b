package s3

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core/destination"
)

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (destination.Objects, error) {
	_, rest, _ := strings.Cut(url, ":")
	bucket, path, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if strings.HasPrefix(bucket, "arn:") {
		arn, err := sdk.ParseARN(bucket, "s3")
		if err != nil {
			return destination.Objects{}, fmt.Errorf("%w; %s", err, forms)
		}
		if bucket = arn.Resource; arn.Region != "" {
			bucket = "" // an access point's
		}
	}
	if !isBucket(bucket) {
		return destination.Objects{}, errors.New("this names no bucket; " + forms)
	}
	if strings.Contains(path, "*") || strings.Contains(path, "${") {
		return destination.Objects{}, errors.New("the prefix is a pattern, or has a variable in it, which is not replaced here; write it in full")
	}
	return destination.NewObjects("s3", bucket, path)
}

const forms = "write s3://BUCKET/PREFIX, where BUCKET is 3 to 63 small letters, digits, dots and dashes, or arn:aws:s3:::BUCKET/PREFIX"

func isBucket(name string) bool {
	return len(name) >= 3 && sdk.IsName(name, 63, ".-") && name == strings.ToLower(name) && name == strings.Trim(name, ".-") &&
		!strings.Contains(name, "..") && net.ParseIP(name) == nil
}
