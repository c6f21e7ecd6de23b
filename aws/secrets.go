package aws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/core/secret"
)

// SecretsManager reads webhook secrets from AWS Secrets Manager. It needs the
// permission secretsmanager:GetSecretValue on the secret, and kms:Decrypt where
// that is encrypted with a key of the customer's.
//
// After a rotation both stages count, so that no delivery is refused while
// Labelbox is told: AWSCURRENT and, for a while, AWSPREVIOUS. Secrets Manager
// itself keeps the previous version without end. A secret that has leaked must be
// taken out of use at once by removing that label:
//
//	aws secretsmanager update-secret-version-stage --secret-id ID \
//		--version-stage AWSPREVIOUS --remove-from-version-id VERSION
type SecretsManager struct {
	// PreviousFor is how long AWSPREVIOUS counts after the version that is
	// AWSCURRENT was created. Zero means 24 hours; below zero, never.
	PreviousFor time.Duration
}

// Secrets makes the source for a secret's ARN or name. It asks Secrets Manager
// when its secrets are first needed, and then as seldom as
// [secret.Cached] does.
//
// The secret's value may be
//   - the secret itself, as text or binary;
//   - a JSON object, as the console makes. An id that ends in #FIELD says which
//     field is the secret; without that it is LABELBOX_WEBHOOK_SECRET, or else
//     the only field with a text in it.
//
// An error that Secrets returns is about the id.
func (m SecretsManager) Secrets(id string) (secret.Source, error) {
	id, field, named := strings.Cut(id, "#")
	region := ""
	switch parts := strings.SplitN(id, ":", 7); {
	case named && field == "":
		return nil, errors.New("the id ends in # without a field; write ID#FIELD or ID")
	case len(parts) == 7 && parts[0] == "arn" && parts[2] == "secretsmanager" && parts[5] == "secret":
		region = parts[3]
	case parts[0] == "arn":
		return nil, errors.New("this ARN is not a secret's; write arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME")
	case !sdk.IsName(id, 512, "/_+=.@-"):
		return nil, errors.New("this is neither a secret's ARN nor a name; a name has up to 512 letters, digits and /_+=.@-")
	}
	s := &managedSecret{id: id, field: field, previousFor: m.PreviousFor}
	if s.previousFor == 0 {
		s.previousFor = 24 * time.Hour
	}
	s.client = sdk.Client(region, func(c awssdk.Config) *secretsmanager.Client { return secretsmanager.NewFromConfig(c) })
	return &secret.Cached{Name: s.String(), Fetch: s.fetch}, nil
}

type managedSecret struct {
	id, field   string
	previousFor time.Duration
	client      func() (*secretsmanager.Client, error)
}

// String is how errors call it.
func (s *managedSecret) String() string { return "secret " + s.id }

// fetch reads the stages that count. AWSPREVIOUS is a help and never a
// hindrance: when it is not there, may not be read or holds no usable secret,
// AWSCURRENT counts alone. Only when that cannot be told is there an error,
// because deliveries signed with it might be refused for good.
func (s *managedSecret) fetch(ctx context.Context) ([]secret.Secret, error) {
	current, err := s.read(ctx, "AWSCURRENT")
	if err != nil {
		return nil, err
	}
	first, err := s.secretOf(current)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	secrets := []secret.Secret{first}
	if time.Since(awssdk.ToTime(current.CreatedDate)) >= s.previousFor {
		return secrets, nil
	}
	previous, err := s.read(ctx, "AWSPREVIOUS")
	if err != nil {
		if refused(err) {
			return secrets, nil
		}
		return nil, err
	}
	if second, err := s.secretOf(previous); err == nil {
		secrets = append(secrets, second)
	}
	return secrets, nil
}

func (s *managedSecret) read(ctx context.Context, stage string) (*secretsmanager.GetSecretValueOutput, error) {
	client, err := s.client()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s, err)
	}
	value, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &s.id, VersionStage: &stage})
	return value, sdk.Explain(s.String(), err, secretRemedies)
}

var secretRemedies = sdk.Remedies{
	"AccessDenied":      "allow this process secretsmanager:GetSecretValue on it, and kms:Decrypt on its key if it has one of its own",
	"ResourceNotFound":  "create it in this region and account, or correct LABELBOX_WEBHOOK_SECRET_ID",
	"InvalidRequest":    "if it is marked for deletion, restore it with aws secretsmanager restore-secret",
	"DecryptionFailure": "see that its KMS key is enabled, and allow this process kms:Decrypt on it",
}

// refused reports whether Secrets Manager has understood the question and will
// not answer it, however often it is asked.
func refused(err error) bool {
	var response *awshttp.ResponseError
	return errors.As(err, &response) &&
		400 <= response.HTTPStatusCode() && response.HTTPStatusCode() <= 499 &&
		retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err) != awssdk.TrueTernary
}

func (s *managedSecret) secretOf(value *secretsmanager.GetSecretValueOutput) (secret.Secret, error) {
	text := string(value.SecretBinary)
	if value.SecretString != nil {
		text = *value.SecretString
	}
	text, err := chooseField(text, s.field)
	if err != nil {
		return secret.Secret{}, err
	}
	usable, err := secret.New(text)
	var refused *secret.Error
	if errors.As(err, &refused) {
		return secret.Secret{}, fmt.Errorf("%w; %s", refused, refused.Remedy)
	}
	return usable, err
}

// defaultField is the field of a JSON secret that need not be named.
const defaultField = "LABELBOX_WEBHOOK_SECRET"

// chooseField returns the webhook secret out of a secret's value: the value
// itself, or a field of it if it is a JSON object. Text that only looks like a
// JSON object is refused: as the secret itself it would match no signature, and
// the reason would be hard to see. The errors hold nothing of the value.
func chooseField(value, field string) (string, error) {
	trimmed := strings.TrimSpace(value)
	if !strings.HasPrefix(trimmed, "{") || !strings.HasSuffix(trimmed, "}") {
		if field != "" {
			return "", fmt.Errorf("it is no JSON object, so it has no field %q; drop #%s from the id", field, field)
		}
		return value, nil
	}
	// jsontext sees a name that stands twice, which encoding/json does not. The
	// package that does both would make the function larger by a twentieth.
	var fields map[string]any
	if !jsontext.Value(trimmed).IsValid() || json.Unmarshal([]byte(trimmed), &fields) != nil {
		return "", errors.New("it looks like a JSON object but is not valid JSON; correct it")
	}
	if field != "" {
		text, found := fields[field].(string)
		if !found {
			return "", fmt.Errorf("its JSON has no text field %q; add it, or correct what follows # in the id", field)
		}
		return text, nil
	}
	if text, found := fields[defaultField].(string); found {
		return text, nil
	}
	var texts []string
	for _, v := range fields {
		if text, isText := v.(string); isText {
			texts = append(texts, text)
		}
	}
	if len(texts) != 1 {
		return "", fmt.Errorf("its JSON has %d text fields; say which with an id that ends in #FIELD, or call it %s", len(texts), defaultField)
	}
	return texts[0], nil
}
