package sdk_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/labelhook/labelhook/internal/test/required"
)

// TestTheSDKsVariablesMeanWhatTheyMeanToTheSDK compares clients made here with
// clients made by the SDK's own package config.
func TestTheSDKsVariablesMeanWhatTheyMeanToTheSDK(t *testing.T) {
	for name, variables := range map[string]map[string]string{
		"none":              {},
		"other region":      {"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-central-1"},
		"an endpoint":       {"AWS_ENDPOINT_URL": "http://localhost:1"},
		"a service's":       {"AWS_ENDPOINT_URL_SECRETS_MANAGER": "http://localhost:2"},
		"both":              {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_SQS": "http://localhost:2"},
		"ignored endpoints": {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_ENDPOINT_URL_S3": "http://localhost:2", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"},
		"FIPS":              {"AWS_USE_FIPS_ENDPOINT": "true"},
		"no FIPS":           {"AWS_USE_FIPS_ENDPOINT": "false"},
		"dual stack":        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
		"application":       {"AWS_SDK_UA_APP_ID": "labels"},
	} {
		t.Run(name, func(t *testing.T) {
			with := map[string]string{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
			for name, value := range variables {
				with[name] = value
			}
			environment(t, with)
			ours, err := configuration()
			required.NoError(t, err)
			theirs, err := config.LoadDefaultConfig(context.Background())
			required.NoError(t, err)
			if ours.RequestChecksumCalculation != theirs.RequestChecksumCalculation || ours.ResponseChecksumValidation != theirs.ResponseChecksumValidation ||
				ours.AccountIDEndpointMode != theirs.AccountIDEndpointMode {
				t.Errorf("another default: %+v, %+v", ours, theirs)
			}
			for service, of := range map[string]func(aws.Config) seen{
				"SQS": func(c aws.Config) seen {
					o := sqs.NewFromConfig(c).Options()
					return seen{o.Region, aws.ToString(o.BaseEndpoint), o.AppID, o.EndpointOptions.UseFIPSEndpoint == fips, o.EndpointOptions.UseDualStackEndpoint == dualStack}
				},
				"S3": func(c aws.Config) seen {
					o := s3.NewFromConfig(c).Options()
					return seen{o.Region, aws.ToString(o.BaseEndpoint), o.AppID, o.EndpointOptions.UseFIPSEndpoint == fips, o.EndpointOptions.UseDualStackEndpoint == dualStack}
				},
				"Secrets Manager": func(c aws.Config) seen {
					o := secretsmanager.NewFromConfig(c).Options()
					return seen{o.Region, aws.ToString(o.BaseEndpoint), o.AppID, o.EndpointOptions.UseFIPSEndpoint == fips, o.EndpointOptions.UseDualStackEndpoint == dualStack}
				},
			} {
				if got, want := of(ours), of(theirs); got != want {
					t.Errorf("%s: %+v, the SDK %+v", service, got, want)
				}
			}
		})
	}
}

// seen is what the variables make of a client.
type seen struct {
	region, endpoint, application string
	fips, dualStack               bool
}

const (
	fips      = aws.FIPSEndpointStateEnabled
	dualStack = aws.DualStackEndpointStateEnabled
)
