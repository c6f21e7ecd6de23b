package s3_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func TestOnMoto(t *testing.T) {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	aws := awss3.NewFromConfig(c, func(o *awss3.Options) { o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = true, true })
	b := open(t, "s3://labels/raw")
	if err := b.Handle(t.Context(), destinationtest.Label(t)); err == nil || core.IsPermanent(err) || !strings.Contains(err.Error(), "create the bucket") {
		t.Errorf("without a bucket: %v", err)
	}
	if _, err := aws.CreateBucket(t.Context(), &awss3.CreateBucketInput{
		Bucket:                    awssdk.String("labels"),
		CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: moto.Region},
	}); err != nil {
		t.Fatal(err)
	}
	// With versions kept, an object that is written again shows.
	if _, err := aws.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
		Bucket:                  awssdk.String("labels"),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	}); err != nil {
		t.Fatal(err)
	}

	var want []*core.Delivery
	for _, s := range samples.All() {
		want = append(want, destinationtest.New("delivery", s.Header, s.Body()))
	}
	large := bytes.Repeat([]byte("every byte\x00\xff"), 500_000)
	want = append(want, destinationtest.New("delivery", "LABEL_CREATED", large))
	for range 2 { // delivered again
		for _, d := range want {
			if err := b.Handle(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, d := range want {
		object, err := aws.GetObject(t.Context(), &awss3.GetObjectInput{
			Bucket: awssdk.String("labels"),
			Key:    awssdk.String(strings.TrimPrefix(b.Locate(d), "s3://labels/")),
		})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(object.Body)
		if err != nil || !bytes.Equal(body, d.Body) {
			t.Errorf("%s: the object has %d bytes of %d, %v", d.ObjectName(), len(body), len(d.Body), err)
		}
		for _, a := range d.Attributes() {
			got := object.Metadata["ce-"+a.Name]
			if a.Name == "datacontenttype" {
				got = *object.ContentType
			}
			if got != a.Value {
				t.Errorf("%s: %s is %q, want %q", d.ObjectName(), a.Name, got, a.Value)
			}
		}
	}
	versions, err := aws.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: awssdk.String("labels")})
	if err != nil {
		t.Fatal(err)
	}
	if len(versions.Versions) != len(want) {
		t.Errorf("%d versions of %d objects", len(versions.Versions), len(want))
	}
}
