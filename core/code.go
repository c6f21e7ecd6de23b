package core

import "errors"

// Code is the machine-readable reason of a refusal, as it stands in the answer
// (RFC 9457, member "code"), in the log and in what the command line tool prints.
// The texts are a contract.
type Code string

// The codes, with the status of each. "" is the code of what is not refused.
const (
	CodeMethodNotAllowed   Code = "method_not_allowed"  // 405
	CodeBodyTooLarge       Code = "body_too_large"      // 413
	CodeBodyEmpty          Code = "body_empty"          // 400
	CodeBodyEncoding       Code = "body_encoding"       // 400
	CodeBodyIncomplete     Code = "body_incomplete"     // 400
	CodeOverloaded         Code = "overloaded"          // 503
	CodeLoopDetected       Code = "loop_detected"       // 508
	CodeMisconfigured      Code = "misconfigured"       // 503
	CodeForeignMessage     Code = "foreign_message"     // 422, of [Receiver.Take]
	CodeBodyUnavailable    Code = "body_unavailable"    // 503, of [Receiver.Take]
	CodeSecretUnavailable  Code = "secret_unavailable"  // 503
	CodeSignatureMissing   Code = "signature_missing"   // 401
	CodeSignatureMalformed Code = "signature_malformed" // 401
	CodeSignatureMismatch  Code = "signature_mismatch"  // 401
	CodeDeliveryFailed     Code = "delivery_failed"     // 503
	CodeDeliveryRejected   Code = "delivery_rejected"   // 500
)

// CodeOf returns the code of what refuses a request before a handler has it:
// errors of [Verify], of a [secret.Source], and those beside [Request]. It is "" for
// nil and for any other error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	for _, p := range problems {
		if errors.Is(err, p.err) {
			return p.code
		}
	}
	return ""
}
