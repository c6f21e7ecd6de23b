package aws_test

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// template is a CloudFormation template as JSON has it.
type template struct {
	Parameters map[string]parameter
	Rules      map[string]any
	Conditions map[string]any
	Resources  map[string]resource
	Outputs    map[string]output
}

type parameter struct {
	Description    string
	Default        any // a string or a number
	AllowedPattern string
	AllowedValues  []any
}

type resource struct {
	Type                string
	Condition           string         `json:",omitempty"`
	DeletionPolicy      string         `json:",omitempty"`
	UpdateReplacePolicy string         `json:",omitempty"`
	Properties          map[string]any `json:",omitempty"`
}

type output struct {
	Description string
	Condition   string `json:",omitempty"`
	Value       any
}

// translation is what AWS's own translator makes of template.yaml. Without the
// translator the test is skipped.
func translation(t *testing.T) template {
	t.Helper()
	python := required.Program(t, "python3", "apt-get install python3")
	if exec.Command(python, "-c", "import samtranslator").Run() != nil {
		required.Missing(t, "the SAM translator", "pip install aws-sam-translator")
	}
	text, err := translate(python)
	if err != nil {
		t.Fatalf("template.yaml is not translated: %v\n%s", err, text)
	}
	var translated template
	required.NoError(t, json.Unmarshal(text, &translated))
	return translated
}

var translated struct {
	sync.Once
	text []byte
	err  error
}

// translate runs the translator once for all tests. On failure the text is its
// complaint.
func translate(python string) ([]byte, error) {
	translated.Do(func() {
		cmd := exec.Command(python, "testdata/translate.py", "../../template.yaml")
		cmd.Env = append(os.Environ(), "AWS_DEFAULT_REGION=us-east-1")
		var complaint strings.Builder
		cmd.Stderr = &complaint
		if translated.text, translated.err = cmd.Output(); translated.err != nil {
			translated.text = []byte(complaint.String())
		}
	})
	return translated.text, translated.err
}

// stack is a template once CloudFormation has put in the parameters: no
// functions and conditions are left, and every name is one that AWS could give.
type stack struct {
	Resources map[string]resource
	Outputs   map[string]output
}

// deploy does what CloudFormation does with a template, for those functions
// that ours uses. What CloudFormation would refuse fails the test.
func deploy(t *testing.T, from template, parameters map[string]string) stack {
	t.Helper()
	d := &deployment{T: t, template: from, parameters: map[string]string{}}
	for name, p := range from.Parameters {
		switch value := p.Default.(type) {
		case string:
			d.parameters[name] = value
		case float64:
			d.parameters[name] = strconv.FormatFloat(value, 'f', -1, 64)
		default:
			t.Fatalf("parameter %s has no default: sam deploy must work without a question", name)
		}
	}
	for name, value := range parameters {
		p, exists := from.Parameters[name]
		if !exists {
			t.Fatalf("there is no parameter %s", name)
		}
		if !p.allows(value) {
			t.Fatalf("parameter %s does not allow %q", name, value)
		}
		d.parameters[name] = value
	}

	made := stack{map[string]resource{}, map[string]output{}}
	for name, r := range from.Resources {
		if r.Condition == "" || d.holds(r.Condition) {
			properties, _ := d.resolve(r.Properties).(map[string]any)
			made.Resources[name] = resource{r.Type, "", r.DeletionPolicy, r.UpdateReplacePolicy, properties}
		}
	}
	for name, o := range from.Outputs {
		if o.Condition == "" || d.holds(o.Condition) {
			made.Outputs[name] = output{Description: o.Description, Value: d.resolve(o.Value)}
		}
	}
	return made
}

// allows says whether CloudFormation takes the value.
func (p parameter) allows(value string) bool {
	if len(p.AllowedValues) > 0 {
		return slices.ContainsFunc(p.AllowedValues, func(allowed any) bool {
			n, isNumber := allowed.(float64)
			return allowed == value || isNumber && strconv.FormatFloat(n, 'f', -1, 64) == value
		})
	}
	return p.AllowedPattern == "" || regexp.MustCompile(`^(?:`+p.AllowedPattern+`)$`).MatchString(value)
}

type deployment struct {
	*testing.T
	template
	parameters map[string]string
}

const (
	region  = "us-east-1"
	account = "123456789012"
)

var pseudoParameters = map[string]any{
	"AWS::AccountId": account,
	"AWS::NoValue":   noValue{},
	"AWS::Partition": "aws",
	"AWS::Region":    region,
	"AWS::StackName": "hook",
	"AWS::URLSuffix": "amazonaws.com",
}

// noValue is AWS::NoValue: a property or item with it is left out.
type noValue struct{}

func (d *deployment) holds(condition string) bool {
	d.Helper()
	expression, exists := d.Conditions[condition]
	if !exists {
		d.Fatalf("there is no condition %s", condition)
	}
	return d.resolve(expression) == true
}

// resolve replaces every function in a value by what it yields.
func (d *deployment) resolve(value any) any {
	d.Helper()
	switch value := value.(type) {
	case map[string]any:
		if len(value) == 1 {
			for function, argument := range value {
				if function == "Ref" || function == "Condition" || strings.HasPrefix(function, "Fn::") {
					return d.call(function, argument)
				}
			}
		}
		resolved := map[string]any{}
		for key, member := range value {
			if member = d.resolve(member); member != (noValue{}) {
				resolved[key] = member
			}
		}
		return resolved
	case []any:
		resolved := []any{}
		for _, item := range value {
			if item = d.resolve(item); item != (noValue{}) {
				resolved = append(resolved, item)
			}
		}
		return resolved
	}
	return value
}

func (d *deployment) call(function string, argument any) any {
	d.Helper()
	if function == "Fn::If" { // which leaves the other branch alone
		branches := argument.([]any)
		if d.holds(branches[0].(string)) {
			return d.resolve(branches[1])
		}
		return d.resolve(branches[2])
	}
	switch function {
	case "Ref":
		return d.reference(argument.(string))
	case "Condition":
		if name, ok := argument.(string); ok {
			return d.holds(name)
		}
		return map[string]any{function: d.resolve(argument)} // of a policy
	case "Fn::GetAtt":
		if text, ok := argument.(string); ok {
			name, attribute, _ := strings.Cut(text, ".")
			return d.attribute(name, attribute)
		}
		return d.attribute(argument.([]any)[0].(string), argument.([]any)[1].(string))
	case "Fn::Sub":
		return d.substitute(argument)
	}
	arguments := d.resolve(argument).([]any)
	switch function {
	case "Fn::Equals":
		return arguments[0] == arguments[1]
	case "Fn::Not":
		return arguments[0] == false
	case "Fn::And":
		return !slices.Contains(arguments, any(false))
	case "Fn::Or":
		return slices.Contains(arguments, any(true))
	case "Fn::Split":
		var parts []any
		for _, part := range strings.Split(arguments[1].(string), arguments[0].(string)) {
			parts = append(parts, part)
		}
		return parts
	case "Fn::Select":
		index, err := strconv.Atoi(strings.TrimSpace(jsonText(d.T, arguments[0])))
		parts := arguments[1].([]any)
		if err != nil || index >= len(parts) {
			d.Fatalf("Fn::Select finds nothing at %v of %v", arguments[0], parts)
		}
		return parts[index]
	}
	d.Fatalf("the test does not know the function %s", function)
	return nil
}

func (d *deployment) substitute(argument any) any {
	d.Helper()
	text, isText := argument.(string)
	own := map[string]any{}
	if !isText {
		text = argument.([]any)[0].(string)
		own = d.resolve(argument.([]any)[1]).(map[string]any)
	}
	return regexp.MustCompile(`\$\{[^}]+\}`).ReplaceAllStringFunc(text, func(hole string) string {
		name := hole[2 : len(hole)-1]
		if value, exists := own[name]; exists {
			return value.(string)
		}
		if logical, attribute, found := strings.Cut(name, "."); found {
			return d.attribute(logical, attribute)
		}
		return d.reference(name).(string)
	})
}

func (d *deployment) reference(name string) any {
	d.Helper()
	if value, exists := pseudoParameters[name]; exists {
		return value
	}
	if value, exists := d.parameters[name]; exists {
		return value
	}
	switch d.typeOf(name) {
	case "AWS::SecretsManager::Secret":
		return "arn:aws:secretsmanager:" + region + ":" + account + ":secret:" + name + "-AbCdEf"
	case "AWS::SQS::Queue":
		return "https://sqs." + region + ".amazonaws.com/" + account + "/" + name
	case "AWS::SNS::Topic":
		return "arn:aws:sns:" + region + ":" + account + ":" + name
	case "AWS::S3::Bucket":
		return "hook-" + strings.ToLower(name)
	}
	return name
}

func (d *deployment) attribute(name, attribute string) string {
	d.Helper()
	switch kind := d.typeOf(name) + "." + attribute; kind {
	case "AWS::SQS::Queue.Arn":
		return "arn:aws:sqs:" + region + ":" + account + ":" + name
	case "AWS::S3::Bucket.Arn":
		return "arn:aws:s3:::hook-" + strings.ToLower(name)
	case "AWS::SQS::Queue.QueueName":
		return name
	case "AWS::Logs::LogGroup.Arn":
		return "arn:aws:logs:" + region + ":" + account + ":log-group:" + name + ":*"
	case "AWS::Events::Rule.Arn":
		return "arn:aws:events:" + region + ":" + account + ":rule/" + name
	case "AWS::IAM::Role.Arn":
		return "arn:aws:iam::" + account + ":role/" + name
	case "AWS::Lambda::Function.Arn":
		return "arn:aws:lambda:" + region + ":" + account + ":function:" + name
	case "AWS::Lambda::Url.FunctionUrl":
		return "https://abcdef.lambda-url." + region + ".on.aws/"
	case "AWS::ApiGatewayV2::Api.ApiEndpoint":
		return "https://abcdef.execute-api." + region + ".amazonaws.com"
	default:
		d.Fatalf("the test does not know %s", kind)
		return ""
	}
}

// typeOf is the type of a resource that the stack must have.
func (d *deployment) typeOf(name string) string {
	d.Helper()
	r, exists := d.template.Resources[name]
	if !exists || r.Condition != "" && !d.holds(r.Condition) {
		d.Fatalf("something refers to %s, which is not in the stack", name)
	}
	return r.Type
}

// environment is what a function finds in its environment.
func (s stack) environment(function string) map[string]string {
	variables := map[string]string{}
	properties := s.Resources[function].Properties
	for name, value := range properties["Environment"].(map[string]any)["Variables"].(map[string]any) {
		variables[name] = value.(string)
	}
	return variables
}

// write writes the stack as a template without functions, and returns its path.
func (s stack) write(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), strings.ReplaceAll(name, " ", "-")+".json")
	text := jsonText(t, map[string]any{"AWSTemplateFormatVersion": "2010-09-09", "Resources": s.Resources, "Outputs": s.Outputs})
	required.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func (s stack) names() []string { return slices.Sorted(maps.Keys(s.Resources)) }

func jsonText(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	required.NoError(t, err)
	return string(text)
}
