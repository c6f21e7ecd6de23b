package gcs

import (
	"errors"
	"regexp"
	"strings"

	"github.com/labelhook/labelhook/core/destination"
)

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (destination.Objects, error) {
	_, rest, _ := strings.Cut(url, ":")
	bucket, path, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if !bucketName.MatchString(bucket) {
		return destination.Objects{}, errors.New("this names no bucket; write gs://BUCKET/PREFIX, where BUCKET is small letters, digits, dots, dashes and underscores")
	}
	return destination.NewObjects("gs", bucket, path)
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)
