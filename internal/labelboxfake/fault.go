package labelboxfake

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// Fault is what happens to one request in place of, or besides, being
// answered. The zero Fault does nothing.
type Fault struct {
	On    string        // only to a request for that field, such as createWebhook; "" is any
	Apply bool          // carry the request out before failing
	Delay time.Duration // how long to wait before answering; ends when the client hangs up
	Drop  bool          // close the connection without an answer

	// The answer in place of the right one, if Status is not 0.
	Status int
	Header map[string]string
	Body   string
}

// Fail makes the next requests fail, one for each fault. A fault that is meant
// for certain requests waits for the first of them.
func (a *API) Fail(faults ...Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults = append(a.faults, faults...)
}

// TooManyRequests is a rate limit in the documented form. retryAfter is the
// header's value; "" leaves it out.
func TooManyRequests(retryAfter string) Fault {
	return limited(retryAfter, "application/json", `{"message":"You have exceeded the rate limit of 1500 requests per minute"}`)
}

// TooManyRequestsInOtherJSON is a rate limit with a body of another form.
func TooManyRequestsInOtherJSON(retryAfter string) Fault {
	return limited(retryAfter, "application/json", `{"error":"rate limited","limit":1500}`)
}

// TooManyRequestsInText is a rate limit as something in front of the API
// reports it.
func TooManyRequestsInText(retryAfter string) Fault {
	return limited(retryAfter, "text/plain", "Too Many Requests\n")
}

func limited(retryAfter, contentType, body string) Fault {
	f := answering(http.StatusTooManyRequests, contentType, body)
	if retryAfter != "" {
		f.Header["Retry-After"] = retryAfter
	}
	return f
}

func answering(status int, contentType, body string) Fault {
	return Fault{Status: status, Header: map[string]string{"Content-Type": contentType}, Body: body}
}

// BadGateway is a 502 with a page.
func BadGateway() Fault {
	return answering(http.StatusBadGateway, "text/html",
		"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body>\r\n</html>\r\n")
}

// Unavailable is a 503 of the proxy before the API.
func Unavailable() Fault {
	return answering(http.StatusServiceUnavailable, "text/plain",
		"upstream connect error or disconnect/reset before headers. reset reason: connection failure")
}

// KeyRefused is the answer to a key of an organisation without the API.
func KeyRefused() Fault {
	return answering(http.StatusUnauthorized, "application/json", `{"message":"API access is not enabled for this organization"}`)
}

// Reported is a failure that the API reports as GraphQL does, under 200. An
// exceptionStatus of 0 is left out.
func Reported(code, message string, exceptionStatus int) Fault {
	_, answer := failed(http.StatusOK, &apiError{message, code, exceptionStatus})
	body, err := json.Marshal(answer)
	if err != nil {
		panic(err) // three strings and a number
	}
	return answering(http.StatusOK, "application/json", string(body))
}

// Slow delays the right answer.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }

// Dropped loses the request with its connection.
func Dropped() Fault { return Fault{Drop: true} }

// AnswerDropped loses the answer with its connection: the request was carried
// out.
func AnswerDropped() Fault { return Fault{Drop: true, Apply: true} }

// instead reports whether the request is not to be carried out.
func (f Fault) instead() bool { return (f.Drop || f.Status != 0) && !f.Apply }

// answer does the fault, and reports whether nothing more is to be answered.
func (f Fault) answer(ctx context.Context, w http.ResponseWriter) bool {
	select {
	case <-time.After(f.Delay):
	case <-ctx.Done():
	}
	switch {
	case f.Drop, ctx.Err() != nil:
		panic(http.ErrAbortHandler)
	case f.Status == 0:
		return false
	}
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(f.Status)
	io.WriteString(w, f.Body)
	return true
}
