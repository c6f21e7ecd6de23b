package conformance

import (
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// Case is one request and what must become of it.
type Case struct {
	Name    string
	Method  string
	Header  []Field // in this order and spelling; names may repeat. Host and framing are the host's
	Body    []byte  // may be anything, UTF-8 or not
	Framing Framing
	Times   int // how often it is sent, one after the other; 0 means once
	Want    Verdict
}

// Field is one line of a header.
type Field struct{ Name, Value string }

// Framing is how HTTP/1.1 tells where the body ends.
type Framing int

// The framings.
const (
	ContentLength Framing = iota
	Chunked               // in several chunks, without a Content-Length
)

// Verdict is what a request is answered, and whether it goes any further: the
// destination gets the exact body if it is [Accepted], and else nothing.
type Verdict struct {
	Status int
	Code   core.Code // of the problem; for 200 the status word, accepted or ignored
	Header []Field   // must be in the answer; an empty value means any value

	// Of a 200. Version is checked where the destination keeps attributes.
	Event   payload.Event
	Version payload.Version
}

// Accepted and Ignored are the codes of a 200.
const (
	Accepted = "accepted"
	Ignored  = "ignored"
)

var (
	allowPost  = []Field{{"Allow", "POST"}}
	retryAfter = []Field{{"Retry-After", ""}}
)

// The verdicts besides 200.
var (
	NotAllowed  = Verdict{Status: 405, Code: core.CodeMethodNotAllowed, Header: allowPost}
	Missing     = Verdict{Status: 401, Code: core.CodeSignatureMissing}
	Malformed   = Verdict{Status: 401, Code: core.CodeSignatureMalformed}
	Mismatch    = Verdict{Status: 401, Code: core.CodeSignatureMismatch}
	TooLarge    = Verdict{Status: 413, Code: core.CodeBodyTooLarge}
	Empty       = Verdict{Status: 400, Code: core.CodeBodyEmpty}
	Unavailable = Verdict{Status: 503, Code: core.CodeSecretUnavailable, Header: retryAfter}
	Failed      = Verdict{Status: 503, Code: core.CodeDeliveryFailed, Header: retryAfter}
	Looping     = Verdict{Status: 508, Code: core.CodeLoopDetected}
	Rejected    = Verdict{Status: 500, Code: core.CodeDeliveryRejected}
)

func accepted(event payload.Event, version payload.Version) Verdict {
	return Verdict{Status: 200, Code: Accepted, Event: event, Version: version}
}

func ignored(event payload.Event) Verdict {
	return Verdict{Status: 200, Code: Ignored, Event: event}
}
