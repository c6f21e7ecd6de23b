package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
	"github.com/labelhook/labelhook/internal/test/required"
)

// bootstrap is the function as it is deployed, but for this machine.
var bootstrap string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err == nil {
		bootstrap = filepath.Join(dir, "bootstrap")
		err = lambdahost.Build(bootstrap, ".")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func TestEveryFrontGetsTheSameVerdicts(t *testing.T) {
	for _, trigger := range lambdahost.Triggers() {
		t.Run(trigger.Name, func(t *testing.T) {
			destination := conformance.NewDestination(t)
			f := lambdahost.Start(t, bootstrap, conformance.Environment(destination.URL))
			conformance.Run(t, conformance.Cases(), conformance.Platform{
				Do:         through(f, trigger),
				Taken:      destination.Taken,
				Deviations: deviations(trigger),
			})
		})
	}
}

func TestWithoutSecretNobodyIsServed(t *testing.T) {
	for _, trigger := range lambdahost.Triggers() {
		t.Run(trigger.Name, func(t *testing.T) {
			destination := conformance.NewDestination(t)
			f := lambdahost.Start(t, bootstrap, conformance.EnvironmentWithoutSecret(destination.URL))
			conformance.Run(t, conformance.WithoutSecret(), conformance.Platform{Do: through(f, trigger), Taken: destination.Taken})
		})
	}
}

// through sends a case through a trigger.
func through(f *lambdahost.Function, trigger lambdahost.Trigger) func(t testing.TB, c conformance.Case) conformance.Answer {
	return func(t testing.TB, c conformance.Case) conformance.Answer {
		t.Helper()
		r := lambdahost.Request{Method: c.Method, Body: c.Body}
		for _, h := range c.Header {
			r.Header = append(r.Header, [2]string{h.Name, h.Value})
		}
		result, err := f.Invoke(trigger.Event(r))
		required.NoError(t, err)
		if result.Failed {
			t.Fatalf("the function failed: %s", result.Payload)
		}
		a, err := trigger.Answer(result.Payload)
		required.NoError(t, err)
		return conformance.Answer{Status: a.Status, Header: a.Header, Body: a.Body}
	}
}

// deviations are what the trigger itself does to a request.
func deviations(trigger lambdahost.Trigger) map[string]conformance.Deviation {
	switch trigger.Name {
	case lambdahost.FunctionURL.Name, lambdahost.HTTPAPI2.Name:
		return map[string]conformance.Deviation{
			"signature twice, the same": {Reason: "the trigger joins a repeated header by a comma", Want: &conformance.Malformed},
		}
	case lambdahost.ALB.Name:
		const reason = "without multi-value headers the load balancer passes on the last of a repeated header"
		return map[string]conformance.Deviation{
			"signature twice, right and wrong": {Reason: reason, Want: &conformance.Mismatch},
			"signature twice, wrong and right": {Reason: reason + ", here the right one"},
			"signature twice, right and empty": {Reason: reason, Want: &conformance.Missing},
		}
	case lambdahost.RESTAPI.Name:
		all := map[string]conformance.Deviation{}
		for _, name := range []string{
			"body with every byte there is", "body with every byte there is, chunked", "body that is not UTF-8",
			"body in UTF-16", "body compressed",
		} {
			all[name] = conformance.Deviation{
				Reason: "a REST API without binary media types replaces what is not UTF-8", Want: &conformance.Mismatch}
		}
		return all
	}
	return nil
}

// An event that is no HTTP request has nobody to answer: it is an error, whose
// text says what came, and the function goes on.
func TestOtherEventsAreErrorsThatNameThem(t *testing.T) {
	f := lambdahost.Start(t, bootstrap, conformance.Environment("log:"))
	for name, test := range map[string]struct{ event, want string }{
		"queue":                 {`{"Records":[{"messageId":"m","body":"{}","eventSource":"aws:sqs"}]}`, "SQS"},
		"topic":                 {`{"Records":[{"EventVersion":"1.0","EventSource":"aws:sns","Sns":{"Message":"m"}}]}`, "SNS"},
		"bucket":                {`{"Records":[{"eventSource":"aws:s3","s3":{}}]}`, "S3"},
		"bus":                   {`{"version":"0","detail-type":"Order","source":"my.app","detail":{}}`, "EventBridge"},
		"Lattice":               {`{"version":"2.0","path":"/","method":"POST","headers":{"host":["x"]},"body":"{}","requestContext":{"serviceArn":"arn:x"}}`, "VPC Lattice"},
		"Lattice 1":             {`{"raw_path":"/","method":"POST","headers":{"host":"x"},"body":"{}","is_base64_encoded":false}`, "VPC Lattice"},
		"WebSocket":             {`{"requestContext":{"routeKey":"$connect","connectionId":"c"},"isBase64Encoded":false}`, "WebSocket"},
		"authorizer":            {`{"type":"REQUEST","methodArn":"arn:x","httpMethod":"POST","headers":{}}`, "authorizer"},
		"authorizer 2":          {`{"version":"2.0","type":"REQUEST","routeArn":"arn:x","headers":{},"requestContext":{"http":{"method":"POST"}}}`, "authorizer"},
		"schedule and more":     {`{"version":"0","detail-type":"Scheduled Event","source":"aws.events","detail":{},"body":"SENSITIVE"}`, "EventBridge"},
		"schedule of one's own": {`{"version":"0","detail-type":"Scheduled Event","source":"my.app","detail":{}}`, "EventBridge"},
		"warm-up and more":      {`{"source":"serverless-plugin-warmup","order":1}`, `"order", "source"`},
		"warmer and more":       {`{"warmer":true,"concurrency":1,"body":"SENSITIVE"}`, `"body", "concurrency", "warmer"`},
		"console, changed":      {`{"key1":"value1","key2":"value2","key3":"SENSITIVE"}`, "console's test event"},
		"anything":              {`{"order":"SENSITIVE","b":1,"c":1,"d":1,"e":1,"f":1}`, `"b", "c", "d", "e", "f", 1 more`},
		"null":                  {`null`, "not an object"},
		"list":                  {`[]`, "not an object"},
		"string":                {`"SENSITIVE"`, "not an object"},
		"nothing":               {``, "not JSON"},
		"cut short":             {`{"httpMethod":"POST","body":"SENSITIVE`, "not JSON"},
		"body twice":            {`{"httpMethod":"POST","body":"SENSITIVE","body":"SENSITIVE"}`, "stands twice"},
		"body an object":        {`{"httpMethod":"POST","body":{"a":"SENSITIVE"}}`, "unexpected body"},
		"headers a list":        {`{"httpMethod":"POST","headers":["SENSITIVE"]}`, "unexpected headers"},
		"no method":             {`{"requestContext":{"http":{}},"body":"SENSITIVE"}`, `"body", "requestContext"`},
	} {
		t.Run(name, func(t *testing.T) {
			result, err := f.Invoke([]byte(test.event))
			required.NoError(t, err)
			var e struct{ ErrorType, ErrorMessage string }
			if err := json.Unmarshal(result.Payload, &e); err != nil || !result.Failed {
				t.Fatalf("failed %v, %v: %s", result.Failed, err, result.Payload)
			}
			if e.ErrorType != "EventError" || !strings.Contains(e.ErrorMessage, test.want) || strings.Contains(e.ErrorMessage, "\n") {
				t.Errorf("got %s %q, want …%s…", e.ErrorType, e.ErrorMessage, test.want)
			}
		})
	}
	if !f.Alive() {
		t.Error("the function has ended")
	}
	if strings.Contains(f.Log(), "SENSITIVE") {
		t.Errorf("the log tells what was in an event:\n%s", f.Log())
	}
	lines(t, f)
}

// What only keeps a function warm must not count among its errors, nor look
// like a delivery.
func TestPingsAreAnsweredQuietly(t *testing.T) {
	f := lambdahost.Start(t, bootstrap, conformance.Environment("log:"))
	for name, event := range map[string]string{
		"rule":              `{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events","account":"123456789012","time":"2026-11-25T00:00:00Z","region":"us-east-1","resources":["arn:aws:events:us-east-1:123456789012:rule/warm"],"detail":{}}`,
		"scheduler":         `{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.scheduler","account":"123456789012","time":"2026-11-25T00:00:00Z","region":"us-east-1","resources":[],"detail":"{}"}`,
		"serverless plugin": `{"source":"serverless-plugin-warmup"}`,
		"lambda-warmer":     `{"warmer":true,"concurrency":3}`,
		"console's test":    `{"key1":"value1", "key2":"value2", "key3":"value3"}`,
		"empty object":      ` { } `,
	} {
		t.Run(name, func(t *testing.T) {
			result, err := f.Invoke([]byte(event))
			if err != nil || result.Failed || string(result.Payload) != `{"status":"ping"}` {
				t.Errorf("%v, failed %v: %s", err, result.Failed, result.Payload)
			}
		})
	}
	if log := f.Log(); log != "" {
		t.Errorf("it logged\n%s", log)
	}
}

// What is nearly a ping may be somebody's data, and must be known to fail.
func TestWhatIsNearlyAPingIsAnError(t *testing.T) {
	f := lambdahost.Start(t, bootstrap, conformance.Environment("log:"))
	for name, event := range map[string]string{
		"rule with data":         `{"detail-type":"Scheduled Event","source":"aws.events","detail":{"label":"SENSITIVE"}}`,
		"scheduler with data":    `{"detail-type":"Scheduled Event","source":"aws.scheduler","detail":"{\"label\":\"SENSITIVE\"}"}`,
		"scheduler with text":    `{"detail-type":"Scheduled Event","source":"aws.scheduler","detail":"SENSITIVE"}`,
		"rule with a list":       `{"detail-type":"Scheduled Event","source":"aws.events","detail":["SENSITIVE"]}`,
		"one more member":        `{"source":"serverless-plugin-warmup","body":"SENSITIVE"}`,
		"a member twice":         `{"source":"SENSITIVE","source":"serverless-plugin-warmup"}`,
		"warmer with data":       `{"warmer":true,"concurrency":{"label":"SENSITIVE"}}`,
		"warmer that is false":   `{"warmer":false}`,
		"a list of pings":        `[{"warmer":true}]`,
		"a ping within":          `{"event":{"source":"serverless-plugin-warmup"}}`,
		"null":                   `null`,
		"bytes that are no text": "{\"warmer\":true,\"\xff\":1}",
	} {
		t.Run(name, func(t *testing.T) {
			result, err := f.Invoke([]byte(event))
			if err != nil || !result.Failed || strings.Contains(string(result.Payload), "SENSITIVE") {
				t.Errorf("%v, failed %v: %s", err, result.Failed, result.Payload)
			}
		})
	}
}

// Whatever else is in it, an HTTP request is judged as a delivery.
func TestADeliveryWithThePartsOfAPingIsADelivery(t *testing.T) {
	f := lambdahost.Start(t, bootstrap, conformance.Environment("log:"))
	for _, members := range []string{
		`"source":"serverless-plugin-warmup"`, `"warmer":true,"concurrency":1`, `"key1":"value1","key2":"value2","key3":"value3"`,
		`"detail-type":"Scheduled Event","source":"aws.events","detail":{}`,
	} {
		event := lambdahost.FunctionURL.Event(lambdahost.Request{Method: "POST", Body: []byte("{}")})
		result, err := f.Invoke([]byte("{" + members + "," + string(event[1:])))
		required.NoError(t, err)
		if answer, err := lambdahost.FunctionURL.Answer(result.Payload); err != nil || answer.Status != 401 {
			t.Errorf("%s: %v, %s", members, err, result.Payload)
		}
	}
}

// lines parses the log, which must be in Lambda's JSON format throughout.
func lines(t *testing.T, f *lambdahost.Function) (all []map[string]any) {
	t.Helper()
	for text := range strings.Lines(f.Log()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("%v: %s", err, text)
			continue
		}
		timestamp, _ := line["timestamp"].(string)
		if _, err := time.Parse(time.RFC3339Nano, timestamp); err != nil || line["level"] == nil || line["message"] == nil {
			t.Errorf("not in Lambda's format: %s", text)
		}
		all = append(all, line)
	}
	return all
}

func TestLogLines(t *testing.T) {
	destination := conformance.NewDestination(t)
	f := lambdahost.Start(t, bootstrap, conformance.Environment(destination.URL))
	send := func(name string) {
		t.Helper()
		for _, c := range conformance.Cases() {
			if c.Name == name {
				through(f, lambdahost.FunctionURL)(t, c)
			}
		}
	}
	send("chunked")
	send("forged with zeros")
	send("destination busy")
	all := lines(t, f)
	if len(all) != 3 {
		t.Fatalf("%d lines:\n%s", len(all), f.Log())
	}
	for i, want := range []map[string]any{
		{"level": "INFO", "outcome": "accepted", "status": 200.0, "delivery_id": "chunked", "event": "label.created"},
		{"level": "WARN", "outcome": "refused", "status": 401.0, "code": "signature_mismatch"},
		{"level": "ERROR", "outcome": "failed", "status": 503.0, "code": "delivery_failed"},
	} {
		want["requestId"] = fmt.Sprintf("8476a536-e9f4-11e8-9739-%012d", i+1)
		for name, value := range want {
			if all[i][name] != value {
				t.Errorf("line %d: %s is %v, want %v", i+1, name, all[i][name], value)
			}
		}
	}
	if strings.Contains(f.Log(), "sha1=") || strings.Contains(f.Log(), conformance.Secret) {
		t.Errorf("the log tells a signature or secret:\n%s", f.Log())
	}
}

func TestWrongConfigurationIsOneLineAndAReasonWithEveryRequest(t *testing.T) {
	variables := conformance.Environment("queue://SENSITIVE")
	f := lambdahost.Start(t, bootstrap, variables)
	all := lines(t, f)
	if len(all) != 1 || all[0]["level"] != "ERROR" {
		t.Fatalf("got:\n%s", f.Log())
	}
	reason, _ := all[0]["error"].(map[string]any)
	if reason["variable"] != "LABELHOOK_DESTINATIONS" || !strings.Contains(fmt.Sprint(reason["remedy"]), "sqs:…") {
		t.Errorf("got %v", reason)
	}
	for _, c := range conformance.WithoutSecret() {
		a := through(f, lambdahost.HTTPAPI2)(t, c)
		if a.Status != c.Want.Status {
			t.Errorf("%s: status %d", c.Name, a.Status)
		}
	}
	if all = lines(t, f); !strings.Contains(fmt.Sprint(all[1]["error"]), "LABELHOOK_DESTINATIONS") || all[1]["code"] != "misconfigured" {
		t.Errorf("got %v", all[1])
	}
	if strings.Contains(f.Log(), "SENSITIVE") {
		t.Errorf("the log tells a URL:\n%s", f.Log())
	}
}

// What is linked is AWS's alone.
func TestLinksNoOtherCloud(t *testing.T) {
	deps := func(pkg string) string {
		list := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", pkg)
		out, err := list.Output()
		if err != nil {
			t.Fatalf("%v: %v", list, err)
		}
		return string(out)
	}
	function := deps(".")
	for _, foreign := range []string{"cloud.google.com", "google.golang.org", "github.com/Azure", "labelhook/gcp", "labelhook/azure", "net/rpc", "modernc.org"} {
		if strings.Contains(function, foreign) {
			t.Errorf("the function links %s", foreign)
		}
	}
	library := deps("github.com/labelhook/labelhook/aws")
	for _, service := range []string{"sqs", "eventbridge", "s3"} {
		path := "github.com/aws/aws-sdk-go-v2/service/" + service + "\n"
		if strings.Contains(library, path) {
			t.Errorf("package aws links the client of %s", service)
		}
		if !strings.Contains(function, path) {
			t.Errorf("the function does not link the client of %s", service)
		}
	}
}
