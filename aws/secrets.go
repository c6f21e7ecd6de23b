package aws

import (
	"errors"
	"time"

	"github.com/labelhook/labelhook/core"
)

// SecretsManager reads webhook secrets from AWS Secrets Manager.
type SecretsManager struct {
	PreviousFor time.Duration // how long after a rotation AWSPREVIOUS counts; default 24 hours
}

// Secrets makes the source for a secret's ARN or name.
func (m SecretsManager) Secrets(id string) (core.SecretSource, error) {
	return nil, errors.New("in the making")
}
