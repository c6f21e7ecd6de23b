// Package aws_test holds the SAM template, its build and its description against
// the tools that AWS and others check such things with.
package aws_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/aws/eventbridge"
	"github.com/labelhook/labelhook/aws/s3"
	"github.com/labelhook/labelhook/aws/sqs"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/required"
)

const (
	existingSecret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:labelbox-XyZ123"
	existingQueue  = "arn:aws:sqs:eu-west-1:999999999999:orders.fifo"
	existingTopic  = "arn:aws:sns:us-east-1:123456789012:pager"
	existingKey    = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	newSecret      = "arn:aws:secretsmanager:us-east-1:123456789012:secret:Secret-AbCdEf"
)

// variant is one way to deploy the template, and what must come of it.
type variant struct {
	parameters  map[string]string
	environment map[string]string // besides LABELHOOK_EVENTS where it is empty
	resources   []string          // besides those that every variant has
	allowed     []request
	denied      []request // besides those that every variant is denied
	worker      *worker   // nil where there is none
}

// worker is what must come of the function behind the destination.
type worker struct {
	environment     map[string]string
	allowed, denied []request
	messages        string // the queue's ARN
	pattern         string // of the rule, "" without one
}

var always = []string{"ErrorsAlarm", "FailedDeliveries", "FailedDeliveriesAlarm", "Logs", "Receiver", "ReceiverRole", "ThrottlesAlarm"}

var (
	byUrl      = []string{"ReceiverUrl", "ReceiverUrlInvokePermission", "ReceiverUrlPermission"}
	withQueue  = []string{"DeadLetterQueue", "DeadLetterQueueAlarm", "DeadLetterQueuePolicy", "Queue", "QueuePolicy"}
	withBucket = []string{"Bucket", "BucketPolicy", "DeadLetters", "DeadLettersAlarm"}
	withWorker = []string{"WorkerErrorsAlarm", "WorkerFunction", "WorkerLogs", "WorkerMessages", "WorkerRole"}
)

var variants = map[string]variant{
	"without any parameter, into a new queue": {
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "sqs://sqs.us-east-1.amazonaws.com/123456789012/Queue",
			"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			"LABELHOOK_DEAD_LETTER":      "s3://hook-bucket/labelbox/dead-letter",
		},
		resources: slices.Concat(byUrl, withQueue, withBucket, []string{"Secret"}),
		allowed: []request{
			{action: "secretsmanager:GetSecretValue", resource: newSecret},
			{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
			{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/event=label.created/a.json"},
			{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/dead-letter/event=label.created/a.json"},
		},
		denied: []request{
			{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:DeadLetterQueue"},
			{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
			{action: "sqs:DeleteMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
			{action: "sqs:PurgeQueue", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
			{action: "secretsmanager:PutSecretValue", resource: newSecret},
			{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/elsewhere/a.json"},
			{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/event=label.created/a.json"},
			{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/event=label.created/a.json"},
			{action: "events:PutEvents", resource: "arn:aws:events:us-east-1:123456789012:event-bus/default"},
		},
	},
	"into a new queue and nowhere else": {
		parameters: map[string]string{"Overflow": "none", "Events": "label.created label.updated"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "sqs://sqs.us-east-1.amazonaws.com/123456789012/Queue",
			"LABELHOOK_EVENTS":           "label.created label.updated",
		},
		resources: slices.Concat(byUrl, withQueue, []string{"Secret"}),
		allowed:   []request{{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"}},
		denied:    []request{{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/a.json"}},
	},
	"into what there is already, encrypted with keys of one's own": {
		parameters: map[string]string{
			"SecretArn": existingSecret, "SecretField": "webhook", "SecretKmsKeyArn": existingKey, "QueueArn": existingQueue, "DestinationKmsKeyArn": existingKey,
			"BucketName": "labels", "BucketPrefix": "from/labelbox", "AlarmTopicArn": existingTopic, "ReservedConcurrency": "5",
		},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": existingSecret + "#webhook",
			"LABELHOOK_DESTINATIONS":     "sqs://" + existingQueue,
			"LABELHOOK_OVERFLOW":         "s3://labels/from/labelbox/overflow",
			"LABELHOOK_DEAD_LETTER":      "s3://labels/from/labelbox/dead-letter",
		},
		resources: slices.Concat(byUrl, []string{"DeadLetters", "DeadLettersAlarm"}),
		allowed: []request{
			{action: "secretsmanager:GetSecretValue", resource: existingSecret},
			{action: "sqs:SendMessage", resource: existingQueue},
			{action: "s3:PutObject", resource: "arn:aws:s3:::labels/from/labelbox/overflow/a.json"},
			{action: "kms:Decrypt", resource: existingKey, via: "secretsmanager"},
			{action: "kms:GenerateDataKey", resource: existingKey, via: "sqs.eu-west-1"},
			{action: "kms:GenerateDataKey", resource: existingKey, via: "s3"},
		},
		denied: []request{
			{action: "kms:GenerateDataKey", resource: existingKey, via: "sqs"}, // the queue is in another region
			{action: "kms:Decrypt", resource: existingKey},
			{action: "kms:Decrypt", resource: existingKey, via: "dynamodb"},
			{action: "kms:GenerateDataKey", resource: existingKey, via: "secretsmanager"},
			{action: "kms:Decrypt", resource: "arn:aws:kms:us-east-1:123456789012:key/another", via: "secretsmanager"},
			{action: "s3:PutObject", resource: "arn:aws:s3:::labels/labelbox/overflow/a.json"},
			{action: "sqs:ReceiveMessage", resource: existingQueue},
		},
	},
	"onto a bus, behind an HTTP API, with alarms by mail": {
		parameters: map[string]string{"Destination": "bus", "BusName": "labels", "Endpoint": "HttpApi", "AlarmEmail": "on-call@example.com"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "eventbridge://labels",
			"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			"LABELHOOK_DEAD_LETTER":      "s3://hook-bucket/labelbox/dead-letter",
		},
		resources: slices.Concat(withBucket, []string{"AlarmTopic", "HttpApi", "HttpApiPermission", "Secret"}),
		allowed: []request{
			{action: "events:PutEvents", resource: "arn:aws:events:us-east-1:123456789012:event-bus/labels"},
			{action: "events:DescribeEventBus", resource: "arn:aws:events:us-east-1:123456789012:event-bus/labels"},
		},
		denied: []request{
			{action: "events:PutEvents", resource: "arn:aws:events:us-east-1:123456789012:event-bus/default"},
			{action: "events:PutRule", resource: "arn:aws:events:us-east-1:123456789012:rule/labels/all"},
			{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
		},
	},
	"onto a bus and nowhere else": {
		parameters: map[string]string{"Destination": "bus", "Overflow": "none"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "eventbridge://default",
		},
		resources: slices.Concat(byUrl, []string{"Secret"}),
		allowed:   []request{{action: "events:PutEvents", resource: "arn:aws:events:us-east-1:123456789012:event-bus/default"}},
	},
	"into a new bucket": {
		parameters: map[string]string{"Destination": "bucket"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "s3://hook-bucket/labelbox",
		},
		resources: slices.Concat(byUrl, []string{"Bucket", "BucketPolicy", "Secret"}),
		allowed:   []request{{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/event=label.created/a.json"}},
		denied: []request{
			{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/labelbox/event=label.created/a.json"},
			{action: "s3:DeleteObject", resource: "arn:aws:s3:::hook-bucket/labelbox/event=label.created/a.json"},
			{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/elsewhere/a.json"},
			{action: "s3:ListBucket", resource: "arn:aws:s3:::hook-bucket"},
		},
	},
	"into a bucket that there is already": {
		parameters: map[string]string{"Destination": "bucket", "BucketName": "labels", "DestinationKmsKeyArn": existingKey},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "s3://labels/labelbox",
		},
		resources: slices.Concat(byUrl, []string{"Secret"}),
		allowed: []request{
			{action: "s3:PutObject", resource: "arn:aws:s3:::labels/labelbox/event=label.created/a.json"},
			{action: "kms:GenerateDataKey", resource: existingKey, via: "s3"},
		},
		denied: []request{{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/a.json"}},
	},
	"into a new queue with a worker": {
		parameters: map[string]string{"Worker": "true", "WorkerDestinations": "https://example.com/hook log:"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "sqs://sqs.us-east-1.amazonaws.com/123456789012/Queue",
			"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			"LABELHOOK_DEAD_LETTER":      "s3://hook-bucket/labelbox/dead-letter",
		},
		resources: slices.Concat(byUrl, withQueue, withBucket, withWorker, []string{"Secret", "WorkerLateAlarm"}),
		denied:    []request{{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"}},
		worker: &worker{
			environment: map[string]string{
				"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
				"LABELHOOK_DESTINATIONS":     "https://example.com/hook log:",
				"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			},
			messages: "arn:aws:sqs:us-east-1:123456789012:Queue",
			allowed: []request{
				{action: "secretsmanager:GetSecretValue", resource: newSecret},
				{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
				{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/event=label.created/a.json"},
			},
			denied: []request{
				{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"},
				{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:DeadLetterQueue"},
				{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/labelbox/dead-letter/a.json"},
				{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/a.json"},
				{action: "s3:DeleteObject", resource: "arn:aws:s3:::hook-bucket/labelbox/overflow/a.json"},
			},
		},
	},
	"into a queue that there is already, with a worker and keys of one's own": {
		parameters: map[string]string{
			"Worker": "true", "SecretArn": existingSecret, "SecretField": "webhook", "SecretKmsKeyArn": existingKey, "Overflow": "none",
			"QueueArn": "arn:aws:sqs:us-east-1:123456789012:orders.fifo", "DestinationKmsKeyArn": existingKey,
		},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": existingSecret + "#webhook",
			"LABELHOOK_DESTINATIONS":     "sqs://arn:aws:sqs:us-east-1:123456789012:orders.fifo",
		},
		resources: slices.Concat(byUrl, withWorker),
		worker: &worker{
			environment: map[string]string{"LABELBOX_WEBHOOK_SECRET_ID": existingSecret + "#webhook", "LABELHOOK_DESTINATIONS": "log:"},
			messages:    "arn:aws:sqs:us-east-1:123456789012:orders.fifo",
			allowed: []request{
				{action: "secretsmanager:GetSecretValue", resource: existingSecret},
				{action: "sqs:DeleteMessage", resource: "arn:aws:sqs:us-east-1:123456789012:orders.fifo"},
				{action: "kms:Decrypt", resource: existingKey, via: "secretsmanager"},
				{action: "kms:Decrypt", resource: existingKey, via: "sqs"},
			},
			denied: []request{
				{action: "kms:Decrypt", resource: existingKey},
				{action: "kms:GenerateDataKey", resource: existingKey, via: "sqs"},
				{action: "sqs:PurgeQueue", resource: "arn:aws:sqs:us-east-1:123456789012:orders.fifo"},
			},
		},
	},
	"onto a bus with a worker": {
		parameters: map[string]string{"Destination": "bus", "BusName": "labels", "Worker": "true"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "eventbridge://labels",
			"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			"LABELHOOK_DEAD_LETTER":      "s3://hook-bucket/labelbox/dead-letter",
		},
		resources: slices.Concat(byUrl, withQueue, withBucket, withWorker, []string{"Secret", "WorkerLateAlarm", "WorkerRule"}),
		denied:    []request{{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"}},
		worker: &worker{
			environment: map[string]string{
				"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
				"LABELHOOK_DESTINATIONS":     "log:",
				"LABELHOOK_OVERFLOW":         "s3://hook-bucket/labelbox/overflow",
			},
			messages: "arn:aws:sqs:us-east-1:123456789012:Queue",
			pattern:  `{"source":["labelbox"]}`,
			allowed:  []request{{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"}},
		},
	},
	"into a bucket with a worker": {
		parameters: map[string]string{"Destination": "bucket", "BucketPrefix": "from/labelbox", "Worker": "true"},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "s3://hook-bucket/from/labelbox",
		},
		resources: slices.Concat(byUrl, withQueue, withWorker, []string{"Bucket", "BucketPolicy", "Secret", "WorkerLateAlarm", "WorkerRule"}),
		worker: &worker{
			environment: map[string]string{
				"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
				"LABELHOOK_DESTINATIONS":     "log:",
				"LABELHOOK_SOURCES":          "s3://hook-bucket/from/labelbox",
			},
			messages: "arn:aws:sqs:us-east-1:123456789012:Queue",
			pattern:  `{"detail":{"bucket":{"name":["hook-bucket"]},"object":{"key":[{"prefix":"from/labelbox/"}]}},"detail-type":["Object Created"],"source":["aws.s3"]}`,
			allowed:  []request{{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/from/labelbox/event=label.created/a.json"}},
			denied: []request{
				{action: "s3:GetObject", resource: "arn:aws:s3:::hook-bucket/labelbox/event=label.created/a.json"},
				{action: "s3:PutObject", resource: "arn:aws:s3:::hook-bucket/from/labelbox/a.json"},
			},
		},
	},
	"into the log, whatever else is set": {
		parameters: map[string]string{
			"Destination": "log", "LogLevel": "WARN", "ReservedConcurrency": "0",
			"QueueArn": existingQueue, "BucketName": "labels", "DestinationKmsKeyArn": existingKey,
		},
		environment: map[string]string{
			"LABELBOX_WEBHOOK_SECRET_ID": newSecret,
			"LABELHOOK_DESTINATIONS":     "log:",
		},
		resources: slices.Concat(byUrl, []string{"Secret"}),
		denied: []request{
			{action: "sqs:SendMessage", resource: existingQueue},
			{action: "s3:PutObject", resource: "arn:aws:s3:::labels/labelbox/a.json"},
			{action: "kms:GenerateDataKey", resource: existingKey, via: "s3"},
		},
	},
}

func TestVariants(t *testing.T) {
	from := translation(t)
	for name, want := range variants {
		t.Run(name, func(t *testing.T) {
			got := deploy(t, from, want.parameters)
			resources := slices.Sorted(slices.Values(slices.Concat(always, want.resources)))
			if !slices.Equal(got.names(), resources) {
				t.Errorf("resources\n%q, want\n%q", got.names(), resources)
			}
			environment := map[string]string{"LABELHOOK_EVENTS": ""}
			maps.Copy(environment, want.environment)
			if !maps.Equal(got.environment("Receiver"), environment) {
				t.Errorf("environment\n%q, want\n%q", got.environment("Receiver"), environment)
			}
			if want.worker != nil {
				want.worker.is(t, got)
			}
			if key := got.Outputs["SecretArn"].Value; key != strings.TrimSuffix(environment["LABELBOX_WEBHOOK_SECRET_ID"], "#webhook") {
				t.Errorf("the output SecretArn is %v", key)
			}
			url, _ := got.Outputs["Url"].Value.(string)
			if host := map[bool]string{true: "execute-api", false: "lambda-url"}[want.parameters["Endpoint"] == "HttpApi"]; !strings.Contains(url, host) || !strings.HasSuffix(url, "/") {
				t.Errorf("the output Url is %s", url)
			}
		})
	}
}

// is says where the stack's worker is another.
func (w *worker) is(t *testing.T, got stack) {
	t.Helper()
	if environment := got.environment("WorkerFunction"); !maps.Equal(environment, w.environment) {
		t.Errorf("the worker's environment\n%q, want\n%q", environment, w.environment)
	}
	mapping := jsonText(t, got.Resources["WorkerMessages"].Properties)
	if want := `{"BatchSize":10,"EventSourceArn":"` + w.messages + `","FunctionName":"WorkerFunction","FunctionResponseTypes":["ReportBatchItemFailures"]}`; mapping != want {
		t.Errorf("the worker takes from\n%s, want\n%s", mapping, want)
	}
	rule, found := got.Resources["WorkerRule"]
	if found != (w.pattern != "") || found && jsonText(t, rule.Properties["EventPattern"]) != w.pattern {
		t.Errorf("the rule is %v, want the pattern %s", rule.Properties, w.pattern)
	}
	if !found {
		return
	}
	targets := `[{"Arn":"` + w.messages + `","DeadLetterConfig":{"Arn":"arn:aws:sqs:us-east-1:123456789012:DeadLetterQueue"},"Id":"worker"}]`
	if text := jsonText(t, rule.Properties["Targets"]); text != targets {
		t.Errorf("the rule sends to %s, want %s", text, targets)
	}
	for queue, sid := range map[string]string{"Queue": "TakeFromBus", "DeadLetterQueue": "KeepWhatTheQueueRefused"} {
		want := `{"Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:events:us-east-1:123456789012:rule/WorkerRule"}},"Effect":"Allow",` +
			`"Principal":{"Service":"events.amazonaws.com"},"Resource":"arn:aws:sqs:us-east-1:123456789012:` + queue + `","Sid":"` + sid + `"}`
		if text := jsonText(t, got.Resources[queue+"Policy"].Properties["PolicyDocument"]); !strings.Contains(text, want) {
			t.Errorf("the rule may not send to %s: %s", queue, text)
		}
	}
}

// A worker behind a log would wait for ever.
func TestRuleRefusesAWorkerBehindALog(t *testing.T) {
	rule := jsonText(t, translation(t).Rules["WorkerHasAQueue"])
	for _, want := range []string{
		`"RuleCondition":{"Fn::Equals":[{"Ref":"Worker"},"true"]}`,
		`"Assert":{"Fn::Not":[{"Fn::Equals":[{"Ref":"Destination"},"log"]}]}`,
	} {
		if !strings.Contains(rule, want) {
			t.Errorf("the rule is %s, without %s", rule, want)
		}
	}
}

// A message that is being worked on is nobody else's: the queue hides it for six times
// as long as the function may take
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html).
func TestQueueHidesWhatTheWorkerWorksOn(t *testing.T) {
	got := deploy(t, translation(t), map[string]string{"Worker": "true"})
	timeout, hidden := got.Resources["WorkerFunction"].Properties["Timeout"].(float64), got.Resources["Queue"].Properties["VisibilityTimeout"].(float64)
	if hidden < 6*timeout {
		t.Errorf("hidden for %v s, but the function may take %v s", hidden, timeout)
	}
}

// What the template writes into the environment must be what the functions
// read there.
func TestFunctionsTakeTheEnvironment(t *testing.T) {
	from := translation(t)
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			made := deploy(t, from, v.parameters)
			platform := func(function string, openS3 func(string) (core.Handler, error)) environment.Platform {
				variables := made.environment(function)
				return environment.Platform{
					Getenv:  func(name string) string { return variables[name] },
					Options: core.Options{Destinations: map[string]func(string) (core.Handler, error){"sqs": sqs.Open, "eventbridge": eventbridge.Open, "s3": openS3}},
					Manager: aws.SecretsManager{}.Secrets,
				}
			}
			if _, _, err := environment.Receiver(platform("Receiver", s3.Open)); err != nil {
				t.Error(err)
			}
			if v.worker == nil {
				return
			}
			w, _, err := environment.Worker(platform("WorkerFunction", s3.OpenSource))
			if err != nil || (w.Overflow != nil) != (v.worker.environment["LABELHOOK_OVERFLOW"] != "") || (len(w.Sources) > 0) != (v.worker.environment["LABELHOOK_SOURCES"] != "") {
				t.Errorf("the worker is %+v, %v", w, err)
			}
		})
	}
}

func TestCloudFormationLinter(t *testing.T) {
	linter := required.Program(t, "cfn-lint", "pip install cfn-lint")
	from := translation(t)
	translationFile := filepath.Join(t.TempDir(), "translation.json")
	required.NoError(t, os.WriteFile(translationFile, translated.text, 0o600))
	var deployed []string
	for name, v := range variants {
		deployed = append(deployed, deploy(t, from, v.parameters).write(t, name))
	}
	for name, test := range map[string]struct{ options, files []string }{
		"what is written":             {nil, []string{"../../template.yaml"}},
		"what the translator makes":   {nil, []string{translationFile}},
		"what CloudFormation creates": {[]string{"--ignore-checks", "E3502"}, deployed}, // which needs a reference to know the dead-letter queue
	} {
		t.Run(name, func(t *testing.T) {
			arguments := slices.Concat([]string{"--regions", region}, test.options, []string{"--"}, test.files)
			if out, err := exec.Command(linter, arguments...).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
				t.Errorf("cfn-lint: %v\n%s", err, out)
			}
		})
	}
}

func TestSAMValidates(t *testing.T) {
	sam, err := exec.LookPath("sam")
	if err != nil {
		t.Skip("the SAM CLI is missing, so sam validate was not tried: its parts, cfn-lint and the translator, are in the other tests")
	}
	if out, err := exec.Command(sam, "validate", "--lint", "--region", region, "--template", "../../template.yaml").CombinedOutput(); err != nil {
		t.Errorf("sam validate: %v\n%s", err, out)
	}
}

// Without either permission every call to the URL is answered 403.
func TestFunctionURLHasItsTwoPermissions(t *testing.T) {
	got := deploy(t, translation(t), nil)
	if url := got.Resources["ReceiverUrl"].Properties; url["AuthType"] != "NONE" || url["TargetFunctionArn"] != "Receiver" {
		t.Errorf("the URL is %v", url)
	}
	var permissions []string
	for _, name := range got.names() {
		if r := got.Resources[name]; r.Type == "AWS::Lambda::Permission" {
			permissions = append(permissions, jsonText(t, r.Properties))
		}
	}
	want := []string{
		`{"Action":"lambda:InvokeFunction","FunctionName":"Receiver","InvokedViaFunctionUrl":true,"Principal":"*"}`,
		`{"Action":"lambda:InvokeFunctionUrl","FunctionName":"Receiver","FunctionUrlAuthType":"NONE","Principal":"*"}`,
	}
	if !slices.Equal(permissions, want) {
		t.Errorf("permissions\n%q, want\n%q", permissions, want)
	}
}

func TestOnlyAPIGatewayMayInvokeBehindAnHTTPAPI(t *testing.T) {
	got := deploy(t, translation(t), map[string]string{"Endpoint": "HttpApi"})
	for name, r := range got.Resources {
		if r.Type == "AWS::Lambda::Permission" && (name != "HttpApiPermission" || r.Properties["Principal"] != "apigateway.amazonaws.com" || r.Properties["SourceArn"] == nil) {
			t.Errorf("%s is %v", name, r.Properties)
		}
	}
}

func TestFunctionSettings(t *testing.T) {
	from := translation(t)
	for name, test := range map[string]struct {
		parameters map[string]string
		want       map[string]string
	}{
		"as it is": {nil, map[string]string{
			"Runtime": `"provided.al2023"`, "Handler": `"bootstrap"`, "Architectures": `["arm64"]`, "MemorySize": "256", "Timeout": "10",
			"Role":                         `"arn:aws:iam::123456789012:role/ReceiverRole"`,
			"LoggingConfig":                `{"ApplicationLogLevel":"INFO","LogFormat":"JSON","LogGroup":"Logs","SystemLogLevel":"WARN"}`,
			"ReservedConcurrentExecutions": "null",
		}},
		"quieter": {map[string]string{"LogLevel": "WARN"}, map[string]string{
			"LoggingConfig": `{"ApplicationLogLevel":"WARN","LogFormat":"JSON","LogGroup":"Logs","SystemLogLevel":"WARN"}`,
		}},
		"never so quiet that printed deliveries are lost": {map[string]string{"LogLevel": "WARN", "Destination": "log"}, map[string]string{
			"LoggingConfig": `{"ApplicationLogLevel":"INFO","LogFormat":"JSON","LogGroup":"Logs","SystemLogLevel":"WARN"}`,
		}},
		"switched off": {map[string]string{"ReservedConcurrency": "0"}, map[string]string{"ReservedConcurrentExecutions": `"0"`}},
	} {
		t.Run(name, func(t *testing.T) {
			properties := deploy(t, from, test.parameters).Resources["Receiver"].Properties
			for property, want := range test.want {
				if got := jsonText(t, properties[property]); got != want {
					t.Errorf("%s is %s, want %s", property, got, want)
				}
			}
		})
	}
}

func TestLogsExpire(t *testing.T) {
	from := translation(t)
	for days, parameters := range map[string]map[string]string{`30`: nil, `365`: {"LogRetentionDays": "365"}} {
		group := deploy(t, from, parameters).Resources["Logs"]
		if got := strings.Trim(jsonText(t, group.Properties["RetentionInDays"]), `"`); got != days {
			t.Errorf("log lines are kept for %s days, want %s", got, days)
		}
	}
}

func TestWhatHoldsDeliveriesOrTheSecretOutlivesTheStack(t *testing.T) {
	got := deploy(t, translation(t), nil)
	for _, name := range []string{"Bucket", "DeadLetterQueue", "Queue", "Secret"} {
		if policy := got.Resources[name].DeletionPolicy; policy != "Retain" {
			t.Errorf("%s has the deletion policy %q", name, policy)
		}
	}
	generate := jsonText(t, got.Resources["Secret"].Properties["GenerateSecretString"])
	if want := `{"ExcludePunctuation":true,"PasswordLength":48}`; generate != want {
		t.Errorf("the secret is made by %s, want %s", generate, want)
	}
}

// Whoever has the right to, may use what the stack makes by HTTPS only.
func TestPlainHTTPIsRefused(t *testing.T) {
	got := deploy(t, translation(t), nil)
	refused := map[string][]string{} // actions, by resource
	for name, r := range got.Resources {
		if r.Type != "AWS::SQS::QueuePolicy" && r.Type != "AWS::S3::BucketPolicy" {
			continue
		}
		if r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain" {
			t.Errorf("%s ends before what it protects", name)
		}
		for _, s := range r.Properties["PolicyDocument"].(map[string]any)["Statement"].([]any) {
			statement := s.(map[string]any)
			if statement["Effect"] != "Deny" || statement["Principal"] != "*" || jsonText(t, statement["Condition"]) != `{"Bool":{"aws:SecureTransport":"false"}}` {
				t.Errorf("%s says %v", name, statement)
			}
			for _, resource := range list(statement["Resource"]) {
				refused[resource] = append(refused[resource], list(statement["Action"])...)
			}
		}
	}
	want := map[string][]string{}
	for name, r := range got.Resources {
		switch r.Type {
		case "AWS::SQS::Queue":
			want["arn:aws:sqs:us-east-1:123456789012:"+name] = []string{"sqs:*"}
		case "AWS::S3::Bucket":
			want["arn:aws:s3:::hook-bucket"], want["arn:aws:s3:::hook-bucket/*"] = []string{"s3:*"}, []string{"s3:*"}
		}
	}
	if !reflect.DeepEqual(refused, want) || len(want) != 4 {
		t.Errorf("refused are %q, want %q", refused, want)
	}
}

func TestAlarmsReachWhoeverIsNamed(t *testing.T) {
	from := translation(t)
	for name, test := range map[string]struct{ email, topic, want string }{
		"nobody":         {"", "", `[]`},
		"an address":     {"a@example.com", "", `["arn:aws:sns:us-east-1:123456789012:AlarmTopic"]`},
		"a topic":        {"", existingTopic, `["` + existingTopic + `"]`},
		"both are named": {"a@example.com", existingTopic, `["arn:aws:sns:us-east-1:123456789012:AlarmTopic","` + existingTopic + `"]`},
	} {
		t.Run(name, func(t *testing.T) {
			got := deploy(t, from, map[string]string{"AlarmEmail": test.email, "AlarmTopicArn": test.topic})
			alarms := 0
			for name, r := range got.Resources {
				if r.Type == "AWS::CloudWatch::Alarm" {
					alarms++
					if actions := jsonText(t, r.Properties["AlarmActions"]); actions != test.want {
						t.Errorf("%s goes to %s, want %s", name, actions, test.want)
					}
				}
			}
			if alarms != 5 {
				t.Errorf("there are %d alarms", alarms)
			}
		})
	}
}

// The alarms on deliveries live on the log's lines, so these must say what the
// metric filters look for.
func TestMetricFiltersFindTheReceiversLines(t *testing.T) {
	got := deploy(t, translation(t), nil)
	permanent := core.HandlerFunc(func(context.Context, *core.Delivery) error { return core.Permanent(context.Canceled) })
	takes := core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })
	for name, test := range map[string]struct {
		handler, deadLetter core.Handler
		failed, dead        bool
	}{
		"taken":                   {takes, nil, false, false},
		"refused for good":        {permanent, nil, true, false},
		"kept as a dead letter":   {permanent, takes, false, true},
		"kept nowhere whatsoever": {permanent, permanent, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			var line bytes.Buffer
			logLine(t, &line, test.handler, test.deadLetter)
			var logged struct {
				Status  int
				Outcome string
			}
			if err := json.Unmarshal(line.Bytes(), &logged); err != nil {
				t.Fatalf("%v: %s", err, &line)
			}
			for filter, matches := range map[string]struct {
				pattern  string
				got, yes bool
			}{
				"FailedDeliveries": {"{ $.status >= 500 }", logged.Status >= 500, test.failed},
				"DeadLetters":      {`{ $.outcome = "dead_lettered" }`, logged.Outcome == "dead_lettered", test.dead},
			} {
				if pattern := got.Resources[filter].Properties["FilterPattern"]; pattern != matches.pattern {
					t.Errorf("%s looks for %v, but the test for %s", filter, pattern, matches.pattern)
				}
				if matches.got != matches.yes {
					t.Errorf("%s matches %v, want %v: %s", filter, matches.got, matches.yes, &line)
				}
			}
		})
	}
}

// logLine writes what a receiver logs about one genuine delivery.
func logLine(t *testing.T, line *bytes.Buffer, handler, deadLetter core.Handler) {
	t.Helper()
	key, err := secret.New("a secret of the test")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	receiver := core.Receiver{Secrets: secrets, Handler: handler, DeadLetter: deadLetter, Observe: core.LogTo(aws.NewLogger(line, slog.LevelInfo))}
	body := samples.All()[0].Body()
	receiver.Receive(t.Context(), core.Request{Method: "POST", Body: body, Header: http.Header{core.SignatureHeader: {core.Sign(body, key)}}})
}
