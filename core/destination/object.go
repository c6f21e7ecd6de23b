package destination

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/labelhook/labelhook/core"
)

// Metadata is what a bucket's object says about the delivery: its attributes,
// each name with the prefix, each value percent-encoded, so that it is printable
// ASCII and reads back exactly. Attributes for which there is no room, counted in
// bytes of names and values, are left out: they come from headers, which may be
// of any length.
func Metadata(d *core.Delivery, prefix string, room int) map[string]string {
	metadata := map[string]string{}
	for _, a := range d.Attributes() {
		name, value := prefix+a.Name, percentEncode(a.Value)
		if size := len(name) + len(value); size <= room {
			room -= size
			metadata[name] = value
		}
	}
	return metadata
}

// ContentType is the delivery's content type for a bucket's object, or that of
// plain bytes where the sender's is no media type: a bucket may refuse the object
// for it.
func ContentType(d *core.Delivery) string {
	for _, a := range d.Attributes() {
		if a.Name != "datacontenttype" || strings.ContainsFunc(a.Value, func(r rune) bool { return r < ' ' || r > '~' }) {
			continue
		}
		if _, _, err := mime.ParseMediaType(a.Value); err == nil {
			return a.Value
		}
	}
	return "application/octet-stream"
}

// Object is what a bucket keeps of a delivery.
type Object struct {
	Attributes map[string]string // CloudEvents', by their names without a prefix
	Content    []byte
}

// NewObject makes it of an object's [Metadata] and content.
func NewObject(metadata map[string]string, prefix string, content []byte) Object {
	attributes := map[string]string{}
	for name, value := range metadata {
		if name, found := strings.CutPrefix(name, prefix); found {
			attributes[name] = percentDecode(value)
		}
	}
	return Object{attributes, content}
}

// Delivery makes the delivery again. See [core.FromAttributes].
func (o Object) Delivery() (*core.Delivery, error) {
	return FromMessage(o.Attributes, "", o.Content, nil)
}

// FromObject makes the delivery again of an object with [Metadata], for a reader of
// the bucket.
func FromObject(metadata map[string]string, prefix string, content []byte) (*core.Delivery, error) {
	return NewObject(metadata, prefix, content).Delivery()
}

// Reader is a [Bucket] that can be read too.
type Reader interface {
	// Has reports whether a URI is in the form of Locate and names an object of this
	// bucket, below its prefix.
	Has(uri string) bool
	// Get reads such an object. One of more than limit bytes is a
	// [core.ErrBodyTooLarge].
	Get(ctx context.Context, uri string, limit int) (Object, error)
}

// ReadContent reads an object's content as far as limit bytes, and closes it.
func ReadContent(content io.ReadCloser, limit int) ([]byte, error) {
	defer content.Close()
	body, err := io.ReadAll(io.LimitReader(content, int64(limit)+1))
	if err == nil && len(body) > limit {
		err = core.ErrBodyTooLarge
	}
	return body, err
}

// ParseObjectName reads event, time and key out of a name that ends as
// [core.Delivery.ObjectName] makes it; key is "" where it does not, and of a body in
// another form. The time is zero where the payload had none.
func ParseObjectName(name string) (event string, at time.Time, key string) {
	parts := strings.Split(name, "/")
	if len(parts) < 3 {
		return "", at, ""
	}
	parts = parts[len(parts)-3:]
	event, isEvent := strings.CutPrefix(parts[0], "event=")
	key, isJSON := strings.CutSuffix(parts[2], ".json")
	if stamp, rest, found := strings.Cut(key, "-"); found {
		at, _ = time.Parse("20060102T150405.000Z", stamp)
		key = rest
	}
	if !isEvent || !isJSON || len(key) != 32 || strings.Trim(key, "0123456789abcdef") != "" {
		return "", time.Time{}, ""
	}
	return event, at, key
}

// ObjectPrefix makes of the path of a bucket's URL what stands before
// [core.Delivery.ObjectName] in the names of objects: "", or a text that ends in
// a slash.
func ObjectPrefix(path string) (string, error) {
	const room = 800 // of the 1,024 bytes of a name
	prefix := strings.Trim(path, "/")
	if prefix != "" {
		prefix += "/"
	}
	if len(prefix) > room {
		return "", fmt.Errorf("the prefix has %d bytes, and an object's name has no room for more than %d", len(prefix), room)
	}
	return prefix, nil
}

// Objects are those of a bucket, or the part of one below a prefix, of a cloud
// whose URLs are SCHEME://BUCKET/NAME.
type Objects struct{ scheme, bucket, prefix string }

// NewObjects makes them of the parts of a destination's URL.
func NewObjects(scheme, bucket, path string) (Objects, error) {
	prefix, err := ObjectPrefix(path)
	return Objects{scheme, bucket, prefix}, err
}

// String returns the URL of all.
func (o Objects) String() string {
	return strings.TrimSuffix(o.scheme+"://"+o.bucket+"/"+o.prefix, "/")
}

// Object returns the bucket and the name of a delivery's object.
func (o Objects) Object(d *core.Delivery) (bucket, name string) {
	return o.bucket, o.prefix + d.ObjectName()
}

// Locate implements [Bucket] with the object's URL.
func (o Objects) Locate(d *core.Delivery) string {
	return (&url.URL{Scheme: o.scheme, Host: o.bucket, Path: "/" + o.prefix + d.ObjectName()}).String()
}

// Source is what the sources of such buckets share. It is a type of its own, so that
// a receiver, which only writes, does not link what reads.
type Source struct{ objects Objects }

// NewSource makes it of the bucket's objects.
func NewSource(o Objects) Source { return Source{o} }

// URI is that of the object of a name.
func (s Source) URI(name string) string {
	return (&url.URL{Scheme: s.objects.scheme, Host: s.objects.bucket, Path: "/" + name}).String()
}

// BucketName returns the bucket.
func (s Source) BucketName() string { return s.objects.bucket }

// Names returns the bucket, and what the names begin with of those objects whose
// names begin so below the prefix.
func (s Source) Names(begin string) (bucket, prefix string) {
	return s.objects.bucket, s.objects.prefix + begin
}

// Before returns a name directly before from below the prefix, nil if from is "":
// for services that list what is after a name.
func (s Source) Before(from string) *string {
	if from == "" {
		return nil
	}
	before := s.objects.prefix + from[:len(from)-1] + string(from[len(from)-1]-1) + "\U0010ffff"
	return &before
}

// Has implements [Reader].
func (s Source) Has(uri string) bool { return s.Name(uri) != "" }

// Name returns the name of the object that a URI of Locate's form names, "" of one
// that is not below the prefix in this bucket.
func (s Source) Name(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != s.objects.scheme || u.Host != s.objects.bucket || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return ""
	}
	name := strings.TrimPrefix(u.Path, "/")
	if !IsBelow(name, s.objects.prefix) {
		return ""
	}
	return name
}

// IsBelow reports whether a name is one below a prefix, without . and .. in it, which
// some on the way to a bucket follow.
func IsBelow(name, prefix string) bool {
	return strings.HasPrefix(name, prefix) && len(name) > len(prefix) && fs.ValidPath(name)
}
