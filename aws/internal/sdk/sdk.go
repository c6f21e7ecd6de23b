// Package sdk loads the AWS SDK's configuration and explains its errors.
package sdk

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
)

// Load reads the configuration from the SDK's own variables.
func Load(ctx context.Context) (aws.Config, error) { return config.LoadDefaultConfig(ctx) }
