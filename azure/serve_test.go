package azure

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/required"
)

func TestOwnURL(t *testing.T) {
	own := ownURL(func(string) string { return "acme-labels.azurewebsites.net" })
	for address, want := range map[string]bool{
		"https://acme-labels.azurewebsites.net/api/labelbox":      true,
		"https://ACME-Labels.AzureWebsites.net:443/api/labelbox/": true,
		"https://acme-labels.azurewebsites.net./?code=key":        true,
		"https://acme-labels-2.azurewebsites.net/api/labelbox":    false,
		"https://example.com/acme-labels.azurewebsites.net":       false,
		":": false,
	} {
		if got := own(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if ownURL(func(string) string { return "" })("https:///x") {
		t.Error("no name of its own matches no name")
	}
}

// Requests to other paths are logged in a bounded number of lines, without
// control characters.
func TestRefusedPathsAreLoggedOnce(t *testing.T) {
	var log bytes.Buffer
	h := route(nil, slog.New(slog.NewTextHandler(&log, nil)))
	for i := range 1000 {
		for _, path := range []string{"/api/labelbx", fmt.Sprintf("/%d%s", i, strings.Repeat("%1b", 50))} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("POST", path, nil))
			if w.Code != 404 {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
	}
	strays.Flush()
	if n := strings.Count(log.String(), "\n"); n > 70 || strings.Count(log.String(), "path=/api/labelbx") != 2 || strings.Contains(log.String(), `\x1b`) {
		t.Errorf("%d lines: %.2000s", n, &log)
	}
}

// An unsigned body is read to its end, as the host wants it, and not kept.
func TestRefusedBodiesAreDrained(t *testing.T) {
	key, err := secret.New("a-webhook-secret")
	required.NoError(t, err)
	secrets, err := secret.Static(key)
	required.NoError(t, err)
	r := &core.Receiver{Secrets: secrets, Observe: core.LogTo(slog.New(slog.DiscardHandler))}
	body := io.LimitReader(blanks{}, 300<<20)
	request := httptest.NewRequest("POST", "/api/labelbox", body)
	request.ContentLength = -1
	w := httptest.NewRecorder()
	NewHandler(r).ServeHTTP(w, request)
	if n, _ := io.Copy(io.Discard, body); w.Code != 401 || n > 0 || w.Header().Get("Connection") != "" {
		t.Errorf("status %d with %d bytes left", w.Code, n)
	}
}

type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
