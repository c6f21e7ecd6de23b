package sdk_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/labelhook/labelhook/aws/internal/sdk"
	"github.com/labelhook/labelhook/internal/test/moto"
)

func TestAClientIsMadeOnceAndOnlyWhenNeeded(t *testing.T) {
	moto.Use(t, "http://localhost:1")
	made := 0
	client := sdk.Client("", func(c aws.Config) *aws.Config { made++; return &c })
	if made != 0 {
		t.Error("made before it was needed")
	}
	first, err := client()
	second, _ := client()
	if err != nil || first != second || made != 1 {
		t.Errorf("made %d clients, %v", made, err)
	}
	if first.Region != moto.Region || *first.BaseEndpoint != "http://localhost:1" || first.Retryer().MaxAttempts() != 3 {
		t.Errorf("configured as %+v", first)
	}
}

func TestTheRegionOfAnARNOutweighsTheEnvironments(t *testing.T) {
	moto.Use(t, "http://localhost:1")
	region, err := sdk.Client("us-east-2", func(c aws.Config) string { return c.Region })()
	if err != nil || region != "us-east-2" {
		t.Errorf("got %s, %v", region, err)
	}
}

func TestWithoutARegionThereIsNoClient(t *testing.T) {
	moto.Use(t, "http://localhost:1")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	if _, err := sdk.Client("", func(aws.Config) int { return 1 })(); err == nil || !strings.Contains(err.Error(), "set AWS_REGION") {
		t.Errorf("got %v", err)
	}
}

func TestExplain(t *testing.T) {
	api := &smithy.GenericAPIError{Code: "QueueFullException", Message: "It is\nfull."}
	for _, test := range []struct {
		err      error
		remedies sdk.Remedies
		want     string
		code     string
	}{
		{api, nil, "queue: QueueFullException: It is full.", "QueueFullException"},
		{fmt.Errorf("operation error SQS: %w", api), sdk.Remedies{"QueueFull": "empty it"}, "queue: QueueFullException: It is full; empty it", "QueueFullException"},
		{&smithy.GenericAPIError{Code: "ExpiredToken"}, nil, "queue: ExpiredToken; give this process valid AWS credentials; in a function, a role", "ExpiredToken"},
		{errors.New("no\n network"), sdk.Remedies{"": "never"}, "queue: no network", ""},
	} {
		err := sdk.Explain("queue", test.err, test.remedies)
		if err.Error() != test.want || !errors.Is(err, test.err) || sdk.Code(err) != test.code {
			t.Errorf("got %v (%s), want %s (%s)", err, sdk.Code(err), test.want, test.code)
		}
	}
	if sdk.Explain("queue", nil, nil) != nil || sdk.Code(nil) != "" {
		t.Error("explained what is no error")
	}
}

func Example() {
	os.Setenv("AWS_REGION", "eu-west-1")
	defer os.Unsetenv("AWS_REGION")
	region := sdk.Client("", func(c aws.Config) string { return c.Region }) // a service's NewFromConfig as a rule
	fmt.Println(region())

	err := &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "This role may not do that."}
	fmt.Println(sdk.Explain("sqs://labels", err, sdk.Remedies{"AccessDenied": "allow this process sqs:SendMessage"}))
	// Output:
	// eu-west-1 <nil>
	// sqs://labels: AccessDeniedException: This role may not do that; allow this process sqs:SendMessage
}
