package sdk

import (
	"errors"
	"strings"

	"github.com/aws/smithy-go"
)

// ExampleBucket stands in remedies for the URL of a bucket.
const ExampleBucket = "s3://BUCKET/PREFIX"

// Remedies says what to do about an error, by its code without a closing
// "Exception".
type Remedies map[string]string

// Explain turns an error of the SDK into one line: what it happened to, what
// AWS says and, where there is one, the remedy. The SDK's error stays reachable
// through errors.As.
func Explain(what string, err error, remedies Remedies) error {
	if err == nil {
		return nil
	}
	text, remedy := err.Error(), ""
	var api smithy.APIError
	if errors.As(err, &api) {
		text = api.ErrorCode()
		if message := api.ErrorMessage(); message != "" {
			text += ": " + message
		}
		code := strings.TrimSuffix(api.ErrorCode(), "Exception")
		if remedy = remedies[code]; remedy == "" {
			remedy = common[code]
		}
	}
	if strings.Contains(text, "get credentials:") { // the SDK has no type for it
		text, remedy = "there are no AWS credentials", NoCredentials
	}
	text = strings.Join(strings.Fields(text), " ")
	if remedy != "" {
		text = strings.TrimSuffix(text, ".") + "; " + remedy
	}
	return &explained{what + ": " + text, err}
}

// common are the remedies for what every service may say.
var common = Remedies{
	"ExpiredToken":          newCredentials,
	"InvalidClientTokenId":  otherPartition,
	"InvalidAccessKeyId":    otherPartition,
	"InvalidSignature":      newCredentials,
	"SignatureDoesNotMatch": newCredentials,
	"UnrecognizedClient":    otherPartition,
}

const newCredentials = "give this process valid AWS credentials; in a function, a role"

// NoCredentials is the remedy where there are none.
var NoCredentials = newCredentials

// Keys that are right elsewhere are unknown in another partition.
const otherPartition = newCredentials + ", and one of the partition (aws, aws-cn, aws-us-gov) that the resource is in"

type explained struct {
	text  string
	cause error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.cause }

// Code returns AWS's code of the error, "" if it is not AWS's.
func Code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
