package s3

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// exists reports whether there is such an object already.
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
