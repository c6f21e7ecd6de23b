package sdk_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/azure/blob"
	"github.com/labelhook/labelhook/azure/queue"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/required"
)

// TestDestinationsSignInAsTheManagedIdentity runs the destinations as they are
// in Azure, without a connection string: a token from the app's own endpoint, and
// https to the account's host. A child process does so, because a proxy and
// root certificates are read once; the proxy leads the hosts to this machine.
func TestDestinationsSignInAsTheManagedIdentity(t *testing.T) {
	if os.Getenv("SEND_TO_AZURE") != "" {
		send(t)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux takes root certificates from SSL_CERT_FILE")
	}
	var mu sync.Mutex
	var seen []string
	azure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		seen = append(seen, fmt.Sprintf("%s %s%s, %q, If-None-Match %q, %v", r.Method, r.Host, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("If-None-Match"), len(body) > 0))
		mu.Unlock()
		if r.Method == "POST" {
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusCreated)
			io.WriteString(w, "<QueueMessagesList></QueueMessagesList>")
			return
		}
		w.WriteHeader(http.StatusCreated)
	}))
	// The child must believe it to be Azure's.
	own := certificate(t, "account.blob.core.windows.net", "account.queue.core.windows.net")
	azure.TLS = &tls.Config{Certificates: []tls.Certificate{own}}
	azure.StartTLS()
	defer azure.Close()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	required.NoError(t, os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]}), 0o600))
	identity := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Identity-Header") != "proof" || r.FormValue("client_id") != "11111111-2222-3333-4444-555555555555" {
			t.Errorf("asked for a token with %v %v", r.Header, r.Form)
		}
		json.NewEncoder(w).Encode(map[string]string{
			"access_token": "token for " + r.FormValue("resource"),
			"expires_on":   fmt.Sprint(time.Now().Add(time.Hour).Unix()),
		})
	}))
	defer identity.Close()
	proxy := httptest.NewServer(tunnel(azure.Listener.Addr().String()))
	defer proxy.Close()

	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), "SEND_TO_AZURE=1", "AZURE_STORAGE_CONNECTION_STRING=", "AZURE_CLIENT_ID=11111111-2222-3333-4444-555555555555",
		"IDENTITY_ENDPOINT="+identity.URL, "IDENTITY_HEADER=proof", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE="+roots)
	if output, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	d := delivery()
	want := []string{
		`PUT account.blob.core.windows.net/container/` + d.ObjectName() + `, "Bearer token for https://storage.azure.com", If-None-Match "*", true`,
		`POST account.queue.core.windows.net/queue/messages, "Bearer token for https://storage.azure.com", If-None-Match "", true`,
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(seen, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func delivery() *core.Delivery { return core.Identify(http.Header{}, []byte(`{"a":1}`)) }

func send(t *testing.T) {
	b, err := blob.Open("azblob://account/container")
	required.NoError(t, err)
	q, err := queue.Open("azqueue://account/queue")
	required.NoError(t, err)
	for _, h := range []core.Handler{b, q} {
		if err := h.Handle(t.Context(), delivery()); err != nil {
			t.Error(err)
		}
	}
}

// tunnel is a proxy that leads every host to one address.
func tunnel(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer out.Close()
		in, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer in.Close()
		io.WriteString(in, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			io.Copy(out, in)
			out.Close()
		}()
		io.Copy(in, out)
	})
}
