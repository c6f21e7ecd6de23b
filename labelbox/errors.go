package labelbox

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The kinds of failure, for errors.Is. Every [*Error] is of exactly one kind.
var (
	ErrAuthentication = errors.New("the API key is not accepted")
	ErrAuthorization  = errors.New("not allowed") // by the key's role, or by the plan of the organisation
	ErrNotFound       = errors.New("not found")
	ErrConflict       = errors.New("conflict")
	ErrInvalid        = errors.New("invalid")           // refused as wrong, by this package before sending or by Labelbox
	ErrRateLimit      = errors.New("too many requests") // see [Error.RetryAfter]
	ErrServer         = errors.New("the server failed") // a 5xx answer, or an internal error in another one
	ErrTransport      = errors.New("no answer")         // no connection, a lost one, a timeout, or the context ended
	ErrUnexpected     = errors.New("unexpected answer") // not one of Labelbox's API, or an error code unknown here
)

// ErrOutcomeUnknown is matched by an [*OutcomeUnknownError] only.
var ErrOutcomeUnknown = errors.New("it is not known whether the webhook was created")

// Error is a failed operation. Its texts are one line each and free of the API
// key and of secrets, also where the server wrote them.
type Error struct {
	Operation string // what was asked for: "create webhook"
	Kind      error  // one of the Err… values above
	Message   string // Labelbox's own message, or this package's where there is none
	Code      string // Labelbox's error code, such as RESOURCE_NOT_FOUND; "" if there is none
	Status    int    // the HTTP status; 0 if no answer came, or nothing was sent
	RequestID string // by which Labelbox's support finds the request; "" if the answer had none

	// RetryAfter is how long the server wants to be left alone, counted from
	// its answer; 0 if it did not say.
	RetryAfter time.Duration

	cause     error // of a missing answer: the context's error, or the network's
	temporary bool  // the same request may do better later
	doubtful  bool  // the request may have been carried out
}

// Error returns one line: what was asked for, the kind, the message, and in
// brackets what support needs.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Operation, e.Kind)
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	var facts []string
	if e.Code != "" {
		facts = append(facts, e.Code)
	}
	if e.Status != 0 {
		facts = append(facts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if e.RetryAfter > 0 {
		facts = append(facts, fmt.Sprintf("retry after %v", e.RetryAfter))
	}
	if len(facts) > 0 {
		b.WriteString(" (" + strings.Join(facts, ", ") + ")")
	}
	return b.String()
}

// Unwrap returns the kind and, where no answer came, why: errors.Is finds
// context.Canceled and context.DeadlineExceeded.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

// OutcomeUnknownError is a creation that was sent and may or may not have
// happened: the answer was lost, and looking for the webhook
// afterwards did not settle it. Creating it again could make a second one that
// delivers everything twice; list the webhooks first.
type OutcomeUnknownError struct {
	Lost   error // the [*Error] that came in place of the answer
	Search error // why the search could not be finished; nil if it was

	// Found are the webhooks that appeared meanwhile and look like the one that
	// was asked for: none, or more than one.
	Found []Webhook
}

// Error returns one line.
func (e *OutcomeUnknownError) Error() string {
	switch {
	case e.Search != nil:
		return fmt.Sprintf("%v; %v, for the search failed as well: %v", e.Lost, ErrOutcomeUnknown, e.Search)
	case len(e.Found) > 0:
		return fmt.Sprintf("%v; %v, for %d new ones look like it", e.Lost, ErrOutcomeUnknown, len(e.Found))
	}
	return fmt.Sprintf("%v; %v: it is not in the list, but may still appear", e.Lost, ErrOutcomeUnknown)
}

// Unwrap returns [ErrOutcomeUnknown] and the error that came in place of the
// answer.
func (e *OutcomeUnknownError) Unwrap() []error { return []error{ErrOutcomeUnknown, e.Lost} }
