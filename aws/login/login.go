// Package login has the clients of the destinations take region and credentials from
// all that AWS's own tools know, profiles and single sign-on among them, for
// programs that people run. A function does without: it would be a tenth larger.
package login

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/labelhook/labelhook/aws/internal/sdk"
)

// Use does so. It must be called before the first client is used.
func Use() {
	sdk.NoCredentials = "sign in by aws sso login, aws configure or a variable such as AWS_PROFILE"
	sdk.LoadConfig = func() (aws.Config, error) {
		c, err := config.LoadDefaultConfig(context.Background(), config.WithLogger(logging.Nop{})) // its warnings are in its errors
		if err != nil {
			return c, fmt.Errorf("the AWS configuration cannot be read: %w", err)
		}
		return c, nil
	}
}
