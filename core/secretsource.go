package core

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// SecretSource gives the secrets that are live now, the current one first.
type SecretSource interface {
	// Secrets returns at least one usable secret or an error. It is called for
	// every request, concurrently.
	Secrets(ctx context.Context) ([]Secret, error)
}

// Rereader is a [SecretSource] that can look again when a signature matches
// none of the secrets it gave: they may have been rotated since.
type Rereader interface {
	SecretSource
	// Reread returns newer secrets than stale, which Secrets gave before, and
	// whether there are any.
	Reread(ctx context.Context, stale []Secret) (fresh []Secret, changed bool)
}

// StaticSecrets is a source that always gives the same secrets. It returns an
// error when there is none or one is the zero Secret, which could prove
// nothing.
func StaticSecrets(secrets ...Secret) (SecretSource, error) {
	if len(secrets) == 0 {
		return nil, ErrNoSecret
	}
	for _, s := range secrets {
		if s.macs == nil {
			return nil, ErrSecretEmpty
		}
	}
	return staticSecrets(secrets), nil
}

type staticSecrets []Secret

func (s staticSecrets) Secrets(context.Context) ([]Secret, error) { return s, nil }

// FileSecrets is a source that reads a file of one secret a line, the current
// one first, at most once a minute: secrets mounted into a container change
// under it. A file that cannot be read any more keeps its last secrets for an
// hour. The first read happens on first use.
func FileSecrets(path string) *CachedSecrets {
	return &CachedSecrets{
		MaxAge:      time.Minute,
		RereadEvery: -1,
		Fetch: func(context.Context) ([]Secret, error) {
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			secrets, err := ParseSecrets(string(text))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", path, err)
			}
			return secrets, nil
		},
	}
}

// ParseSecrets reads one secret a line, each by the rules of [NewSecret]. An
// error names the line.
func ParseSecrets(text string) ([]Secret, error) {
	var secrets []Secret
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		s, err := NewSecret(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		secrets = append(secrets, s)
	}
	return secrets, nil
}

// CachedSecrets is a source that asks Fetch as seldom as it can. It is what the
// clouds wrap around their secret managers:
//
//   - secrets older than MaxAge are fetched again; one request waits for that,
//     the others go on with what there is;
//   - a fetch that fails changes nothing until StaleFor has passed since the
//     last good one; after that, and before the first good one, Secrets fails;
//   - a signature that matches nothing makes it fetch again at once, for that is
//     what a rotation looks like, but at most every RereadEvery, for it is also
//     what a forgery looks like; requests that come meanwhile wait and share the
//     result;
//   - no two fetches run at the same time.
//
// While forgeries come in, a rotation may thus go unseen for up to RereadEvery:
// whoever rotates gives the manager the new secret that long before Labelbox.
//
// The fields must be set before first use. Zero durations mean the defaults.
type CachedSecrets struct {
	// Fetch asks the secret manager. It must return at least one secret or an
	// error; the error must not contain secrets.
	Fetch func(ctx context.Context) ([]Secret, error)

	MaxAge      time.Duration // default 5 minutes
	StaleFor    time.Duration // default 1 hour
	RereadEvery time.Duration // default 10 seconds; negative means never
	RetryEvery  time.Duration // how long a failed fetch is remembered; default 1 second
	Timeout     time.Duration // of one fetch; default 2 seconds

	mu       sync.Mutex
	secrets  []Secret      // of the last good fetch
	fetched  time.Time     // when that was
	failed   time.Time     // when the last fetch failed; zero after a good one
	err      error         // why it failed
	reread   time.Time     // when a mismatch last caused a fetch
	inFlight chan struct{} // closed when the running fetch ends; nil when none runs
}

// Secrets implements [SecretSource]. Its errors match [ErrNoSecret].
func (c *CachedSecrets) Secrets(ctx context.Context) ([]Secret, error) {
	c.mu.Lock()
	now := time.Now()
	fresh := c.secrets != nil && now.Sub(c.fetched) < orDefault(c.MaxAge, 5*time.Minute)
	mayFetch := c.inFlight == nil && (c.failed.IsZero() || now.Sub(c.failed) >= orDefault(c.RetryEvery, time.Second))
	var ended <-chan struct{}
	switch {
	case fresh:
	case mayFetch:
		ended = c.fetch(ctx)
	case !c.usable(now):
		ended = c.inFlight // nil, so no waiting, if a fetch has just failed
	}
	c.mu.Unlock()
	if err := wait(ctx, ended); err != nil {
		return nil, err
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.usable(time.Now()) {
		return nil, errors.Join(ErrNoSecret, c.err)
	}
	return c.secrets, nil
}

// Reread implements [Rereader].
func (c *CachedSecrets) Reread(ctx context.Context, stale []Secret) (fresh []Secret, changed bool) {
	every := orDefault(c.RereadEvery, 10*time.Second)
	c.mu.Lock()
	now := time.Now()
	var ended <-chan struct{}
	switch {
	case !same(c.secrets, stale): // somebody else has been to look since
	case c.inFlight != nil:
		ended = c.inFlight
	case every >= 0 && (c.reread.IsZero() || now.Sub(c.reread) >= every):
		c.reread = now
		ended = c.fetch(ctx)
	}
	c.mu.Unlock()
	if wait(ctx, ended) != nil {
		return nil, false
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	return c.secrets, !same(c.secrets, stale)
}

// fetch starts a fetch, which outlives the request that caused it: others wait
// for it as well. c.mu is held.
func (c *CachedSecrets) fetch(ctx context.Context) <-chan struct{} {
	ended := make(chan struct{})
	c.inFlight = ended
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), orDefault(c.Timeout, 2*time.Second))
		defer cancel()
		secrets, err := c.Fetch(ctx)
		if err == nil && len(secrets) == 0 {
			err = ErrSecretEmpty
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if err != nil {
			c.failed, c.err = time.Now(), err
		} else {
			c.secrets, c.fetched = secrets, time.Now()
			c.failed, c.err = time.Time{}, nil
		}
		c.inFlight = nil
		close(ended)
	}()
	return ended
}

// usable reports whether the secrets may still be used. c.mu is held.
func (c *CachedSecrets) usable(now time.Time) bool {
	return c.secrets != nil && now.Sub(c.fetched) < orDefault(c.StaleFor, time.Hour)
}

func wait(ctx context.Context, ended <-chan struct{}) error {
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// same reports whether both are the result of one fetch.
func same(a, b []Secret) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
