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
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

func TestTimeLimitIsBelowTheHosts(t *testing.T) {
	none := t.TempDir()
	unlimited := t.TempDir()
	if err := os.WriteFile(filepath.Join(unlimited, "host.json"), []byte(`{"version":"2.0","functionTimeout":"-1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		variables map[string]string
		want      time.Duration
	}{
		"as deployed":              {map[string]string{"FUNCTIONS_APP_ROOT_PATH": "../deploy/azure"}, 45 * time.Second},
		"an app setting outweighs": {map[string]string{"FUNCTIONS_APP_ROOT_PATH": "../deploy/azure", "AzureFunctionsJobHost__functionTimeout": "00:02:00"}, 90 * time.Second},
		"fractions":                {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:00:10.5"}, 7875 * time.Millisecond},
		"hours and minutes":        {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:01"}, 45 * time.Second},
		"more than the front end":  {map[string]string{"AzureFunctionsJobHost__functionTimeout": "1.00:00:00"}, frontEnd * 3 / 4},
		"no limit":                 {map[string]string{"FUNCTIONS_APP_ROOT_PATH": unlimited}, frontEnd * 3 / 4},
		"no host.json":             {map[string]string{"FUNCTIONS_APP_ROOT_PATH": none}, frontEnd * 3 / 4},
		"not a span":               {map[string]string{"AzureFunctionsJobHost__functionTimeout": "soon"}, frontEnd * 3 / 4},
		"nothing at all":           {map[string]string{"AzureFunctionsJobHost__functionTimeout": "00:00:00"}, frontEnd * 3 / 4},
	} {
		if got := timeLimit(func(name string) string { return test.variables[name] }); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	var host struct{ FunctionTimeout string }
	text, err := os.ReadFile("../deploy/azure/host.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &host); err != nil {
		t.Fatal(err)
	}
	if kills, ok := parseTimeSpan(host.FunctionTimeout); !ok || kills < 50*time.Second {
		t.Errorf("the host would kill after %v", kills)
	}
}

// A handler of anybody's that takes too long is answered 503 before the host
// kills the process, whether or not it stops when told; in both forms of request.
func TestSlowHandlersAreAnsweredBeforeTheHostKills(t *testing.T) {
	t.Setenv("AzureFunctionsJobHost__functionTimeout", "00:01:00")
	key, err := secret.New("secret")
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"id":1}`)
	direct := httptest.NewRequest("POST", "/api/labelbox", nil)
	direct.Header.Set(core.SignatureHeader, core.Sign(body, key))
	packed, err := json.Marshal(map[string]any{"Data": map[string]any{"req": map[string]any{
		"Method": "POST", "Headers": map[string]any{core.SignatureHeader: []string{core.Sign(body, key)}, "Content-Type": []string{"application/json"}}, "Body": string(body),
	}}})
	if err != nil {
		t.Fatal(err)
	}
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
	if err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Static(key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(NewHandler(&core.Receiver{Secrets: secrets, Observe: core.LogTo(slog.New(slog.DiscardHandler)),
		Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil })}))
	defer server.Close()
	body, sender := io.Pipe()
	defer sender.Close()
	go sender.Write([]byte(`{"id":`)) // and no more
	request, err := http.NewRequest("POST", server.URL+"/api/labelbox", body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(core.SignatureHeader, "sha1="+strings.Repeat("0", 40))
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); response.StatusCode != 400 || !strings.Contains(string(text), "body_incomplete") {
		t.Errorf("answered %d %s", response.StatusCode, text)
	}
}
