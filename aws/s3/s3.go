// Package s3 keeps deliveries as objects of a bucket of Amazon S3.
//
// An object's name is the URL's prefix and [core.Delivery.ObjectName], its
// content the delivery's exact body, its content type the delivery's, and its
// user-defined metadata the other CloudEvents attributes, each with the prefix
// ce- and, outside printable ASCII, percent-encoded as in CloudEvents' HTTP
// binding. S3 has room for 2 KB of metadata; what does not fit is left out.
//
// An object is only written where there is none, so a redelivery is no second
// object and no second version.
package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	neturl "net/url"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core"
)

// Bucket is a bucket, or the part of one under a prefix, as a destination. It
// needs the permission s3:PutObject on the objects under its prefix.
type Bucket struct {
	name   string
	prefix string // "" or ending in a slash
	client func() (*s3.Client, error)
}

// Open makes the destination of the URL s3://BUCKET or s3://BUCKET/PREFIX, where
// BUCKET is a name or an ARN. The bucket must be in the region of this process.
// AWS is not asked before the first delivery.
func Open(url string) (core.Handler, error) {
	_, rest, _ := strings.Cut(url, ":")
	name, prefix, _ := strings.Cut(strings.TrimPrefix(rest, "//"), "/")
	if strings.HasPrefix(name, "arn:") {
		arn, err := sdk.ParseARN(name, "s3")
		if err != nil {
			return nil, fmt.Errorf("%w; %s", err, forms)
		}
		if name = arn.Resource; arn.Region != "" {
			name = "" // an access point's
		}
	}
	if !isBucket(name) {
		return nil, errors.New("this names no bucket; " + forms)
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	if strings.Contains(prefix, "*") || strings.Contains(prefix, "${") {
		return nil, errors.New("the prefix is a pattern, or has a variable in it, which nobody replaces here; write it in full")
	}
	if len(prefix) > maxPrefix {
		return nil, fmt.Errorf("the prefix has %d bytes, and an object's name has no room for more than %d", len(prefix), maxPrefix)
	}
	return &Bucket{name, prefix, sdk.Client("", func(c awssdk.Config) *s3.Client {
		return s3.NewFromConfig(c, func(o *s3.Options) {
			// An endpoint of the user's own seldom has a name for each bucket.
			o.UsePathStyle = o.BaseEndpoint != nil
		})
	})}, nil
}

const forms = "write s3://BUCKET/PREFIX, where BUCKET is 3 to 63 small letters, digits, dots and dashes, or arn:aws:s3:::BUCKET/PREFIX"

func isBucket(name string) bool {
	return len(name) >= 3 && sdk.IsName(name, 63, ".-") && name == strings.ToLower(name) && name == strings.Trim(name, ".-") &&
		!strings.Contains(name, "..") && net.ParseIP(name) == nil
}

// maxPrefix leaves room for [core.Delivery.ObjectName] in the 1,024 bytes of an
// object's name.
const maxPrefix = 800

// String returns the bucket's URL.
func (b *Bucket) String() string { return strings.TrimSuffix("s3://"+b.name+"/"+b.prefix, "/") }

// Locate implements [destination.Bucket] with an s3: URI.
func (b *Bucket) Locate(d *core.Delivery) string {
	return (&neturl.URL{Scheme: "s3", Host: b.name, Path: "/" + b.key(d)}).String()
}

func (b *Bucket) key(d *core.Delivery) string { return b.prefix + d.ObjectName() }

// Handle implements [core.Handler]. An object that is there already means taken:
// its name holds a digest of its content. Every failure is one for now, those
// that somebody must do something about included (no such bucket, access
// denied): the sender's next try may come after that.
func (b *Bucket) Handle(ctx context.Context, d *core.Delivery) error {
	client, err := b.client()
	if err != nil {
		return fmt.Errorf("%s: %w", b, err)
	}
	contentType, metadata := describe(d)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{
		Bucket:      &b.name,
		Key:         awssdk.String(b.key(d)),
		Body:        bytes.NewReader(d.Body),
		ContentType: contentType,
		Metadata:    metadata,
		IfNoneMatch: awssdk.String("*"),
	})
	if exists(err) {
		return nil
	}
	return sdk.Explain(b.String(), err, remedies)
}

func exists(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusPreconditionFailed
}

var remedies = sdk.Remedies{
	"NoSuchBucket":                 "create the bucket, or write s3:// and the name of one that exists",
	"AccessDenied":                 "allow this process s3:PutObject on the objects under this prefix, and kms:GenerateDataKey on the bucket's key if it has one of its own",
	"PermanentRedirect":            "use a bucket in the region of this process, or set AWS_REGION to the bucket's",
	"AuthorizationHeaderMalformed": "use a bucket in the region of this process, or set AWS_REGION to the bucket's",
}

// maxMetadata is the limit of names and values together
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html).
const maxMetadata = 2 << 10

// describe puts the delivery's attributes where an object has room for them.
func describe(d *core.Delivery) (contentType *string, metadata map[string]string) {
	metadata = map[string]string{}
	room := maxMetadata
	for _, a := range d.Attributes() {
		name, value := "ce-"+a.Name, (&neturl.URL{Path: a.Value}).EscapedPath()
		if a.Name == "datacontenttype" {
			if isPrintable(a.Value) {
				contentType = awssdk.String(a.Value)
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

// isPrintable reports whether a header field may hold the text unencoded.
func isPrintable(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}
