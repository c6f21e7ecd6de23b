package labelbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

// plain is an answer without anything but a status and a body.
func plain(status int, body string) labelboxfake.Fault {
	return labelboxfake.Fault{Status: status, Body: body}
}

// TestFailures holds a read against every way in which Labelbox's API is known
// to fail, or known not to be there at all.
func TestFailures(t *testing.T) {
	const passes, stays = 4, 1 // how often a read is sent
	for name, test := range map[string]struct {
		fault    labelboxfake.Fault
		kind     error
		attempts int
		says     string
	}{
		"502 with a page":          {labelboxfake.BadGateway(), labelbox.ErrServer, passes, "the server failed: Bad Gateway, with a page for people (HTTP 502)"},
		"503 of the proxy":         {labelboxfake.Unavailable(), labelbox.ErrServer, passes, "upstream connect error"},
		"500 with errors":          {plain(500, `{"errors":[{"message":"Boom","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}`), labelbox.ErrServer, passes, "Boom (INTERNAL_SERVER_ERROR, HTTP 500)"},
		"504 without a body":       {plain(504, ""), labelbox.ErrServer, passes, "Gateway Timeout (HTTP 504)"},
		"200 with a page":          {plain(200, "<!doctype html><title>Sign in</title>"), labelbox.ErrUnexpected, stays, "with a page for people (HTTP 200)"},
		"200 with nothing":         {plain(200, ""), labelbox.ErrUnexpected, stays, "HTTP 200"},
		"404 with a page":          {plain(404, "<h1>Not Found</h1>"), labelbox.ErrUnexpected, stays, "unexpected answer: Not Found"},
		"404 with JSON":            {plain(404, `{"message":"no route"}`), labelbox.ErrUnexpected, stays, "unexpected answer: no route (HTTP 404)"},
		"403 with a page":          {plain(403, "<h1>Forbidden</h1>"), labelbox.ErrAuthorization, stays, "Forbidden"},
		"a redirect":               {labelboxfake.Fault{Status: 302, Header: map[string]string{"Location": "https://elsewhere.example/"}}, labelbox.ErrUnexpected, stays, "Found (HTTP 302)"},
		"a refused key":            {labelboxfake.Reported("AUTHENTICATION_ERROR", "Invalid API key", 0), labelbox.ErrAuthentication, stays, "the API key is not accepted: Invalid API key (AUTHENTICATION_ERROR"},
		"a role that may not":      {labelboxfake.Reported("AUTHORIZATION_ERROR", "Not for you", 0), labelbox.ErrAuthorization, stays, "not allowed: Not for you"},
		"a document too complex":   {labelboxfake.Reported("GRAPHQL_VALIDATION_FAILED", "Query complexity limit exceeded", 0), labelbox.ErrInvalid, stays, "Query complexity limit exceeded"},
		"an unknown field":         {labelboxfake.Reported("GRAPHQL_VALIDATION_FAILED", `Cannot query field "bbb" on type "Webhook".`, 0), labelbox.ErrInvalid, stays, `Cannot query field "bbb"`},
		"a syntax error":           {labelboxfake.Reported("GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name", 0), labelbox.ErrInvalid, stays, "Syntax Error: Expected Name"},
		"429 as documented":        {labelboxfake.TooManyRequests(""), labelbox.ErrRateLimit, passes, "too many requests: You have exceeded the rate limit"},
		"429 with a time":          {labelboxfake.TooManyRequests("2"), labelbox.ErrRateLimit, passes, "retry after 2s"},
		"429 in other JSON":        {labelboxfake.TooManyRequestsInOtherJSON("1"), labelbox.ErrRateLimit, passes, "too many requests: Too Many Requests (HTTP 429, retry after 1s)"},
		"429 in text":              {labelboxfake.TooManyRequestsInText(""), labelbox.ErrRateLimit, passes, "Too Many Requests (HTTP 429)"},
		"a rate limit under 200":   {plain(200, `{"message":"You have exceeded 1500 requests"}`), labelbox.ErrRateLimit, passes, "You have exceeded"},
		"an unknown id":            {labelboxfake.Reported("RESOURCE_NOT_FOUND", "Cannot find webhook", 0), labelbox.ErrNotFound, stays, "not found: Cannot find webhook (RESOURCE_NOT_FOUND"},
		"null for an unknown id":   {plain(200, `{"data":{"webhook":null}}`), labelbox.ErrNotFound, stays, "not found"},
		"a conflict":               {labelboxfake.Reported("RESOURCE_CONFLICT", "Already there", 0), labelbox.ErrConflict, stays, "conflict: Already there"},
		"a malformed request":      {labelboxfake.Reported("MALFORMED_REQUEST", "Bad", 0), labelbox.ErrInvalid, stays, "MALFORMED_REQUEST"},
		"400 inside":               {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Bad value", 400), labelbox.ErrInvalid, stays, "invalid: Bad value"},
		"422 inside":               {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Bad value", 422), labelbox.ErrInvalid, stays, "invalid: Bad value"},
		"426 inside":               {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Upgrade", 426), labelbox.ErrAuthorization, stays, "not allowed: Upgrade"},
		"500 inside":               {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Boom", 500), labelbox.ErrServer, stays, "the server failed: Boom"},
		"an internal error":        {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Boom", 0), labelbox.ErrServer, stays, "the server failed: Boom"},
		"503 inside":               {labelboxfake.Reported("INTERNAL_SERVER_ERROR", "Busy", 503), labelbox.ErrServer, passes, "the server failed: Busy"},
		"an operation not allowed": {labelboxfake.Reported("OPERATION_NOT_ALLOWED", "Not on this plan", 0), labelbox.ErrAuthorization, stays, "Not on this plan"},
		"another code":             {labelboxfake.Reported("SOMETHING_NEW", "Hm", 0), labelbox.ErrUnexpected, stays, "unexpected answer: Hm (SOMETHING_NEW, HTTP 200)"},
		"errors without a code":    {plain(200, `{"errors":[{"message":"Hm"}]}`), labelbox.ErrUnexpected, stays, "unexpected answer: Hm (HTTP 200)"},
		"errors of another form":   {plain(200, `{"errors":"Hm"}`), labelbox.ErrUnexpected, stays, "unexpected answer: Hm"},
		"errors with odd members":  {plain(200, `{"errors":[{"message":7,"extensions":[],"path":{}}]}`), labelbox.ErrUnexpected, stays, "unexpected answer: 7"},
		"the known of two errors":  {plain(200, `{"errors":[{"message":"Hm"},{"message":"No","extensions":{"code":"RESOURCE_NOT_FOUND"}}],"data":null}`), labelbox.ErrNotFound, stays, "not found: No"},
		"a status written as text": {plain(200, `{"errors":[{"message":"Bad","extensions":{"code":"INTERNAL_SERVER_ERROR","exception":{"status":"422"}}}]}`), labelbox.ErrInvalid, stays, "invalid: Bad"},
		"401 without errors":       {labelboxfake.KeyRefused(), labelbox.ErrAuthentication, stays, "API access is not enabled for this organization (HTTP 401)"},
		"neither data nor errors":  {plain(200, `{}`), labelbox.ErrUnexpected, stays, "neither data nor errors"},
		"a list":                   {plain(200, `[]`), labelbox.ErrUnexpected, stays, "unexpected answer"},
		"data of another shape":    {plain(200, `{"data":{"webhook":[1]}}`), labelbox.ErrUnexpected, stays, "another shape"},
		"a webhook without an id":  {plain(200, `{"data":{"webhook":{}}}`), labelbox.ErrUnexpected, stays, "not in it"},
		"a timeout":                {labelboxfake.Slow(time.Hour), labelbox.ErrTransport, passes, "no answer: nothing came within 30s"},
		"a lost connection":        {labelboxfake.Dropped(), labelbox.ErrTransport, passes, "the connection was closed before an answer came"},
		"a message of many lines":  {labelboxfake.Reported("RESOURCE_CONFLICT", "one\r\n\ttwo \x1b[31mred\u202e", 0), labelbox.ErrConflict, stays, "conflict: one two �[31mred� (RESOURCE_CONFLICT"},
		"a message without end":    {labelboxfake.Reported("RESOURCE_CONFLICT", strings.Repeat("é", 5000), 0), labelbox.ErrConflict, stays, "é… (RESOURCE_CONFLICT"},
	} {
		inBubble(t, name, func(t *testing.T) {
			api := labelboxfake.New(apiKey)
			api.Fail(test.fault, test.fault, test.fault, test.fault, test.fault)
			_, err := connect(t, api).Webhook(t.Context(), "clvo7ajpc014907zxagiw9hry")
			var failed *labelbox.Error
			if !errors.As(err, &failed) || !errors.Is(err, test.kind) || failed.Kind != test.kind {
				t.Fatalf("got %v, want one of the kind %q", err, test.kind)
			}
			if !strings.HasPrefix(err.Error(), "get webhook: ") || !strings.Contains(err.Error(), test.says) || strings.ContainsAny(err.Error(), "\r\n\x1b") {
				t.Errorf("says %q, want one line with %q", err, test.says)
			}
			if len(err.Error()) > 500 {
				t.Errorf("says %d bytes", len(err.Error()))
			}
			if n := len(api.Requests()); n != test.attempts {
				t.Errorf("was sent %d times, want %d", n, test.attempts)
			}
		})
	}
}

func TestErrorCarriesWhatTheAnswerSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := labelboxfake.New(apiKey)
		fault := labelboxfake.TooManyRequests("90")
		fault.Header["X-Request-Id"] = "req-1"
		api.Fail(fault, fault, fault, fault)
		_, err := connect(t, api).Webhook(t.Context(), "wh1")
		var failed *labelbox.Error
		if !errors.As(err, &failed) || failed.RequestID != "req-1" || failed.Status != 429 || failed.RetryAfter != 90*time.Second {
			t.Errorf("got %+v", failed)
		}
	})
}

// repeating is a server that repeats everything it was sent, in one of the
// forms in which servers write texts.
func repeating(t *testing.T, write func(text string) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Request-Id", r.Header.Get("Authorization"))
		w.WriteHeader(400)
		io.WriteString(w, write("sent: "+r.Header.Get("Authorization")+" "+string(body)))
	}
}

func TestErrorsNeverContainKeyOrSecret(t *testing.T) {
	const query = "code=function-key"
	for _, secret := range []string{"plain", `quote"back\slash`, "naïve 🔑 <&>", "a b"} {
		for form, write := range map[string]func(string) string{
			"as text":               func(s string) string { return s },
			"as a message":          func(s string) string { return `{"message":` + quoteJSON(s) + `}` },
			"as an error's message": func(s string) string { return `{"errors":[{"message":` + quoteJSON(s) + `}]}` },
			"as an error's code":    func(s string) string { return `{"errors":[{"extensions":{"code":` + quoteJSON(s) + `}}]}` },
		} {
			t.Run(form+" "+secret, func(t *testing.T) {
				client := connect(t, repeating(t, write))
				_, err := client.UpdateWebhook(t.Context(), "wh1", labelbox.WebhookUpdate{URL: "https://a.dev/?" + query})
				wantHidden(t, err, apiKey, query)

				// A creation reads the list first; let that go well.
				client = connect(t, listThen(repeating(t, write)))
				w := newWebhook("p1")
				w.Secret = secret
				_, err = client.CreateWebhook(t.Context(), w)
				wantHidden(t, err, apiKey, secret, strings.Trim(quoteJSON(secret), `"`), "functionkey")
			})
		}
	}
}

func wantHidden(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "[secret]") {
		t.Fatalf("got %v, want what the server said", err)
	}
	for _, text := range texts {
		if strings.Contains(err.Error(), text) {
			t.Errorf("%q contains %q", err, text)
		}
	}
}

// listThen answers the first request with an empty list, and has next answer
// the others.
func listThen(next http.Handler) http.HandlerFunc {
	first := true
	return func(w http.ResponseWriter, r *http.Request) {
		if !first {
			next.ServeHTTP(w, r)
			return
		}
		first = false
		io.WriteString(w, `{"data":{"project":{"webhooks":[]},"organization":{"webhooks":[]}}}`)
	}
}

func TestTheCallersContextEndsAnOperation(t *testing.T) {
	inBubble(t, "while it waits for an answer", func(t *testing.T) {
		api := labelboxfake.New(apiKey)
		api.Fail(labelboxfake.Slow(time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := connect(t, api).Webhook(ctx, "wh1")
		wantEnded(t, err, context.DeadlineExceeded, api, 1)
	})
	inBubble(t, "while it pauses", func(t *testing.T) {
		api := labelboxfake.New(apiKey)
		api.Fail(labelboxfake.TooManyRequests("60"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := connect(t, api).Webhook(ctx, "wh1")
		if !errors.Is(err, labelbox.ErrRateLimit) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want the rate limit and the cancellation", err)
		}
	})
	t.Run("before it begins", func(t *testing.T) {
		api := labelboxfake.New(apiKey)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := connect(t, api).Webhook(ctx, "wh1")
		wantEnded(t, err, context.Canceled, api, 0)
	})
}

func wantEnded(t *testing.T, err, cause error, api *labelboxfake.API, requests int) {
	t.Helper()
	if !errors.Is(err, labelbox.ErrTransport) || !errors.Is(err, cause) {
		t.Errorf("got %v, want no answer because of %v", err, cause)
	}
	if n := len(api.Requests()); n != requests {
		t.Errorf("%d requests were sent, want %d", n, requests)
	}
}
