package envelope

import (
	"bytes"
	"mime"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/required"
)

// FuzzReadEnvelope reads anything. What it takes for a request must be what a
// decoder of whole values finds.
func FuzzReadEnvelope(f *testing.F) {
	for _, s := range samples.All() {
		r := httptest.NewRequest("POST", "/api/labelbox?code=x", bytes.NewReader(s.Body()))
		r.Header.Set("Content-Type", "application/json")
		envelope, err := azurehost.Seal("labelbox", r, s.Body())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(envelope)
	}
	for _, text := range []string{
		``, `{`, `{}`, `{"Data"`, `{"Data":{"req":null}}`, `{"Data":{"req":{"Body":1}}}`, `{"Data":{"a":[],"req":{"Body":"\ud83d"}}}`,
		`{"Data":{"req":{"Method":"POST","Headers":{"Content-Type":["application/octet-stream"]},"Body":"eA=="}}}x`,
		`{"Data":{"req":{"Body":"a","Headers":{"content-type":"multipart/x"}}}}`,
	} {
		f.Add([]byte(text))
	}
	const limit = 1 << 16
	f.Fuzz(func(t *testing.T, text []byte) {
		rest := bytes.NewReader(text)
		request := read(rest, limit)
		if rest.Len() != 0 {
			t.Fatalf("%d bytes are not read", rest.Len())
		}
		if request.BodyError != nil {
			if request.Body != nil || request.Method != "POST" {
				t.Errorf("an error, and %q %q", request.Method, request.Body)
			}
			return
		}
		var host struct {
			Data struct {
				Req struct {
					Method  string         `json:"Method"`
					Headers map[string]any `json:"Headers"`
					Body    *string        `json:"Body"`
				} `json:"req"`
			} `json:"Data"`
		}
		if err := json.Unmarshal(text, &host, jsontext.AllowDuplicateNames(true)); err != nil {
			return // broken behind the request
		}
		if request.Method != host.Data.Req.Method {
			t.Errorf("method %q, want %q", request.Method, host.Data.Req.Method)
		}
		var types []string
		for name := range host.Data.Req.Headers {
			if strings.EqualFold(name, "Content-Type") {
				types = append(types, name)
			}
		}
		if host.Data.Req.Body == nil || len(types) > 0 {
			return // the other target knows what to expect
		}
		if want := *host.Data.Req.Body; string(request.Body) != want {
			t.Errorf("body %q, want %q", request.Body, want)
		}
	})
}

// FuzzEnvelopeKeepsBytes sends any body through the host's envelope: it must
// come out as it was, wherever the package's comment says that it can.
func FuzzEnvelopeKeepsBytes(f *testing.F) {
	for _, s := range samples.All() {
		f.Add(s.Body(), "application/json", s.Header)
	}
	f.Add([]byte("\xff\x00"), "application/octet-stream", "a")
	f.Add([]byte("\xfe"), "MULTIPART/mixed; boundary=x", "\"")
	f.Add([]byte("\x00\u2028\\\"<&\x7f😀"), "", "é")
	f.Fuzz(func(t *testing.T, body []byte, contentType, event string) {
		if len(body) == 0 || !utf8.ValidString(contentType) || !utf8.ValidString(event) {
			return
		}
		if _, _, err := mime.ParseMediaType(contentType); err != nil && contentType != "" {
			return // the host and the handler need not agree on what is no type
		}
		r := httptest.NewRequest("POST", "/api/labelbox", bytes.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		r.Header["x-labelbox-event"] = []string{event, event}
		envelope, err := azurehost.Seal("labelbox", r, body)
		required.NoError(t, err)
		request := read(bytes.NewReader(envelope), len(body)+len(contentType)+len(event))
		if request.BodyError != nil {
			t.Fatalf("%s: %v", envelope, request.BodyError)
		}
		if values := request.Header.Values(core.EventHeader); len(values) != 2 || values[0] != event {
			t.Errorf("event header %q, want %q twice", values, event)
		}
		marked := bytes.HasPrefix(body, []byte("\ufeff"))
		if exact := inBase64(contentType) || utf8.Valid(body) && !marked; exact && !bytes.Equal(request.Body, body) {
			t.Errorf("body %q, want %q", request.Body, body)
		}
	})
}

// Large envelopes are read one after the other, small ones pass them by.
func TestLargeEnvelopesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turn := turns{make(chan struct{}, 1)}
		if !turn.enter(t.Context()) || turn.enter(t.Context()) {
			t.Error("two at once")
		}
		turn.leave()
		if !turn.enter(t.Context()) {
			t.Error("none after it")
		}
	})
}
