package core_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// countOf returns how many records each line stands for, and the lines.
func countOf(t *testing.T, log *bytes.Buffer) (lines int, counts map[string]int) {
	t.Helper()
	counts = map[string]int{}
	for line := range strings.Lines(log.String()) {
		var record struct {
			Level, Code string
			Count       *int
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record.Level != "WARN" {
			t.Errorf("level %s in %s", record.Level, line)
		}
		lines++
		n := 1
		if record.Count != nil {
			n = *record.Count
		}
		counts[record.Code] += n
	}
	return lines, counts
}

// A flood of refusals costs a few lines a second, and every one is counted,
// whether it ends by itself or the process does.
func TestRefusalsAreSummedUp(t *testing.T) {
	for name, end := range map[string]func(){
		"when it is quiet": func() { time.Sleep(2 * time.Second); synctest.Wait() },
		"at the stop":      func() { core.FlushLog() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				r := &core.Receiver{Secrets: staticSecrets(t, "secret"), Handler: returns(nil), Observe: core.LogTo(slog.New(slog.NewJSONHandler(&log, nil)))}
				forged := signed(t, sample, "LABEL_CREATED", "guess")
				unsigned := core.Request{Method: "POST", Body: sample, Header: http.Header{}}
				for second := range 3 {
					for range 1000 {
						r.Receive(t.Context(), forged)
						r.Receive(t.Context(), unsigned)
					}
					if second < 2 {
						time.Sleep(1001 * time.Millisecond)
					}
				}
				end()
				lines, counts := countOf(t, &log)
				if lines > 3*2*6 {
					t.Errorf("%d lines", lines)
				}
				if counts["signature_mismatch"] != 3000 || counts["signature_missing"] != 3000 {
					t.Errorf("counted %v", counts)
				}
				if !strings.Contains(log.String(), `"msg":"delivery refused: and 995 more"`) {
					t.Errorf("no sum in %s", &log)
				}
			})
		})
	}
}

// TestBodiesAreReadOnlyForThoseWhoCouldBeGenuine: all else is answered first.
func TestBodiesAreReadOnlyForThoseWhoCouldBeGenuine(t *testing.T) {
	right := signed(t, sample, "LABEL_CREATED", "secret").Header.(http.Header)
	forged := signed(t, sample, "LABEL_CREATED", "guess").Header.(http.Header)
	header := func(values ...string) http.Header { return http.Header{core.SignatureHeader: values} }
	secrets := staticSecrets(t, "secret")
	for name, test := range map[string]struct {
		secrets secret.Source
		method  string
		header  core.Header
		length  int64
		code    string
		read    bool
	}{
		"genuine":              {secrets, "POST", right, int64(len(sample)), "", true},
		"genuine, chunked":     {secrets, "POST", right, -1, "", true},
		"forged":               {secrets, "POST", forged, int64(len(sample)), "signature_mismatch", true},
		"not POST":             {secrets, "PUT", right, int64(len(sample)), "method_not_allowed", false},
		"over the limit":       {secrets, "POST", right, 1001, "body_too_large", false},
		"said to be empty":     {secrets, "POST", right, 0, "body_empty", false},
		"no secret":            {nil, "POST", right, int64(len(sample)), "secret_unavailable", false},
		"failing secrets":      {source(func() ([]secret.Secret, error) { return nil, errors.New("down") }), "POST", right, int64(len(sample)), "secret_unavailable", false},
		"not signed":           {secrets, "POST", header(), int64(len(sample)), "signature_missing", false},
		"no headers":           {secrets, "POST", nil, int64(len(sample)), "signature_missing", false},
		"empty signature":      {secrets, "POST", header(""), int64(len(sample)), "signature_missing", false},
		"malformed":            {secrets, "POST", header("sha1=12"), int64(len(sample)), "signature_malformed", false},
		"malformed, chunked":   {secrets, "POST", header("sha256=12"), -1, "signature_malformed", false},
		"two signatures":       {secrets, "POST", header(right.Get(core.SignatureHeader), "sha1="+strings.Repeat("0", 40)), int64(len(sample)), "signature_malformed", false},
		"over the limit, bare": {secrets, "POST", nil, 1001, "body_too_large", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := &core.Receiver{Secrets: test.secrets, Handler: returns(nil), MaxBody: 1000, Observe: core.LogTo(quiet())}
			read := false
			got := r.Receive(t.Context(), core.Request{Method: test.method, Header: test.header, Length: test.length, ReadBody: func() ([]byte, error) {
				read = true
				return sample, nil
			}})
			if string(got.Code) != test.code || read != test.read {
				t.Errorf("code %q, read %v, want %q, %v", got.Code, read, test.code, test.read)
			}
		})
	}
	r := &core.Receiver{Secrets: secrets, Handler: returns(nil), Observe: core.LogTo(quiet())}
	got := r.Receive(t.Context(), core.Request{Method: "POST", Header: right, Length: -1, ReadBody: func() ([]byte, error) {
		return nil, errors.Join(core.ErrBodyIncomplete, errors.New("gone"))
	}})
	if got.Code != "body_incomplete" {
		t.Errorf("a body that cannot be read: %s", got.Code)
	}
}
