package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/server"
)

// certify writes a certificate and its key, made then, with that serial number.
func certify(t *testing.T, dir string, serial int64, made time.Time) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	required.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	required.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	required.NoError(t, err)
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: private}} {
		required.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
		required.NoError(t, os.Chtimes(file, made, made))
	}
	return certFile, keyFile
}

func TestTLSFromFilesThatAreRenewed(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := certify(t, dir, 1, time.Now().Add(-time.Hour))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	warnings := make(lines, 10)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	s := &server.Server{Receiver: &core.Receiver{}, CertFile: certFile, KeyFile: keyFile, Logger: slog.New(slog.NewTextHandler(warnings, nil))}
	go func() { served <- s.Serve(ctx, l) }()
	serial := func() (int64, string) {
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		required.NoError(t, err)
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64(), conn.ConnectionState().NegotiatedProtocol
	}
	if n, protocol := serial(); n != 1 || protocol != "h2" {
		t.Errorf("certificate %d, protocol %q", n, protocol)
	}
	required.NoError(t, os.WriteFile(keyFile, []byte("half"), 0o600))
	for len(warnings) == 0 { // until that was seen
		if n, _ := serial(); n != 1 {
			t.Fatalf("certificate %d with half a key", n)
		}
	}
	if line := <-warnings; !strings.Contains(line, "renewed certificate cannot be used") {
		t.Error(line)
	}
	certify(t, dir, 2, time.Now())
	for deadline := time.Now().Add(10 * time.Second); ; {
		if n, _ := serial(); n == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("certificate %d is still used", n)
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

type lines chan string

func (l lines) Write(line []byte) (int, error) { l <- string(line); return len(line), nil }

func TestServeSaysWhatIsWrongWithItsFields(t *testing.T) {
	dir := t.TempDir()
	certFile, _ := certify(t, dir, 1, time.Now())
	_, otherKey := certify(t, t.TempDir(), 2, time.Now())
	for want, s := range map[string]*server.Server{
		"needs both a certificate and its key": {CertFile: certFile},
		"private key does not match":           {CertFile: certFile, KeyFile: otherKey},
		"no such file":                         {CertFile: filepath.Join(dir, "none"), KeyFile: otherKey},
		"does not begin with a slash":          {Path: "labelbox"},
		"followed by a query":                  {Path: "/labelbox?token=1"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		required.NoError(t, err)
		s.Receiver = &core.Receiver{}
		if err := s.Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
		if _, err := l.Accept(); err == nil {
			t.Errorf("%s: the listener is still open", want)
		}
	}
	if err := (&server.Server{Receiver: &core.Receiver{}}).Run(t.Context(), "127.0.0.1:99999"); err == nil {
		t.Error("listens at a port that there is not")
	}
}
