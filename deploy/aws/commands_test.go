package aws_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/moto"
	"github.com/labelhook/labelhook/internal/test/required"
)

// TestReadmeCommands runs the README's commands for AWS, as they stand there,
// with AWS's own command line against moto. moto makes no function of a
// template, so the stack here has outputs only.
func TestReadmeCommands(t *testing.T) {
	required.Program(t, "aws", "pip install awscli")
	moto.Start(t)
	t.Setenv("AWS_DEFAULT_REGION", moto.Region)
	t.Setenv("AWS_PAGER", "")
	const first = "the first secret of the webhook"

	secretARN := shell(t, `aws secretsmanager create-secret --name webhook --secret-string "`+first+`" --query ARN --output text`)
	queueURL := shell(t, `aws sqs create-queue --queue-name deliveries --query QueueUrl --output text`)
	deadLetterURL := shell(t, `aws sqs create-queue --queue-name dead --query QueueUrl --output text`)
	shell(t, `aws sqs send-message --queue-url "`+queueURL+`" --message-body '{"id":1}'`)
	shell(t, `aws s3 mb s3://labels && echo '{}' | aws s3 cp - s3://labels/labelbox/a.json`)
	outputs := map[string]any{}
	for name, value := range map[string]string{"Url": "https://example.com/", "SecretArn": secretARN, "QueueUrl": queueURL} {
		outputs[name] = map[string]string{"Value": value}
	}
	stackFile := filepath.Join(t.TempDir(), "stack.json")
	text := jsonText(t, map[string]any{"Outputs": outputs, "Resources": map[string]any{"Topic": map[string]string{"Type": "AWS::SNS::Topic"}}})
	required.NoError(t, os.WriteFile(stackFile, []byte(text), 0o600))
	shell(t, `aws cloudformation create-stack --stack-name labelhook --template-body "file://`+stackFile+`"`)

	t.Run("what Labelbox must be told", func(t *testing.T) {
		if got := shell(t, blocks(t, "Deploy")[2]+blocks(t, "Register at Labelbox")[0]); got != "https://example.com/\n"+first {
			t.Errorf("the commands print %q", got)
		}
	})
	t.Run("the check", func(t *testing.T) {
		block := strings.ReplaceAll(blocks(t, "Check")[0], `aws logs tail`, `: logs tail`) // which would not end
		got := shell(t, blocks(t, "Deploy")[2]+"labelhook() { echo labelhook \"$LABELBOX_WEBHOOK_SECRET\" $*; }\n"+block)
		for _, want := range []string{"labelhook " + first + " check https://example.com/\n", `"Body": "{\"id\":1}"`} {
			if !strings.Contains(got, want) {
				t.Errorf("the commands print %q, without %q", got, want)
			}
		}
	})

	previous := shell(t, `aws secretsmanager get-secret-value --secret-id "`+secretARN+`" --query VersionId --output text`)
	t.Setenv("VERSION", previous)
	rotation := blocks(t, "Rotate the secret")
	body := []byte(`{"id":1}`)
	t.Run("after the rotation the new secret counts, and so does the old one", func(t *testing.T) {
		shell(t, blocks(t, "Deploy")[2]+rotation[0])
		value := shell(t, `aws secretsmanager get-secret-value --secret-id "`+secretARN+`" --query SecretString --output text`)
		if !regexp.MustCompile(`^[A-Za-z0-9]{48}$`).MatchString(value) {
			t.Errorf("the new secret is %q", value)
		}
		for _, secret := range []string{value, first} {
			if err := core.Verify(body, sign(t, body, secret), live(t, secretARN)); err != nil {
				t.Errorf("with %q: %v", secret, err)
			}
		}
	})
	t.Run("a leaked secret is refused", func(t *testing.T) {
		if got := shell(t, blocks(t, "Deploy")[2]+rotation[1]); !strings.Contains(got, previous) {
			t.Errorf("the versions are %s, without %s", got, previous)
		}
		if err := core.Verify(body, sign(t, body, first), live(t, secretARN)); err == nil {
			t.Error("it still counts")
		}
	})
	t.Run("nothing is left", func(t *testing.T) {
		for name, value := range map[string]string{"QUEUE_URL": queueURL, "DEAD_LETTER_QUEUE_URL": deadLetterURL, "BUCKET": "labels", "SECRET_ARN": secretARN} {
			t.Setenv(name, value)
		}
		shell(t, blocks(t, "Tear down")[1])
		left := shell(t, `aws sqs list-queues --query QueueUrls --output text; aws s3 ls; aws secretsmanager list-secrets --query SecretList --output text`)
		if left = strings.TrimSpace(strings.ReplaceAll(left, "None", "")); left != "" {
			t.Errorf("there still is %s", left)
		}
	})
}

// blocks are the shell blocks of a section of the README.
func blocks(t *testing.T, section string) []string {
	t.Helper()
	_, text, found := strings.Cut(readme(t), "\n## "+section+"\n")
	if !found {
		t.Fatalf("the README has no section %s", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var shells []string
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(text, -1) {
		shells = append(shells, m[1])
	}
	return shells
}

// shell runs a script and returns what it prints.
func shell(t *testing.T, script string) string {
	t.Helper()
	// aws sqs does not look for its endpoint in the environment, and an empty
	// profile is an error to aws.
	const prelude = "set -euo pipefail\nunset AWS_PROFILE AWS_SESSION_TOKEN\naws() { command aws --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"; }\n"
	cmd := exec.Command(required.Program(t, "bash", "apt-get install bash"), "-c", prelude+script)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script, &complaint)
	}
	return strings.TrimSpace(string(out))
}

// live are the secrets that the function would accept now.
func live(t *testing.T, arn string) []secret.Secret {
	t.Helper()
	source, err := aws.SecretsManager{}.Secrets(arn)
	required.NoError(t, err)
	secrets, err := source.Secrets(t.Context())
	required.NoError(t, err)
	return secrets
}

func sign(t *testing.T, body []byte, text string) string {
	t.Helper()
	secret, err := secret.New(text)
	required.NoError(t, err)
	return core.Sign(body, secret)
}
