package aws_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// request is something that the function might ask of AWS.
type request struct {
	action, resource string
	via              string // the service that asks on the function's behalf, in the stack's region unless it names another
}

// takes is what a worker does and no receiver may.
var takes = request{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:Queue"}

// workersLog is what every worker must be able to do.
var workersLog = []request{
	{action: "logs:CreateLogStream", resource: "arn:aws:logs:us-east-1:123456789012:log-group:WorkerLogs:log-stream:s"},
	{action: "logs:PutLogEvents", resource: "arn:aws:logs:us-east-1:123456789012:log-group:WorkerLogs:log-stream:s"},
}

// neverAllowed is what no variant of a function may do.
var neverAllowed = []request{
	{action: "secretsmanager:GetSecretValue", resource: "arn:aws:secretsmanager:us-east-1:123456789012:secret:neighbour-AbCdEf"},
	{action: "secretsmanager:PutSecretValue", resource: newSecret},
	{action: "secretsmanager:PutSecretValue", resource: existingSecret},
	{action: "secretsmanager:DeleteSecret", resource: newSecret},
	{action: "sqs:SendMessage", resource: "arn:aws:sqs:us-east-1:123456789012:neighbour"},
	{action: "sqs:ReceiveMessage", resource: "arn:aws:sqs:us-east-1:123456789012:neighbour"},
	{action: "events:PutEvents", resource: "arn:aws:events:us-east-1:123456789012:event-bus/neighbour"},
	{action: "s3:PutObject", resource: "arn:aws:s3:::neighbour/labelbox/a.json"},
	{action: "s3:GetObject", resource: "arn:aws:s3:::neighbour/labelbox/a.json"},
	{action: "kms:Decrypt", resource: existingKey, via: "ec2"},
	{action: "logs:PutLogEvents", resource: "arn:aws:logs:us-east-1:123456789012:log-group:neighbour:log-stream:s"},
	{action: "logs:CreateLogGroup", resource: "arn:aws:logs:us-east-1:123456789012:log-group:neighbour"},
	{action: "lambda:InvokeFunction", resource: "arn:aws:lambda:us-east-1:123456789012:function:neighbour"},
	{action: "iam:PassRole", resource: "arn:aws:iam::123456789012:role/ReceiverRole"},
}

// alwaysAllowed is what every receiver must be able to do.
var alwaysAllowed = []request{
	{action: "logs:CreateLogStream", resource: "arn:aws:logs:us-east-1:123456789012:log-group:Logs:log-stream:s"},
	{action: "logs:PutLogEvents", resource: "arn:aws:logs:us-east-1:123456789012:log-group:Logs:log-stream:s"},
}

func TestRoleAllowsWhatIsNeededAndNothingElse(t *testing.T) {
	node := required.Program(t, "node", "apt-get install nodejs")
	modules, err := filepath.Abs("../../.tools/iam-simulate")
	required.NoError(t, err)
	if found, _ := filepath.Glob(modules + "/node_modules/@cloud-copilot/iam-simulate"); found == nil {
		required.Missing(t, "the policy simulator", "make -f deploy/aws/Makefile iam-simulate")
	}
	from := translation(t)

	type question struct {
		Policy   any               `json:"policy"`
		Action   string            `json:"action"`
		Resource string            `json:"resource"`
		Context  map[string]string `json:"context"`
		variant  string
		want     string
	}
	var questions []question
	for name, v := range variants {
		made := deploy(t, from, v.parameters)
		ask := func(role, want string, requests []request) {
			policy := made.Resources[role].Properties["Policies"].([]any)[0].(map[string]any)["PolicyDocument"]
			for _, r := range requests {
				q := question{Policy: policy, Action: r.action, Resource: r.resource, variant: name + ", " + role, want: want}
				if r.via != "" {
					via := r.via
					if !strings.Contains(via, ".") {
						via += "." + region
					}
					q.Context = map[string]string{"kms:ViaService": via + ".amazonaws.com"}
				}
				questions = append(questions, q)
			}
		}
		ask("ReceiverRole", "Allowed", slices.Concat(alwaysAllowed, v.allowed))
		ask("ReceiverRole", "ImplicitlyDenied", slices.Concat(neverAllowed, v.denied, []request{takes}))
		if v.worker != nil {
			ask("WorkerRole", "Allowed", slices.Concat(workersLog, v.worker.allowed))
			ask("WorkerRole", "ImplicitlyDenied", slices.Concat(neverAllowed, v.worker.denied, alwaysAllowed))
		}
	}
	cmd := exec.Command(node, "testdata/iam-simulate/simulate.cjs", modules)
	cmd.Stdin = strings.NewReader(jsonText(t, questions))
	out, err := cmd.Output()
	required.NoError(t, err)
	var verdicts []string
	if err := json.Unmarshal(out, &verdicts); err != nil || len(verdicts) != len(questions) {
		t.Fatalf("%d verdicts on %d questions, %v: %s", len(verdicts), len(questions), err, out)
	}
	for i, q := range questions {
		if verdicts[i] != q.want {
			t.Errorf("%s: %s on %s with %v is %s, want %s", q.variant, q.Action, q.Resource, q.Context, verdicts[i], q.want)
		}
	}
}

// The policy names its resources one by one; a star stands only for the names
// of log streams and objects.
func TestRoleHasNoWildcards(t *testing.T) {
	from := translation(t)
	for name, v := range variants {
		for role, r := range deploy(t, from, v.parameters).Resources {
			if r.Type == "AWS::IAM::Role" {
				hasNoWildcards(t, name+", "+role, r.Properties)
			}
		}
	}
}

func hasNoWildcards(t *testing.T, name string, role map[string]any) {
	t.Helper()
	if role["ManagedPolicyArns"] != nil {
		t.Errorf("%s: the role has managed policies", name)
	}
	policies := role["Policies"].([]any)
	if len(policies) != 1 {
		t.Fatalf("%s: the role has %d policies", name, len(policies))
	}
	for _, s := range policies[0].(map[string]any)["PolicyDocument"].(map[string]any)["Statement"].([]any) {
		statement := s.(map[string]any)
		for _, action := range list(statement["Action"]) {
			if strings.Contains(action, "*") {
				t.Errorf("%s: the action %s", name, action)
			}
		}
		for _, arn := range list(statement["Resource"]) {
			fixed := strings.TrimSuffix(arn, "*")
			if strings.Contains(fixed, "*") || fixed != arn && !strings.HasPrefix(arn, "arn:aws:logs:") && !strings.HasPrefix(arn, "arn:aws:s3:") {
				t.Errorf("%s: the resource %s", name, arn)
			}
		}
	}
}

// list is what IAM lets be written as one item or many.
func list(value any) []string {
	items, many := value.([]any)
	if !many {
		return []string{value.(string)}
	}
	var texts []string
	for _, item := range items {
		texts = append(texts, item.(string))
	}
	return texts
}
