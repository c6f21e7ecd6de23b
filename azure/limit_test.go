package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/required"
)

// A handler of anybody's that takes too long is answered 503 before the host
// kills the process, whether or not it stops when told; in both forms of request.
func TestSlowHandlersAreAnsweredBeforeTheHostKills(t *testing.T) {
	t.Setenv("AzureFunctionsJobHost__functionTimeout", "00:01:00")
	key, err := secret.New("secret")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	body := []byte(`{"id":1}`)
	direct := httptest.NewRequest("POST", "/api/labelbox", nil)
	direct.Header.Set(core.SignatureHeader, core.Sign(body, key))
	packed, err := json.Marshal(map[string]any{"Data": map[string]any{"req": map[string]any{
		"Method": "POST", "Headers": map[string]any{core.SignatureHeader: []string{core.Sign(body, key)}, "Content-Type": []string{"application/json"}}, "Body": string(body),
	}}})
	required.NoError(t, err)
	for name, handler := range map[string]core.HandlerFunc{
		"one that stops when told": func(ctx context.Context, _ *core.Delivery) error {
			<-ctx.Done()
			return errors.New("gave up")
		},
		"one that does not": func(context.Context, *core.Delivery) error {
			time.Sleep(time.Hour)
			return nil
		},
	} {
		for form, request := range map[string]func() *http.Request{
			"passed on": func() *http.Request {
				r := direct.Clone(context.Background())
				r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
				return r
			},
			"in the envelope": func() *http.Request { return httptest.NewRequest("POST", "/labelbox", bytes.NewReader(packed)) },
		} {
			t.Run(name+", "+form, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := httptest.NewRecorder()
					began := time.Now()
					NewHandler(&core.Receiver{Secrets: secrets, Handler: handler, Observe: core.LogTo(slog.New(slog.DiscardHandler))}).ServeHTTP(w, request())
					if took := time.Since(began); took < 45*time.Second || took > 46*time.Second {
						t.Errorf("answered after %v", took)
					}
					if !strings.Contains(w.Body.String(), "delivery_failed") || !strings.Contains(w.Body.String(), "503") {
						t.Errorf("answered %d %s", w.Code, w.Body)
					}
					time.Sleep(2 * time.Hour) // until the handler that was left behind has ended
				})
			})
		}
	}
}

// A body that comes too slowly must not keep the host waiting either.
func TestSlowBodiesAreAnsweredBeforeTheHostKills(t *testing.T) {
	t.Setenv("AzureFunctionsJobHost__functionTimeout", "00:00:01")
	key, err := secret.New("secret")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	server := httptest.NewServer(NewHandler(&core.Receiver{Secrets: secrets, Observe: core.LogTo(slog.New(slog.DiscardHandler)),
		Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })}))
	defer server.Close()
	body, sender := io.Pipe()
	defer sender.Close()
	go sender.Write([]byte(`{"id":`)) // and no more
	request, err := http.NewRequest("POST", server.URL+"/api/labelbox", body)
	required.NoError(t, err)
	request.Header.Set(core.SignatureHeader, "sha1="+strings.Repeat("0", 40))
	response, err := http.DefaultTransport.RoundTrip(request)
	required.NoError(t, err)
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != 400 || !strings.Contains(string(text), "body_incomplete") {
		t.Errorf("answered %d %s", response.StatusCode, text)
	}
}
