package aws

import (
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/jsonscan"
)

// event is an HTTP request as one of Lambda's triggers puts it.
type event struct {
	format  format
	request core.Request
}

// format is that of an event and of the answer to it.
type format int

const (
	http2    format = iota // Function URL, HTTP API with payload format 2.0
	http1                  // REST API, HTTP API with payload format 1.0
	alb                    // Application Load Balancer
	albMulti               // the same, its target group set to multi-value headers
	foreign                // none of them
)

// decode reads an event in one pass. The request's header shares the event's
// memory, which the runtime uses again after the answer, until it is told to
// [header.Keep] what it has; its body does not.
//
// Names are matched and values are read as encoding/json does it; where that
// would take the last of two, which another reader need not, the event is
// refused. The error is an [*EventError].
func decode(payload []byte) (event, error) {
	e := envelope{scan: jsonscan.New(payload)}
	e.read()
	format, method := e.format()
	switch {
	case e.scan.End() != nil:
		return event{}, &EventError{Came: "not JSON"}
	case e.mismatch != "" || format == foreign || method == "":
		return event{}, unanswerable(payload, e.mismatch)
	}
	request := core.Request{Method: method, Header: &e.header}
	request.Body, request.BodyError = e.body.exact()
	return event{format, request}, nil
}

// format tells it by the request context.
func (e *envelope) format() (f format, method string) {
	switch {
	case e.seen&(methodArnPart|routeArnPart|connectionPart) != 0: // a Lambda authorizer's, or a WebSocket's
		return foreign, ""
	case e.seen&elbPart != 0 && e.inMulti:
		return albMulti, e.httpMethod
	case e.seen&elbPart != 0:
		return alb, e.httpMethod
	case e.seen&httpPart != 0:
		return http2, e.method
	case e.seen&httpMethodPart != 0:
		return http1, e.httpMethod
	}
	return foreign, ""
}
