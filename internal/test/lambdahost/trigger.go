package lambdahost

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// Request is what a client sends to a trigger.
type Request struct {
	Method string
	Header [][2]string // names and values, as they are sent; names may repeat
	Body   []byte
}

// Answer is what a trigger sends back. Header has canonical names.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Trigger is a service that puts HTTP requests into events for Lambda and answers
// out of what comes back. A trigger is a model of its service, from the
// documentation and from the events in aws-lambda-go's test data:
//
//	https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
//	https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
//	https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
//	https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
type Trigger struct {
	Name string

	lower   bool                               // header names are lower-cased
	headers func(h [][2]string) map[string]any // what the event has of them
	base64  func(r Request) bool               // whether the body goes as base64
	event   func(r Request) map[string]any     // all else
	answer  func(answer) error                 // what the service would turn down
}

// The triggers.
var (
	// FunctionURL and HTTPAPI2 (an HTTP API with payload format 2.0) join a
	// header that is sent twice by a comma.
	FunctionURL = Trigger{"Function URL", true, joined, unlessText, functionURL, plain}
	HTTPAPI2    = Trigger{"HTTP API, payload 2.0", true, joined, unlessText, httpAPI2, plain}

	// HTTPAPI1 is an HTTP API with payload format 1.0. RESTAPI takes every body
	// for text, replacing what is none; RESTAPIBinary has */* among its binary
	// media types.
	HTTPAPI1      = Trigger{"HTTP API, payload 1.0", false, both, unlessText, httpAPI1, plain}
	RESTAPI       = Trigger{"REST API", false, both, never, restAPI, plain}
	RESTAPIBinary = Trigger{"REST API, binary media types */*", false, both, always, restAPI, plain}

	// ALB is an Application Load Balancer, which drops all but the last of a
	// header that is sent twice unless its target group is set to multi-value
	// headers, as ALBMulti's is.
	ALB      = Trigger{"ALB", true, last, unlessText, loadBalancer, albSingle}
	ALBMulti = Trigger{"ALB, multi-value headers", true, multi, unlessText, loadBalancer, albMultiple}
)

// Triggers returns all of them.
func Triggers() []Trigger {
	return []Trigger{FunctionURL, HTTPAPI2, HTTPAPI1, RESTAPI, RESTAPIBinary, ALB, ALBMulti}
}

// Event puts a request into an event.
func (t Trigger) Event(r Request) []byte {
	header := [][2]string{{"Host", "hook.example.com"}, {"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Port", "443"},
		{"X-Forwarded-Proto", "https"}, {"X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678"},
		{"Accept", "*/*"}, {"User-Agent", "labelbox"}, {"Content-Length", fmt.Sprint(len(r.Body))}}
	for _, h := range r.Header {
		header = append(header, [2]string{h[0], strings.TrimSpace(h[1])})
	}
	if t.lower {
		for i := range header {
			header[i][0] = strings.ToLower(header[i][0])
		}
	}
	e := t.event(r)
	for name, value := range t.headers(header) {
		e[name] = value
	}
	encoded := t.base64(r)
	e["isBase64Encoded"] = encoded
	switch {
	case encoded:
		e["body"] = base64.StdEncoding.EncodeToString(r.Body)
	case len(r.Body) > 0:
		e["body"] = string(r.Body) // encoding/json replaces what is not UTF-8, as the services do
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(e); err != nil {
		panic(err) // maps and strings only
	}
	return bytes.TrimSpace(b.Bytes())
}

// unlessText is whether the content type is not a text's, the content is
// encoded, or the bytes could not be put into JSON.
func unlessText(r Request) bool {
	contentType, _, err := mime.ParseMediaType(r.get("Content-Type"))
	text := err != nil || strings.HasPrefix(contentType, "text/") ||
		slices.Contains([]string{"application/json", "application/xml", "application/javascript"}, contentType)
	return len(r.Body) > 0 && (!text || r.get("Content-Encoding") != "" || !utf8.Valid(r.Body))
}

func never(Request) bool    { return false }
func always(r Request) bool { return len(r.Body) > 0 }

func (r Request) get(name string) string {
	for _, h := range r.Header {
		if strings.EqualFold(h[0], name) {
			return h[1]
		}
	}
	return ""
}

func joined(header [][2]string) map[string]any {
	m := map[string]string{}
	for _, h := range header {
		if before, found := m[h[0]]; found {
			m[h[0]] = before + "," + h[1]
		} else {
			m[h[0]] = h[1]
		}
	}
	return map[string]any{"headers": m}
}

func last(header [][2]string) map[string]any {
	m := map[string]string{}
	for _, h := range header {
		m[h[0]] = h[1]
	}
	return map[string]any{"headers": m}
}

func multi(header [][2]string) map[string]any {
	m := map[string][]string{}
	for _, h := range header {
		m[h[0]] = append(m[h[0]], h[1])
	}
	return map[string]any{"multiValueHeaders": m}
}

func both(header [][2]string) map[string]any {
	m := last(header)
	m["multiValueHeaders"] = multi(header)["multiValueHeaders"]
	return m
}

type object = map[string]any

func functionURL(r Request) object { return version2(r, "2f7c0c0example.lambda-url.us-east-1.on.aws") }
func httpAPI2(r Request) object    { return version2(r, "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com") }

func version2(r Request, domain string) object {
	id, _, _ := strings.Cut(domain, ".")
	return object{
		"version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "cookies": []string{"a=b"},
		"requestContext": object{
			"accountId": "anonymous", "apiId": id, "domainName": domain, "domainPrefix": id,
			"http":      object{"method": r.Method, "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "labelbox"},
			"requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599", "routeKey": "$default", "stage": "$default",
			"time": "12/Nov/2026:19:03:58 +0000", "timeEpoch": 1794510238000,
		},
	}
}

func restAPI(r Request) object {
	return object{
		"resource": "/{proxy+}", "path": "/hook", "httpMethod": r.Method, "queryStringParameters": nil,
		"multiValueQueryStringParameters": nil, "pathParameters": object{"proxy": "hook"}, "stageVariables": nil, "body": nil,
		"requestContext": object{
			"resourceId": "us4z18", "resourcePath": "/{proxy+}", "httpMethod": r.Method, "accountId": "123456789012",
			"protocol": "HTTP/1.1", "stage": "test", "requestId": "41b45ea3-70b5-11e6-b7bd-69b5aaebc7d9", "apiId": "wt6mne2s9k",
			"identity": object{"sourceIp": "203.0.113.7", "userAgent": "labelbox", "user": nil, "apiKey": nil},
		},
	}
}

func httpAPI1(r Request) object {
	e := restAPI(r)
	e["version"] = "1.0"
	return e
}

func loadBalancer(r Request) object {
	return object{
		"httpMethod": r.Method, "path": "/", "queryStringParameters": object{}, "body": "",
		"requestContext": object{"elb": object{
			"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/hook/6d0ecf831eec9f09"}},
	}
}

// answer is the union of all forms. Pointers tell what is not there.
type answer struct {
	StatusCode        *int                `json:"statusCode"`
	StatusDescription *string             `json:"statusDescription"`
	Headers           map[string]string   `json:"headers"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Body              *string             `json:"body"`
	IsBase64Encoded   *bool               `json:"isBase64Encoded"`
}

// Answer makes of a function's answer what the service would send. An error is
// an answer that some trigger would turn into a 502, or take for something else.
func (t Trigger) Answer(payload []byte) (Answer, error) {
	var a answer
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&a)
	switch {
	case err != nil:
		return Answer{}, err
	case a.StatusCode == nil || a.Body == nil || a.IsBase64Encoded == nil:
		return Answer{}, fmt.Errorf("no statusCode, body or isBase64Encoded in %s", payload)
	}
	if err := t.answer(a); err != nil {
		return Answer{}, err
	}
	header := http.Header{}
	for name, value := range a.Headers {
		header.Add(name, value)
	}
	for name, values := range a.MultiValueHeaders {
		for _, value := range values {
			header.Add(name, value)
		}
	}
	body := []byte(*a.Body)
	if *a.IsBase64Encoded {
		body, err = base64.StdEncoding.DecodeString(*a.Body)
	}
	return Answer{*a.StatusCode, header, body}, err
}

func plain(a answer) error {
	if a.StatusDescription != nil || a.Headers == nil {
		return fmt.Errorf("not an answer for API Gateway: %+v", a)
	}
	return nil
}

func albSingle(a answer) error {
	if a.Headers == nil || a.MultiValueHeaders != nil {
		return fmt.Errorf("the target group is set to single headers")
	}
	return described(a)
}

func albMultiple(a answer) error {
	if a.Headers != nil || a.MultiValueHeaders == nil {
		return fmt.Errorf("the target group is set to multi-value headers")
	}
	return described(a)
}

func described(a answer) error {
	want := fmt.Sprintf("%d %s", *a.StatusCode, http.StatusText(*a.StatusCode))
	if a.StatusDescription == nil || *a.StatusDescription != want {
		return fmt.Errorf("no statusDescription %q", want)
	}
	return nil
}
