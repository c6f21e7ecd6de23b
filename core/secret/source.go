package secret

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// ErrNone means that there is no usable secret: nothing can be believed now.
var ErrNone = errors.New("no usable webhook secret")

// Source gives the secrets that are live now, the current one first.
type Source interface {
	// Secrets returns at least one usable secret or an error. It is called for
	// every request, concurrently.
	Secrets(ctx context.Context) ([]Secret, error)
}

// Rereader is a [Source] that can look again when a signature matches
// none of the secrets it gave: they may have been rotated since.
type Rereader interface {
	Source
	// Reread returns newer secrets than stale, which Secrets gave before, and
	// whether there are any.
	Reread(ctx context.Context, stale []Secret) (fresh []Secret, changed bool)
}

// Static is a source that always gives the same secrets. It returns an
// error when there is no secret or one is the zero Secret, which could prove
// nothing.
func Static(secrets ...Secret) (Source, error) {
	if len(secrets) == 0 {
		return nil, ErrNone
	}
	for _, s := range secrets {
		if s.macs == nil {
			return nil, ErrEmpty
		}
	}
	return staticSecrets(secrets), nil
}

type staticSecrets []Secret

func (s staticSecrets) Secrets(context.Context) ([]Secret, error) { return s, nil }

// Cached is a source that asks Fetch as seldom as it can. It is what the
// clouds wrap around their secret managers:
//
//   - secrets older than MaxAge are fetched again; one request waits for that,
//     the others go on with what there is;
//   - a fetch that fails changes nothing until StaleFor has passed since the
//     last good one; after that, and before the first good one, Secrets fails.
//     That the secrets are those of an earlier fetch is a warning in the log, at
//     the first failure and once a minute, and so is the end of it;
//   - a signature that matches nothing makes it fetch again at once, for that is
//     what a rotation looks like, but at most every RereadEvery, for it is also
//     what a forgery looks like; requests that come meanwhile wait and share the
//     result;
//   - no two fetches run at the same time.
//
// While forgeries come in, a rotation may thus go unseen for up to RereadEvery:
// to rotate, give the manager the new secret that long before Labelbox.
//
// The fields must be set before first use. Zero durations mean the defaults.
type Cached struct {
	// Fetch asks the secret manager. It must return at least one secret or an
	// error; the error must not contain secrets.
	Fetch func(ctx context.Context) ([]Secret, error)

	Name string // what the log calls it, such as "secret labelbox"

	MaxAge      time.Duration // default 5 minutes
	StaleFor    time.Duration // default 1 hour
	RereadEvery time.Duration // default 10 seconds; negative means never
	RetryEvery  time.Duration // how long a failed fetch is remembered; default 1 second
	Timeout     time.Duration // of one fetch; default 2 seconds

	Log *slog.Logger // where failures are logged; nil means [slog.Default]

	mu       sync.Mutex
	secrets  []Secret      // of the last good fetch
	fetched  time.Time     // when that was
	failed   time.Time     // when the last fetch failed; zero after a good one
	err      error         // why it failed
	reread   time.Time     // when a mismatch last caused a fetch
	inFlight chan struct{} // closed when the running fetch ends; nil when none runs
	warned   time.Time     // when a failure was last logged; zero if none was since the last good fetch
}

// warnEvery is how often a refresh that goes on failing is logged.
const warnEvery = time.Minute

func (c *Cached) logger() *slog.Logger { return cmp.Or(c.Log, slog.Default()) }

// Secrets implements [Source]. Its errors match [ErrNone].
func (c *Cached) Secrets(ctx context.Context) ([]Secret, error) {
	c.mu.Lock()
	now := time.Now()
	fresh := c.secrets != nil && now.Sub(c.fetched) < cmp.Or(c.MaxAge, 5*time.Minute)
	mayFetch := c.inFlight == nil && (c.failed.IsZero() || now.Sub(c.failed) >= cmp.Or(c.RetryEvery, time.Second))
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
		return nil, errors.Join(ErrNone, c.err)
	}
	return c.secrets, nil
}

// Reread implements [Rereader].
func (c *Cached) Reread(ctx context.Context, stale []Secret) (fresh []Secret, changed bool) {
	every := cmp.Or(c.RereadEvery, 10*time.Second)
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
func (c *Cached) fetch(ctx context.Context) <-chan struct{} {
	ended := make(chan struct{})
	c.inFlight = ended
	go func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(c.Timeout, 2*time.Second))
		defer cancel()
		secrets, err := c.Fetch(ctx)
		if err == nil && len(secrets) == 0 {
			err = ErrEmpty
		}
		c.mu.Lock()
		news := c.note(secrets, err)
		c.inFlight = nil
		close(ended)
		c.mu.Unlock()
		news() // last, for a log may stall
	}()
	return ended
}

// note takes the result of a fetch, and returns what logs it. c.mu is held.
func (c *Cached) note(secrets []Secret, err error) (news func()) {
	now := time.Now()
	attrs := []any{"source", c.Name, "secret_age_s", int(now.Sub(c.fetched).Seconds())}
	news = func() {}
	if err == nil {
		if !c.warned.IsZero() {
			news = func() { c.logger().Info("the webhook secrets could be read again", attrs...) }
		}
		c.secrets, c.fetched = secrets, now
		c.failed, c.err, c.warned = time.Time{}, nil, time.Time{}
		return news
	}
	c.failed, c.err = now, err
	// Where there are no secrets, every request that is refused tells why.
	if c.usable(now) && now.Sub(c.warned) >= warnEvery {
		c.warned = now
		left := cmp.Or(c.StaleFor, time.Hour) - now.Sub(c.fetched)
		attrs = append(attrs, "usable_for_s", int(left.Seconds()), "error", err.Error())
		news = func() {
			c.logger().Warn("the webhook secrets could not be read again; those read before are used", attrs...)
		}
	}
	return news
}

// usable reports whether the secrets may still be used. c.mu is held.
func (c *Cached) usable(now time.Time) bool {
	return c.secrets != nil && now.Sub(c.fetched) < cmp.Or(c.StaleFor, time.Hour)
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
