package gcs

import (
	"errors"
	"fmt"
	"mime"
	neturl "net/url"
	"regexp"
	"strings"

	"github.com/labelhook/labelhook/core"
)

// address is where a destination's URL points to.
type address struct {
	bucket string
	prefix string // "" or ending in a slash
}

// parse reads the URL of a destination. Its error does not repeat it.
func parse(url string) (address, error) {
	_, rest, _ := strings.Cut(url, ":")
	bucket, prefix, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if !bucketName.MatchString(bucket) {
		return address{}, errors.New("this names no bucket; write gs://BUCKET/PREFIX, where BUCKET is small letters, digits, dots, dashes and underscores")
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	if len(prefix) > maxPrefix {
		return address{}, fmt.Errorf("the prefix has %d bytes, and an object's name has no room for more than %d", len(prefix), maxPrefix)
	}
	return address{bucket, prefix}, nil
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$`)

// maxPrefix leaves room for [core.Delivery.ObjectName] in the 1,024 bytes of an
// object's name.
const maxPrefix = 800

// String returns the URL.
func (a address) String() string { return strings.TrimSuffix("gs://"+a.bucket+"/"+a.prefix, "/") }

// Locate implements [destination.Bucket] with a gs: URI.
func (a address) Locate(d *core.Delivery) string {
	return (&neturl.URL{Scheme: "gs", Host: a.bucket, Path: "/" + a.object(d)}).String()
}

func (a address) object(d *core.Delivery) string { return a.prefix + d.ObjectName() }

// maxMetadata is the limit of names and values together, in bytes
// (https://cloud.google.com/storage/quotas#objects).
const maxMetadata = 8 << 10

// describe puts the delivery's attributes where an object has room for them.
// What does not fit is left out, and so is a content type that is none: Storage
// would refuse the object for it.
func describe(d *core.Delivery) (contentType string, metadata map[string]string) {
	contentType, metadata = "application/octet-stream", map[string]string{}
	room := maxMetadata
	for _, a := range d.Attributes() {
		name, value := "ce-"+a.Name, strings.ToValidUTF8(a.Value, "\ufffd")
		if a.Name == "datacontenttype" {
			if _, _, err := mime.ParseMediaType(a.Value); err == nil && printable.MatchString(a.Value) {
				contentType = a.Value
			}
			continue
		}
		if size := len(name) + len(value); size <= room {
			room -= size
			metadata[name] = value
		}
	}
	return contentType, metadata
}

// printable is what a header field may hold unencoded.
var printable = regexp.MustCompile(`^[ -~]+$`)
