package labelbox

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
)

// FuzzReadAnswer checks that every answer is either data, which decode or fail
// to, or an Error of one kind in one short line without the secret.
func FuzzReadAnswer(f *testing.F) {
	kinds := []error{ErrAuthentication, ErrAuthorization, ErrNotFound, ErrConflict, ErrInvalid, ErrRateLimit, ErrServer, ErrUnexpected}
	for _, seed := range []struct {
		status     int
		retryAfter string
		body       string
	}{
		{200, "", `{"data":{"organization":{"webhooks":[{"id":"a","topics":["LABEL_CREATED"],"createdAt":"2022-03-04T05:06:07Z"}]}}}`},
		{200, "", `{"data":{"organization":null},"errors":[{"message":"No","extensions":{"code":"RESOURCE_NOT_FOUND","exception":{"status":404}}}]}`},
		{400, "", `{"errors":[{"message":"tell \"s3cret\"\n","extensions":{"code":"GRAPHQL_PARSE_FAILED"}}]}`},
		{429, "7", `{"message":"You have exceeded"}`},
		{429, "Wed, 21 Oct 2026 07:28:00 GMT", "Too Many Requests"},
		{502, "1e9", "<html>"},
		{200, "", `{"errors":["a",{"extensions":[]},3],"data":{}}`},
		{200, "", "s3cret\xff"},
		{200, "", "s3cre\x00t"},
	} {
		f.Add(seed.status, seed.retryAfter, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		header := http.Header{"Retry-After": {retryAfter}, "X-Request-Id": {retryAfter}}
		data, failed := readAnswer(status, header, body)
		if failed == nil {
			if status < 200 || status > 299 {
				t.Fatalf("status %d gave data", status)
			}
			var page map[string]*struct{ Webhooks *[]*Webhook }
			if json.Unmarshal(data, &page, decoding) == nil {
				for _, owner := range page {
					if owner == nil || owner.Webhooks == nil {
						continue
					}
					for _, row := range *owner.Webhooks {
						if w, err := row.required("list", ErrUnexpected); err == nil && w.ID == "" {
							t.Fatal("a webhook without an id")
						}
					}
				}
			}
			return
		}
		failed.conceal(conceal("s3cret"))
		failed.Operation = "list"
		text := failed.Error()
		if data != nil || !slices.Contains(kinds, failed.Kind) || failed.RetryAfter < 0 {
			t.Fatalf("%s of kind %v", data, failed.Kind)
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 4*maxText || strings.Contains(text, "s3cret") {
			t.Fatalf("says %q", text)
		}
	})
}

// FuzzConceal checks that a secret is taken out of whatever text it stands in.
func FuzzConceal(f *testing.F) {
	f.Add("correct horse", "the secret ", " is bad")
	f.Add("two\nlines", "", "\n")
	f.Add(`quote"`, `{"secret":"`, `"}`)
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if strings.ContainsAny(secret, "[]") || strings.Contains("[secret]", secret) {
			return // it could be found in what is put in its place
		}
		for _, form := range []string{secret, jsonText(secret), asciiText(secret), pageText(secret)} {
			if got := conceal(secret).Replace(before + form + after); strings.Contains(got, form) {
				t.Errorf("%q still has %q in it", got, form)
			}
		}
	})
}
