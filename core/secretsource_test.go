package core_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
)

// vault stands for a secret manager that answers slowly and can be rotated and
// broken. Time in these tests is synctest's.
type vault struct {
	mu      sync.Mutex
	texts   []string
	err     error
	fetches int
	running int
	t       *testing.T
}

func (v *vault) fetch(ctx context.Context) ([]core.Secret, error) {
	v.mu.Lock()
	v.fetches++
	if v.running++; v.running > 1 {
		v.t.Error("two fetches at the same time")
	}
	texts, err := v.texts, v.err
	v.mu.Unlock()
	defer func() {
		v.mu.Lock()
		v.running--
		v.mu.Unlock()
	}()
	select {
	case <-time.After(50 * time.Millisecond):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var secrets []core.Secret
	for _, text := range texts {
		secrets = append(secrets, mustSecret(v.t, text))
	}
	return secrets, err
}

func (v *vault) set(err error, texts ...string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err, v.texts = err, texts
}

func (v *vault) count() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.fetches
}

// status sends one delivery signed with the secret.
func status(t *testing.T, r *core.Receiver, secret string) int {
	return r.Receive(t.Context(), signed(t, sample, "LABEL_CREATED", secret)).Status
}

func cached(t *testing.T, v *vault) *core.Receiver {
	v.t = t
	return &core.Receiver{Secrets: &core.CachedSecrets{Fetch: v.fetch}, Handler: returns(nil), Logger: quiet()}
}

func TestCachedSecretsAreFetchedOnceForManyAndAgainWhenOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}}
		r := cached(t, v)
		burst := func() {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					if got := status(t, r, "a"); got != 200 {
						t.Errorf("status %d", got)
					}
				})
			}
			wg.Wait()
		}
		burst()
		time.Sleep(5*time.Minute - time.Second)
		burst()
		if v.count() != 1 {
			t.Errorf("%d fetches before the secrets are old", v.count())
		}
		time.Sleep(2 * time.Second)
		burst()
		if v.count() != 2 {
			t.Errorf("%d fetches after they are", v.count())
		}
	})
}

func TestRotationUnderLoadLosesNoDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"old"}}
		r := cached(t, v)
		var wg sync.WaitGroup
		send := func(secret string, want int) {
			wg.Go(func() {
				if got := status(t, r, secret); got != want {
					t.Errorf("signed with %s: status %d, want %d", secret, got, want)
				}
			})
		}
		for second := range 60 {
			switch second {
			case 20:
				v.set(nil, "new", "old") // the manager knows both; the sender still signs with the old one
			case 40:
				v.set(nil, "new") // the old one is withdrawn
			}
			for range 10 {
				send("old", map[bool]int{true: 200, false: 401}[second < 51]) // a little longer: the cache knows it
				if second >= 20 {
					send("new", 200)
				}
				if second >= 50 {
					send("forged", 401)
				}
			}
			time.Sleep(time.Second)
		}
		wg.Wait()
	})
}

// A fetch that began before a rotation brings the old secrets, and may end
// after the first delivery signed with the new one has come.
func TestRotationDuringAFetchLosesNoDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"old"}}
		r := cached(t, v)
		status(t, r, "old")
		time.Sleep(5 * time.Minute)
		var wg sync.WaitGroup
		wg.Go(func() { status(t, r, "old") }) // the secrets are old: it fetches
		synctest.Wait()
		v.set(nil, "new")
		for range 10 {
			wg.Go(func() {
				if got := status(t, r, "new"); got != 200 {
					t.Errorf("status %d", got)
				}
			})
		}
		wg.Wait()
		if v.count() != 3 {
			t.Errorf("%d fetches, want the first, the one that came too early and one more", v.count())
		}
	})
}

func TestForgeriesCauseABoundedNumberOfFetches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}}
		r := cached(t, v)
		status(t, r, "a")
		for range 60 { // a minute of a hundred forgeries a second
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					if got := status(t, r, "forged"); got != 401 {
						t.Errorf("status %d", got)
					}
				})
			}
			wg.Wait()
			time.Sleep(950 * time.Millisecond)
		}
		if got := v.count(); got > 1+6 {
			t.Errorf("%d fetches in a minute, want at most one and one every 10 s", got)
		}
	})
}

func TestForgeriesCauseABoundedNumberOfFetchesWhileTheManagerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}}
		r := cached(t, v)
		status(t, r, "a")
		v.set(errors.New("manager down"))
		time.Sleep(10 * time.Minute) // the secrets are old by now, but usable
		for range 60 {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if got := status(t, r, "forged"); got != 401 {
						t.Errorf("forged: status %d", got)
					}
					if got := status(t, r, "a"); got != 200 {
						t.Errorf("genuine: status %d", got)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second)
		}
		if got := v.count(); got > 1+60+6 {
			t.Errorf("%d fetches in a minute, want at most one a second and one every 10 s", got)
		}
	})
}

func TestAFailingManagerKeepsTheLastSecretsForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}}
		r := cached(t, v)
		status(t, r, "a")
		v.set(errors.New("manager down"))
		for elapsed := time.Duration(0); elapsed < 59*time.Minute; elapsed += time.Minute {
			if got := status(t, r, "a"); got != 200 {
				t.Fatalf("status %d after %v", got, elapsed)
			}
			time.Sleep(time.Minute)
		}
		time.Sleep(2 * time.Minute)
		for range 3 {
			if got := status(t, r, "a"); got != 503 {
				t.Errorf("status %d after more than an hour", got)
			}
		}
		v.set(nil, "b")
		time.Sleep(time.Second)
		if got := status(t, r, "b"); got != 200 {
			t.Errorf("status %d after the manager came back", got)
		}
	})
}

func TestAManagerThatFailsFromTheStartIsAskedOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{err: errors.New("access denied")}
		r := cached(t, v)
		for range 100 {
			if got := status(t, r, "a"); got != 503 {
				t.Errorf("status %d", got)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if got := v.count(); got < 5 || got > 11 {
			t.Errorf("%d fetches in 10 s", got)
		}
	})
}

func TestAHangingManagerIsGivenUpAfterTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &core.CachedSecrets{Fetch: func(ctx context.Context) ([]core.Secret, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		began := time.Now()
		_, err := source.Secrets(t.Context())
		if !errors.Is(err, core.ErrNoSecret) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestASenderThatLeavesDoesNotSpoilTheFetchForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}, t: t}
		source := &core.CachedSecrets{Fetch: v.fetch}
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := source.Secrets(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("the one that left got %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if _, err := source.Secrets(t.Context()); err != nil {
				t.Errorf("the other got %v", err)
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
		if v.count() != 1 {
			t.Errorf("%d fetches", v.count())
		}
	})
}

func TestFileSecretsAreReadAgainAtMostOnceAMinute(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		write("old\n")
		r := &core.Receiver{Secrets: core.FileSecrets(path), Handler: returns(nil), Logger: quiet()}
		check := func(secret string, want int) {
			t.Helper()
			if got := status(t, r, secret); got != want {
				t.Errorf("signed with %s: status %d, want %d", secret, got, want)
			}
		}
		check("old", 200)
		write("new\r\nold\r\n")
		check("new", 401)
		time.Sleep(time.Minute)
		check("new", 200)
		check("old", 200)
		write("new\n\nold\n")
		time.Sleep(time.Minute)
		check("new", 200) // the file is wrong now, the last good secrets stay
		os.Remove(path)
		time.Sleep(2 * time.Hour)
		check("new", 503)
	})
}

func TestParseSecretsNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":         "line 1: the secret is empty",
		"\n":       "line 1: the secret is empty",
		"a\n\nb":   "line 2: the secret is empty",
		"a\n b\n":  "line 2: the secret begins or ends with white space",
		"a\nb\n\n": "line 3: the secret is empty",
	} {
		if _, err := core.ParseSecrets(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	if s, err := core.ParseSecrets("a\nb\n"); err != nil || len(s) != 2 {
		t.Errorf("got %v, %v", s, err)
	}
}

func TestStaticSecretsRefusesWhatProvesNothing(t *testing.T) {
	if _, err := core.StaticSecrets(); err == nil {
		t.Error("took no secret")
	}
	if _, err := core.StaticSecrets(mustSecret(t, "a"), core.Secret{}); err == nil {
		t.Error("took the zero Secret")
	}
}

func TestErrorsOfASourceDoNotReachTheSender(t *testing.T) {
	r := &core.Receiver{Secrets: failingSource{}, Logger: quiet()}
	got := r.Receive(t.Context(), core.Request{Method: "POST", Body: sample, Header: http.Header{}})
	if strings.Contains(string(got.Body), "down") {
		t.Errorf("answered %s", got.Body)
	}
}
