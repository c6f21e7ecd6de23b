package core

import (
	"errors"
	"strconv"

	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/jsonscan"
)

// What a [Request] is refused for before its signature is looked at.
var (
	ErrBodyTooLarge   = errors.New("the body is over the limit")
	ErrBodyEncoding   = errors.New("the body's encoding cannot be undone")
	ErrBodyIncomplete = errors.New("the body ended early")
	ErrOverloaded     = errors.New("there is no room for the body: too many are on their way in")

	// ErrBodyUnavailable is why a message is refused whose body is in a bucket.
	ErrBodyUnavailable = errors.New("the body is in a bucket and cannot be read now")

	// ErrMisconfigured is what the [secret.Source] of a receiver fails with that
	// cannot serve for another reason than its secrets.
	ErrMisconfigured = errors.New("wrong configuration")

	errMethod    = errors.New("the method is not POST")
	errBodyEmpty = errors.New("the body is empty")
)

// Response is what to answer a request.
type Response struct {
	Status  int           // the HTTP status
	Code    Code          // why it is refused; "" for 200
	Headers []HeaderField // shared: not to be changed
	Body    []byte        // JSON; never a cause, payload, digest or secret
}

// HeaderField is one header of a [Response].
type HeaderField struct{ Name, Value string }

// problem is one row of the table of refusals.
type problem struct {
	err    error
	status int
	code   Code
	title  string
	detail string
	header []HeaderField
}

var (
	allowPost  = []HeaderField{{"Allow", "POST"}}
	retryLater = []HeaderField{{"Retry-After", "10"}}
)

// problems maps every error to its answer. The first row that matches counts.
var problems = []problem{
	{errMethod, 405, CodeMethodNotAllowed, "Method not allowed",
		"Labelbox sends webhooks with POST.", allowPost},
	{ErrBodyTooLarge, 413, CodeBodyTooLarge, "Body too large",
		"The body is larger than this receiver accepts.", nil},
	{errBodyEmpty, 400, CodeBodyEmpty, "Body empty",
		"The request has no body. If one was sent chunked, a proxy in between dropped it.", nil},
	{ErrBodyEncoding, 400, CodeBodyEncoding, "Body encoding",
		"The host's encoding of the body could not be undone.", nil},
	{ErrBodyIncomplete, 400, CodeBodyIncomplete, "Body incomplete",
		"The connection or the chunked body ended before the whole body had come.", nil},
	{ErrOverloaded, 503, CodeOverloaded, "Overloaded",
		"This receiver has too many bodies in hand at the moment. Send it again.", retryLater},
	{errLoop, 508, CodeLoopDetected, "Loop detected",
		"The delivery has come through too many receivers: one passes it on to itself, or to one that sends it back.", nil},
	{ErrMisconfigured, 503, CodeMisconfigured, "Misconfigured",
		"This receiver is configured wrongly. Its log says how.", retryLater},
	{ErrForeign, 422, CodeForeignMessage, "Foreign message",
		"The message is no delivery that labelhook has sent.", nil},
	{ErrBodyUnavailable, 503, CodeBodyUnavailable, "Body unavailable",
		"The message refers to a body in a bucket that cannot be read now.", retryLater},
	{secret.ErrNone, 503, CodeSecretUnavailable, "Secret unavailable",
		"This receiver has no usable webhook secret at the moment.", retryLater},
	{ErrSignatureMissing, 401, CodeSignatureMissing, "Signature missing",
		"The request has no X-Hub-Signature header.", nil},
	{ErrSignatureMalformed, 401, CodeSignatureMalformed, "Signature malformed",
		"X-Hub-Signature must be sha1= and 40 hexadecimal digits, once.", nil},
	{ErrSignatureMismatch, 401, CodeSignatureMismatch, "Signature mismatch",
		"The signature does not belong to this body and the receiver's secret.", nil},
}

var (
	deliveryFailed = problem{nil, 503, CodeDeliveryFailed, "Delivery failed",
		"The delivery is genuine but could not be stored now. Send it again.", retryLater}
	deliveryRejected = problem{nil, 500, CodeDeliveryRejected, "Delivery rejected",
		"The delivery is genuine but could not be processed.", nil}
)

// refuse answers a request that was not believed.
func refuse(err error) Response {
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.response()
		}
	}
	return deliveryRejected.response() // an adapter's own BodyError
}

// response renders the problem as RFC 9457 has it.
func (p problem) response() Response {
	body := []byte(`{"type":"about:blank","title":"` + p.title + `","status":` + strconv.Itoa(p.status) +
		`,"code":"` + string(p.code) + `","detail":"` + p.detail + "\"}\n")
	return Response{p.status, p.code, append([]HeaderField{{"Content-Type", "application/problem+json"}}, p.header...), body}
}

var jsonHeaders = []HeaderField{{"Content-Type", "application/json"}}

// answer says what became of a delivery that was believed.
func answer(d *Delivery, outcome Outcome) Response {
	status := Accepted // a dead letter handler may have been the one that took it
	switch outcome {
	case Failed:
		return deliveryFailed.response()
	case Rejected:
		return deliveryRejected.response()
	case Ignored:
		status = Ignored
	}
	id := d.Reference()
	body := make([]byte, 0, 64+len(id)+len(d.Event))
	body = append(body, `{"status":"`...)
	body = append(body, status...)
	body = append(body, `","id":`...)
	body = jsonscan.AppendASCII(body, id)
	body = append(body, `,"event":"`...)
	body = append(body, d.Event...)
	body = append(body, "\"}\n"...)
	return Response{Status: 200, Headers: jsonHeaders, Body: body}
}
