package labelbox

import (
	"bytes"
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/httpclient"
)

// readAnswer takes the data out of an answer, or says which failure it is. The
// texts in the Error are as the server wrote them; see [Error.conceal].
//
// The order of the checks is that of Labelbox's own client, except that a rate
// limit is one however its body looks.
func readAnswer(status int, header http.Header, body []byte) (jsontext.Value, *Error) {
	var answer struct {
		Data    jsontext.Value `json:"data"`
		Errors  jsontext.Value `json:"errors"`
		Message jsontext.Value `json:"message"`
	}
	notJSON := json.Unmarshal(body, &answer) != nil
	told, reported := readReports(answer.Errors)
	failed := &Error{
		Message:    text(answer.Message),
		Status:     status,
		RequestID:  cmp.Or(header.Get("X-Request-Id"), header.Get("Request-Id"), header.Get("X-Correlation-Id")),
		RetryAfter: httpclient.RetryAfter(header),
	}
	if reported {
		failed.Message, failed.Code = told.message, told.code
	}
	switch {
	case status >= 500:
		failed.Kind, failed.temporary = ErrServer, true
	case status == http.StatusTooManyRequests, strings.HasPrefix(failed.Message, "You have exceeded"):
		failed.Kind, failed.temporary = ErrRateLimit, true
	case notJSON:
		failed.Kind = kindOfStatus(status)
	case reported:
		failed.Kind, failed.temporary = told.classify()
	case status < 200 || status > 299:
		failed.Kind = kindOfStatus(status)
	case isNull(answer.Data):
		failed.Kind = ErrUnexpected
		if failed.Message == "" {
			failed.Message = "there are neither data nor errors in it"
		}
	default:
		return answer.Data, nil
	}
	if failed.Message == "" {
		failed.Message = excerpt(status, body, notJSON)
	}
	failed.doubtful = failed.Kind == ErrServer || failed.Kind == ErrUnexpected && status >= 200 && status <= 299 || hasResult(answer.Data)
	return nil, failed
}

// report is one entry of an answer's errors.
type report struct {
	message string
	code    string
	status  int // that of extensions.exception; 0 if there is none
}

// readReports reads an answer's errors and returns the first whose code is known
// here, as it says most, or else the first, if there is one. It takes what it can
// get: a list of objects, of texts, or one of either.
func readReports(errors jsontext.Value) (told report, reported bool) {
	if isNull(errors) {
		return report{}, false
	}
	var list []jsontext.Value
	if json.Unmarshal(errors, &list) != nil {
		list = []jsontext.Value{errors}
	}
	for i, entry := range list {
		r := readReport(entry)
		kind, _ := r.classify()
		if kind != ErrUnexpected {
			return r, true
		}
		if i == 0 {
			told = r
		}
	}
	return told, len(list) > 0
}

func readReport(entry jsontext.Value) report {
	object := members(entry)
	extensions := members(object["extensions"])
	r := report{message: text(object["message"]), code: text(extensions["code"])}
	r.status, _ = strconv.Atoi(text(members(extensions["exception"])["status"]))
	if r.message == "" {
		r.message = text(entry)
	}
	return r
}

// classify says the kind of failure, and whether it may pass. Many of the
// mistakes that a caller can make come as internal errors with the HTTP status
// that they should have had inside.
func (r report) classify() (kind error, temporary bool) {
	switch r.code {
	case "AUTHENTICATION_ERROR", "UNAUTHENTICATED":
		return ErrAuthentication, false
	case "AUTHORIZATION_ERROR", "OPERATION_NOT_ALLOWED", "FORBIDDEN":
		return ErrAuthorization, false
	case "RESOURCE_NOT_FOUND":
		return ErrNotFound, false
	case "RESOURCE_CONFLICT":
		return ErrConflict, false
	case "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "MALFORMED_REQUEST", "BAD_USER_INPUT":
		return ErrInvalid, false
	case "INTERNAL_SERVER_ERROR":
		switch {
		case r.status == http.StatusNotFound:
			return ErrNotFound, false
		case r.status >= 400 && r.status < 500:
			if kind := kindOfStatus(r.status); kind != ErrUnexpected {
				return kind, kind == ErrRateLimit
			}
		}
		return ErrServer, r.status != 0 && r.status != http.StatusInternalServerError
	}
	return ErrUnexpected, false
}

// kindOfStatus judges an answer by nothing but its status. A 404 is no kind of
// its own: it says that the endpoint is wrong, not that a webhook is missing.
func kindOfStatus(status int) error {
	switch status {
	case http.StatusUnauthorized:
		return ErrAuthentication
	case http.StatusForbidden, http.StatusUpgradeRequired, http.StatusPaymentRequired:
		return ErrAuthorization
	case http.StatusConflict:
		return ErrConflict
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return ErrInvalid
	case http.StatusTooManyRequests:
		return ErrRateLimit
	}
	return ErrUnexpected
}

// excerpt is a message for an answer that has none.
func excerpt(status int, body []byte, notJSON bool) string {
	body = bytes.TrimSpace(body)
	switch {
	case notJSON && bytes.HasPrefix(body, []byte("<")):
		return strings.TrimSpace(http.StatusText(status) + ", with a page for people")
	case notJSON && len(body) > 0:
		return string(body)
	}
	return http.StatusText(status)
}

// hasResult reports whether there is a result beside the errors: then the
// operation was carried out, at least in part.
func hasResult(data jsontext.Value) bool {
	for _, value := range members(data) {
		if !isNull(value) {
			return true
		}
	}
	return false
}

func members(value jsontext.Value) map[string]jsontext.Value {
	var object map[string]jsontext.Value
	if json.Unmarshal(value, &object) != nil {
		return nil
	}
	return object
}

// text returns a JSON string or number as text, anything else as "".
func text(value jsontext.Value) string {
	var s string
	if value.Kind() == '0' {
		return value.String()
	} else if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

func isNull(value jsontext.Value) bool { return len(value) == 0 || value.Kind() == 'n' }
