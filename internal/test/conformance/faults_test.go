package conformance

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labelhook/labelhook/core/payload"
)

// TestTableFindsFaults puts known mistakes of hosts and receivers between the
// table and a receiver that is right. Each must fail the cases that are there
// for it.
func TestTableFindsFaults(t *testing.T) {
	request := func(change func(*http.Request)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				change(r)
				next.ServeHTTP(w, r)
			})
		}
	}
	body := func(rewrite func([]byte) []byte) func(http.Handler) http.Handler {
		return request(func(r *http.Request) {
			text, _ := io.ReadAll(r.Body)
			text = rewrite(text)
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
		})
	}
	// signed makes every request that the fault lets pass a genuine one.
	signed := func(r *http.Request) {
		if r.Method != "POST" {
			return
		}
		text, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(text))
		r.Header.Set("X-Hub-Signature", sign(text, Secret))
	}
	signature := func(rewrite func(string) string) func(http.Handler) http.Handler {
		return request(func(r *http.Request) {
			if s := r.Header.Get("X-Hub-Signature"); s != "" {
				r.Header.Set("X-Hub-Signature", rewrite(s))
			}
		})
	}
	answer := func(change func(*httptest.ResponseRecorder)) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				recorded := httptest.NewRecorder()
				next.ServeHTTP(recorded, r)
				change(recorded)
				for name, values := range recorded.Header() {
					if name != "Content-Length" {
						w.Header()[name] = values
					}
				}
				w.WriteHeader(recorded.Code)
				w.Write(recorded.Body.Bytes())
			})
		}
	}
	for name, test := range map[string]struct {
		variables map[string]string
		fault     func(http.Handler) http.Handler
		found     []string // some of the cases that must fail
	}{
		"does not verify":                   {nil, request(signed), []string{"forged with zeros", "signature missing", "altered body, one bit"}},
		"accepts an empty secret":           {map[string]string{"LABELBOX_WEBHOOK_SECRET_PREVIOUS": "another secret"}, nil, []string{"forged with another secret", "previous secret"}},
		"pads a truncated signature":        {nil, signature(func(s string) string { return (s + strings.Repeat("0", 45))[:45] }), []string{"signature truncated by one digit"}},
		"cuts a long signature":             {nil, signature(func(s string) string { return s[:min(len(s), 45)] }), []string{"signature comma list", "signature very long", "signature one digit too long"}},
		"takes the first of two signatures": {nil, signature(func(s string) string { return s }), []string{"signature twice, right and wrong", "signature twice, right and empty"}},
		"compares with case": {nil, signature(func(s string) string {
			return s[:5] + strings.Map(func(r rune) rune {
				if 'A' <= r && r <= 'F' {
					return '0'
				}
				return r
			}, s[5:])
		}), []string{"signature in upper-case digits"}},
		"removes blanks":           {nil, signature(func(s string) string { return strings.NewReplacer(" ", "", "\t", "").Replace(s) }), []string{"signature with a blank inside", "signature with a tab inside"}},
		"decodes the body as text": {nil, body(func(b []byte) []byte { return []byte(strings.ToValidUTF8(string(b), string(utf8.RuneError))) }), []string{"body with every byte there is", "body that is not UTF-8"}},
		"drops a byte order mark":  {nil, body(func(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\ufeff")) }), []string{"body with a byte order mark"}},
		"trims the body":           {nil, body(bytes.TrimSpace), []string{"body with white space around", "altered body, a line break more", "body of one blank"}},
		"changes line ends":        {nil, body(func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }), []string{"body with CRLF and tabs"}},
		"drops chunked bodies": {nil, request(func(r *http.Request) {
			if r.ContentLength < 0 {
				r.Body = http.NoBody
			}
		}), []string{"chunked", "forged, chunked", "body at the limit, chunked"}},
		"cuts bodies at the limit": {nil, func(next http.Handler) http.Handler {
			return body(func(b []byte) []byte { return b[:min(len(b), MaxBody)] })(request(signed)(next))
		}, []string{"body one byte over the limit", "body far over the limit, chunked"}},
		"has a smaller limit":          {map[string]string{"LABELHOOK_MAX_BODY": "65535"}, nil, []string{"body at the limit", "body at the limit, chunked"}},
		"has a larger limit":           {map[string]string{"LABELHOOK_MAX_BODY": "65537"}, nil, []string{"body one byte over the limit", "body one byte over the limit, chunked"}},
		"lets filtered events through": {map[string]string{"LABELHOOK_EVENTS": ""}, nil, []string{"filtered event"}},
		"loses the event header":       {nil, request(func(r *http.Request) { r.Header.Del("X-Labelbox-Event") }), []string{"chunked", "filtered event"}},
		"loses the delivery id":        {nil, request(func(r *http.Request) { r.Header.Del("X-Labelbox-Id") }), []string{"chunked"}},
		"cuts header values at commas": {nil, request(func(r *http.Request) {
			id, _, _ := strings.Cut(r.Header.Get("X-Labelbox-Id"), ",")
			r.Header.Set("X-Labelbox-Id", id)
		}), []string{"header values with commas"}},
		"treats every method as POST": {nil, request(func(r *http.Request) { r.Method = "POST" }), []string{"method PUT", "method OPTIONS"}},
		"delivers nothing":            {map[string]string{"LABELHOOK_DESTINATIONS": "file:" + t.TempDir()}, nil, []string{"chunked", "redelivery"}},
		"delivers to two":             {map[string]string{"LABELHOOK_DESTINATIONS": "twice"}, nil, []string{"chunked"}},
		"has no dead letter":          {map[string]string{"LABELHOOK_DEAD_LETTER": ""}, nil, []string{"destination refuses, dead letter takes"}},
		"always answers 200":          {nil, answer(func(r *httptest.ResponseRecorder) { r.Code = 200 }), []string{"forged with zeros", "destination busy", "method GET"}},
		"answers without its headers": {nil, answer(func(r *httptest.ResponseRecorder) { clear(r.Header()) }), []string{"method HEAD", "destination busy", "chunked"}},
		"answers a date in Retry-After": {nil, answer(func(r *httptest.ResponseRecorder) {
			if r.Code == 503 {
				r.Header().Set("Retry-After", "soon")
			}
		}), []string{"destination busy"}},
		"answers something else than JSON": {nil, answer(func(r *httptest.ResponseRecorder) { r.Body = bytes.NewBufferString("error") }), []string{"forged with zeros", "chunked"}},
		"answers with what would have passed": {nil, answer(func(r *httptest.ResponseRecorder) {
			if r.Code == 401 {
				r.Body = bytes.NewBufferString(`{"status":401,"code":"signature_mismatch","title":"t","detail":"` + Secret + `"}`)
			}
		}), []string{"forged with zeros"}},
		"confuses its codes": {nil, answer(func(r *httptest.ResponseRecorder) {
			r.Body = bytes.NewBuffer(bytes.ReplaceAll(r.Body.Bytes(), []byte("mismatch"), []byte("malformed")))
		}), []string{"forged with zeros"}},
	} {
		t.Run(name, func(t *testing.T) {
			destination := NewDestination(t)
			variables := Environment(destination.URL)
			for variable, value := range test.variables {
				if value == "twice" {
					value = destination.URL + " " + destination.URL
				}
				variables[variable] = value
			}
			platform := Platform{Do: HTTP(start(t, variables, test.fault), "/"), Taken: destination.Taken}
			var found []string
			for _, c := range Cases() {
				if slices.Contains(test.found, c.Name) && len(platform.try(t, c)) > 0 {
					found = append(found, c.Name)
				}
			}
			for _, name := range test.found {
				if !slices.Contains(found, name) {
					t.Errorf("%q passed", name)
				}
			}
		})
	}
}

func TestTableIsConsistent(t *testing.T) {
	names, contents := map[string]bool{}, map[string]string{}
	for _, c := range Cases() {
		if names[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
		if c.Want.Code != Accepted {
			continue
		}
		// A destination that knows the content already would not report it.
		key := c.Want.key(c)
		if other := contents[key]; other != "" {
			t.Errorf("%q delivers the same as %q", c.Name, other)
		}
		contents[key] = c.Name
		if len(c.Body) == 0 || len(c.Body) > MaxBody {
			t.Errorf("%q is accepted with %d bytes", c.Name, len(c.Body))
		}
	}
	for _, e := range payload.Events() {
		if !slices.ContainsFunc(Cases(), func(c Case) bool { return c.Want.Event == e }) {
			t.Errorf("no case is a %s", e)
		}
	}
}
