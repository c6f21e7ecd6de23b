package sdk

import (
	"context"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// fromEnvironment is the configuration that the SDK's own variables make, as
// Lambda, containers and instances are configured by them
// (https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html).
//
// The SDK's package config does this too, and reads profiles besides. For those
// it brings the clients of single sign-on into every function that links it: a
// tenth of its size, and a seventh of its start.
func fromEnvironment() aws.Config {
	c := aws.Config{
		Region:                     firstOf("AWS_REGION", "AWS_DEFAULT_REGION"),
		ConfigSources:              []any{endpoints{}},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported, // the SDK's defaults
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		AccountIDEndpointMode:      aws.AccountIDEndpointModePreferred,
		AppID:                      os.Getenv("AWS_SDK_UA_APP_ID"),
	}
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" && !isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
		c.BaseEndpoint = &url
	}
	return c
}

// endpoints is a source of configuration by whose methods each service finds
// out where it is.
type endpoints struct{}

// GetServiceBaseEndpoint is asked for "SQS", "Secrets Manager" and the like.
func (endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (string, bool, error) {
	url := os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
}

func (endpoints) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return isTrue("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"), true, nil
}

func (endpoints) GetUseFIPSEndpoint(context.Context) (aws.FIPSEndpointState, bool, error) {
	return aws.FIPSEndpointStateEnabled, isTrue("AWS_USE_FIPS_ENDPOINT"), nil
}

func (endpoints) GetUseDualStackEndpoint(context.Context) (aws.DualStackEndpointState, bool, error) {
	return aws.DualStackEndpointStateEnabled, isTrue("AWS_USE_DUALSTACK_ENDPOINT"), nil
}

func isTrue(variable string) bool { return strings.EqualFold(os.Getenv(variable), "true") }

func firstOf(variables ...string) string {
	for _, v := range variables {
		if value := os.Getenv(v); value != "" {
			return value
		}
	}
	return ""
}
