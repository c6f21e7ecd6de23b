package aws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// EventError is an event that is not an HTTP request. Lambda gives it to
// the caller of the function; there is no HTTP client to answer.
type EventError struct {
	Came   string // what the event is, as far as that can be told
	Remedy string // what to do
}

func (e *EventError) Error() string {
	remedy := e.Remedy
	if remedy == "" {
		remedy = "invoke the function through one of those"
	}
	return "this function answers HTTP requests from a Function URL, API Gateway or an Application Load Balancer, but this event is " +
		e.Came + "; " + remedy
}

// unanswerable names an event that is well-formed JSON but no HTTP request, or
// says what is wrong with one that nearly is.
func unanswerable(payload []byte, mismatch string) error {
	var e clues
	json.Unmarshal(payload, &e) // an error leaves fields empty, and so another name
	var members map[string]json.RawMessage
	object := json.Unmarshal(payload, &members) == nil && members != nil
	source := e.EventSource
	if len(e.Records) > 0 {
		source = e.Records[0].EventSource
	}
	has := func(name string) bool { _, found := members[name]; return found }
	const trigger = "remove that trigger"
	switch {
	case !object:
		return &EventError{Came: "a JSON value that is not an object"}
	case service(source) != "":
		return &EventError{"from " + service(source), trigger}
	case has("detail-type"):
		return &EventError{"from EventBridge", trigger}
	case e.RequestContext.ServiceArn != "" || has("raw_path"):
		return &EventError{"a request from VPC Lattice, which Labelbox cannot reach", "use one of those"}
	case e.RequestContext.ConnectionID != "":
		return &EventError{"from an API Gateway WebSocket API", "use an HTTP API"}
	case has("methodArn"), has("routeArn"):
		return &EventError{"a question to a Lambda authorizer, which never sees a body", "set the function as the route's integration"}
	case has("key1"):
		return &EventError{"like the console's test event, but changed", testEvent}
	case mismatch != "":
		return &EventError{Came: "none that they send: unexpected " + mismatch}
	}
	return &EventError{Came: "an object with the members " + names(members)}
}

const testEvent = "for a test, take the console's template apigateway-http-api-proxy, or send a signed delivery to the function's URL"

// clues are what tells apart the events that Lambda's other triggers send.
type clues struct {
	EventSource string // also spelled with a capital, by SNS
	Records     []struct{ EventSource string }

	RequestContext struct{ ServiceArn, ConnectionID string }
}

// service names what is called aws:sqs or the like, "" if source is not: it may
// be anything then, and is not repeated.
func service(source string) string {
	name, found := strings.CutPrefix(source, "aws:")
	if !found || len(name) > 20 || strings.ContainsFunc(name, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return ""
	}
	switch name {
	case "dynamodb":
		return "DynamoDB"
	case "kafka":
		return "Kafka"
	case "kinesis":
		return "Kinesis"
	case "mq":
		return "Amazon MQ"
	case "rmq":
		return "RabbitMQ"
	}
	return strings.ToUpper(name)
}

// names lists some of the members, never a value.
func names(members map[string]json.RawMessage) string {
	const some = 5
	var all []string
	for name := range members {
		all = append(all, fmt.Sprintf("%.30q", name))
	}
	slices.Sort(all)
	if len(all) > some {
		all = append(all[:some], fmt.Sprintf("%d more", len(all)-some))
	}
	return strings.Join(all, ", ")
}
