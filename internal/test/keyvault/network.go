package keyvault

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/labelhook/labelhook/internal/test/required"
)

// network is how a vault on a loopback address is reached by its real name.
type network struct {
	environment map[string]string
	client      *http.Client
}

// Environment returns the variables by which a process on Linux finds the
// vault, believes its certificate and gets tokens.
func (n network) Environment() map[string]string { return n.environment }

// Client returns a client that finds the vault and believes its certificate.
func (n network) Client() *http.Client { return n.client }

// Credential returns what the vault accepts, without asking anyone.
func (network) Credential() azcore.TokenCredential { return credential{} }

type credential struct{}

func (credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: token, ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func connect(t testing.TB, vault, identity http.Handler) network {
	certificate, text := certify(t)
	server := httptest.NewUnstartedServer(vault)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	tokens := httptest.NewServer(identity)
	t.Cleanup(tokens.Close)
	proxy := httptest.NewServer(tunnel(server.Listener.Addr().String()))
	t.Cleanup(proxy.Close)

	file := filepath.Join(t.TempDir(), "vault.pem")
	required.NoError(t, os.WriteFile(file, text, 0o600))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	address, err := url.Parse(proxy.URL)
	required.NoError(t, err)
	transport := &http.Transport{Proxy: http.ProxyURL(address), TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return network{
		environment: map[string]string{
			"HTTPS_PROXY":       proxy.URL,
			"SSL_CERT_FILE":     file,
			"IDENTITY_ENDPOINT": tokens.URL,
			"IDENTITY_HEADER":   proof,
		},
		client: &http.Client{Transport: transport},
	}
}

// tunnel is a proxy that leads to address whoever wants to the vault, and
// nobody else anywhere.
func tunnel(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Host != Host+":443" {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		vault, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, "", http.StatusBadGateway)
			return
		}
		defer vault.Close()
		sender, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer sender.Close()
		io.WriteString(sender, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			io.Copy(vault, sender)
			vault.Close()
		}()
		io.Copy(sender, vault)
	})
}

// certify makes a certificate for the vault that vouches for itself.
func certify(t testing.TB) (certificate tls.Certificate, text []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	required.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{Host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	required.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
