package gcp

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/test/required"
)

func sign(t testing.TB, body, key string) string {
	s, err := secret.New(key)
	required.NoError(t, err)
	return core.Sign([]byte(body), s)
}

func post(t testing.TB, path, key string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader("{}"))
	r.Header.Set(core.SignatureHeader, sign(t, "{}", key))
	return r
}

func receiver(t testing.TB, variables map[string]string, log io.Writer) *core.Receiver {
	t.Helper()
	r, _, err := environment.Receiver(environment.Platform{
		Options: core.Options{Logger: NewLogger(log, slog.LevelInfo)},
		Getenv:  func(name string) string { return variables[name] },
		Out:     io.Discard,
	})
	required.NoError(t, err)
	return r
}

// Deliveries are taken at every path; what browsers ask for by themselves is
// not there, and leaves no line in the log.
func TestMethodsAndPaths(t *testing.T) {
	for _, test := range []struct {
		method, path string
		status       int
		logged       bool
	}{
		{"POST", "/", 200, true},
		{"POST", "/LabelboxWebhook", 200, true},
		{"POST", "/any/path?and=query", 200, true},
		{"POST", "/favicon.ico", 200, true},
		{"GET", "/", 405, true},
		{"PUT", "/LabelboxWebhook", 405, true},
		{"GET", "/favicon.ico", 404, false},
		{"HEAD", "/robots.txt", 404, false},
	} {
		var log bytes.Buffer
		handler := NewHandler(receiver(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret", "LABELHOOK_DESTINATIONS": "log:"}, &log))
		r := post(t, test.path, "secret")
		r.Method = test.method
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, r)
		if answer.Code != test.status || (log.Len() > 0) != test.logged {
			t.Errorf("%s %s: status %d, want %d; logged %q", test.method, test.path, answer.Code, test.status, &log)
		}
	}
}

// A secret mounted as a file changes while the instance runs: the new one counts
// at once.
func TestMountedSecretIsRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "labelbox")
		mount := func(secrets string) {
			required.NoError(t, os.WriteFile(file, []byte(secrets), 0o600))
		}
		mount("old")
		handler := NewHandler(receiver(t, map[string]string{"LABELBOX_WEBHOOK_SECRET_FILE": file}, io.Discard))
		check := func(key string, want int) {
			t.Helper()
			answer := httptest.NewRecorder()
			handler.ServeHTTP(answer, post(t, "/", key))
			if answer.Code != want {
				t.Errorf("signed with %s: status %d, want %d", key, answer.Code, want)
			}
		}
		check("old", 200)
		mount("new\nold\n")
		check("new", 200)
		check("old", 200)
		mount("new")
		time.Sleep(time.Minute)
		check("new", 200)
		check("old", 200) // for another hour
		time.Sleep(time.Hour + time.Minute)
		check("new", 200)
		check("old", 401)
	})
}

// Within the request's time, which the framework sets: after it the sender would
// get the platform's 504, and no reason.
func TestSlowHandlersAreAnsweredInTime(t *testing.T) {
	for name, handler := range map[string]core.HandlerFunc{
		"one that stops when told": func(ctx context.Context, _ *core.Delivery) error {
			<-ctx.Done()
			return ctx.Err()
		},
		"one that does not": func(context.Context, *core.Delivery) error {
			time.Sleep(time.Hour)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				defer cancel()
				r := receiver(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret"}, io.Discard)
				r.Handler = handler
				w := httptest.NewRecorder()
				began := time.Now()
				NewHandler(r).ServeHTTP(w, post(t, "/", "secret").WithContext(ctx))
				if took := time.Since(began); w.Code != 503 || took < 29*time.Second || took > 29200*time.Millisecond {
					t.Errorf("answered %d after %v", w.Code, took)
				}
				time.Sleep(2 * time.Hour) // until the handler that was left behind has ended
			})
		})
	}
}
