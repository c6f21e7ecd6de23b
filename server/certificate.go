package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is that of two files, read again when they change.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger

	mu     sync.Mutex
	used   *tls.Certificate
	of     [2]time.Time // when the files were written that were last read
	looked time.Time    // when that was last compared
}

// lookEvery is how often it is seen whether the files have changed.
const lookEvery = time.Second

func loadCertificate(certFile, keyFile string, logger *slog.Logger) (*certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("TLS needs both a certificate and its key: set CertFile and KeyFile, or neither")
	}
	c := &certificate{certFile: certFile, keyFile: keyFile, logger: logger, looked: time.Now(), of: writtenAt(certFile, keyFile)}
	return c, c.load()
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return fmt.Errorf("certificate %s with key %s: %w", c.certFile, c.keyFile, err)
	}
	c.used = &pair
	return nil
}

// get is for [tls.Config]. Files that do not fit together, as between the writing
// of the one and the other, are logged, and what was read before is used.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if of := writtenAt(c.certFile, c.keyFile); of != c.of {
			c.of = of
			if err := c.load(); err != nil {
				c.logger.Warn("the renewed certificate cannot be used; the one read before is", "error", err)
			}
		}
	}
	return c.used, nil
}

// writtenAt returns zero for a file that is not there.
func writtenAt(files ...string) (times [2]time.Time) {
	for i, file := range files {
		if info, err := os.Stat(file); err == nil {
			times[i] = info.ModTime()
		}
	}
	return times
}
