package s3_test

import (
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOnMoto(t *testing.T) { destinationtest.Run(t, onMoto(t)) }

func BenchmarkOnMoto(b *testing.B) { destinationtest.Bench(b, onMoto(b)) }

// With versions kept, an object that is written again shows.
func onMoto(t testing.TB) destinationtest.Harness {
	moto.Start(t)
	c, err := config.LoadDefaultConfig(t.Context())
	required.NoError(t, err)
	aws := awss3.NewFromConfig(c, func(o *awss3.Options) { o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = true, true })
	return destinationtest.Harness{
		Once: true, Exact: true,
		Source: func(t testing.TB, name string) core.Handler {
			h, err := s3.OpenSource("s3://" + name + "/raw")
			required.NoError(t, err)
			return h
		},
		Open: func(t testing.TB, name string) core.Handler { return open(t, "s3://"+name+"/raw") },
		Create: func(t testing.TB, name string) {
			if _, err := aws.CreateBucket(t.Context(), &awss3.CreateBucketInput{
				Bucket:                    &name,
				CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: moto.Region},
			}); err != nil {
				t.Fatal(err)
			}
			if _, err := aws.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
				Bucket:                  &name,
				VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
			}); err != nil {
				t.Fatal(err)
			}
		},
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			list, err := aws.ListObjectVersions(t.Context(), &awss3.ListObjectVersionsInput{Bucket: &name})
			required.NoError(t, err)
			for _, v := range list.Versions {
				object, err := aws.GetObject(t.Context(), &awss3.GetObjectInput{Bucket: &name, Key: v.Key, VersionId: v.VersionId})
				required.NoError(t, err)
				body, err := io.ReadAll(object.Body)
				required.NoError(t, err)
				d, err := s3.Delivery(object.Metadata, body)
				messages = append(messages, destinationtest.NewMessage(t, destinationtest.Decoded(t, object.Metadata), "ce-", d, err))
			}
			return messages
		},
		At: func(t testing.TB, address string) core.Handler {
			moto.Use(t, "http://"+address)
			t.Setenv("AWS_SECRET_ACCESS_KEY", destinationtest.Secret)
			return open(t, "s3://labels")
		},
	}
}
