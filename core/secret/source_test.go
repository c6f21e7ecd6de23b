package secret_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
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

func (v *vault) fetch(ctx context.Context) ([]secret.Secret, error) {
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
	var secrets []secret.Secret
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
func status(t *testing.T, r *core.Receiver, key string) int {
	return r.Receive(t.Context(), signed(t, key)).Status
}

// burst sends n deliveries at once, signed with the secret.
func burst(t *testing.T, r *core.Receiver, n int, key string, want int) {
	t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if got := status(t, r, key); got != want {
				t.Errorf("signed with %s: status %d, want %d", key, got, want)
			}
		})
	}
	wg.Wait()
}

// withVault runs a test in the time of synctest, with a receiver whose secrets
// are cached from a vault that holds text.
func withVault(t *testing.T, text string, test func(t *testing.T, v *vault, r *core.Receiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{text}, t: t}
		test(t, v, &core.Receiver{Secrets: &secret.Cached{Fetch: v.fetch, Log: quiet()}, Handler: taken, Observe: core.LogTo(quiet())})
	})
}

func TestCachedSecretsAreFetchedOnceForManyAndAgainWhenOld(t *testing.T) {
	withVault(t, "a", func(t *testing.T, v *vault, r *core.Receiver) {
		burst(t, r, 20, "a", 200)
		time.Sleep(5*time.Minute - time.Second)
		burst(t, r, 20, "a", 200)
		if v.count() != 1 {
			t.Errorf("%d fetches before the secrets are old", v.count())
		}
		time.Sleep(2 * time.Second)
		burst(t, r, 20, "a", 200)
		if v.count() != 2 {
			t.Errorf("%d fetches after they are", v.count())
		}
	})
}

func TestRotationUnderLoadLosesNoDelivery(t *testing.T) {
	withVault(t, "old", func(t *testing.T, v *vault, r *core.Receiver) {
		var wg sync.WaitGroup
		send := func(key string, want int) { wg.Go(func() { burst(t, r, 10, key, want) }) }
		for second := range 60 {
			switch second {
			case 20:
				v.set(nil, "new", "old") // the manager knows both; the sender still signs with the old one
			case 40:
				v.set(nil, "new") // the old one is withdrawn
			}
			send("old", map[bool]int{true: 200, false: 401}[second < 51]) // a little longer: the cache knows it
			if second >= 20 {
				send("new", 200)
			}
			if second >= 50 {
				send("forged", 401)
			}
			time.Sleep(time.Second)
		}
		wg.Wait()
	})
}

// A fetch that began before a rotation brings the old secrets, and may end
// after the first delivery signed with the new one has come.
func TestRotationDuringAFetchLosesNoDelivery(t *testing.T) {
	withVault(t, "old", func(t *testing.T, v *vault, r *core.Receiver) {
		status(t, r, "old")
		time.Sleep(5 * time.Minute)
		var wg sync.WaitGroup
		wg.Go(func() { status(t, r, "old") }) // the secrets are old: it fetches
		synctest.Wait()
		v.set(nil, "new")
		burst(t, r, 10, "new", 200)
		wg.Wait()
		if v.count() != 3 {
			t.Errorf("%d fetches, want the first, the one that came too early and one more", v.count())
		}
	})
}

func TestForgeriesCauseABoundedNumberOfFetches(t *testing.T) {
	withVault(t, "a", func(t *testing.T, v *vault, r *core.Receiver) {
		status(t, r, "a")
		for range 60 { // a minute of a hundred forgeries a second
			burst(t, r, 100, "forged", 401)
			time.Sleep(950 * time.Millisecond)
		}
		if got := v.count(); got > 1+6 {
			t.Errorf("%d fetches in a minute, want at most one and one every 10 s", got)
		}
	})
}

func TestForgeriesCauseABoundedNumberOfFetchesWhileTheManagerIsDown(t *testing.T) {
	withVault(t, "a", func(t *testing.T, v *vault, r *core.Receiver) {
		status(t, r, "a")
		v.set(errors.New("manager down"))
		time.Sleep(10 * time.Minute) // the secrets are old by now, but usable
		for range 60 {
			var wg sync.WaitGroup
			wg.Go(func() { burst(t, r, 50, "forged", 401) })
			wg.Go(func() { burst(t, r, 50, "a", 200) })
			wg.Wait()
			time.Sleep(time.Second)
		}
		if got := v.count(); got > 1+60+6 {
			t.Errorf("%d fetches in a minute, want at most one a second and one every 10 s", got)
		}
	})
}

func TestAFailingManagerKeepsTheLastSecretsForAWhile(t *testing.T) {
	withVault(t, "a", func(t *testing.T, v *vault, r *core.Receiver) {
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
	withVault(t, "a", func(t *testing.T, v *vault, r *core.Receiver) {
		v.set(errors.New("access denied"))
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
		source := &secret.Cached{Fetch: func(ctx context.Context) ([]secret.Secret, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		began := time.Now()
		_, err := source.Secrets(t.Context())
		if !errors.Is(err, secret.ErrNone) || !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
	})
}

func TestASenderThatLeavesDoesNotSpoilTheFetchForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{texts: []string{"a"}, t: t}
		source := &secret.Cached{Fetch: v.fetch}
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

// logged is what a logger of JSON lines wrote about the secrets, of each line
// level, source and whether it has an age.
func logged(t *testing.T, log *bytes.Buffer) (lines []string) {
	t.Helper()
	for _, text := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		var line struct {
			Level, Source, Msg string
			Age                *int `json:"secret_age_s"`
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		if strings.Contains(line.Msg, "secret") {
			lines = append(lines, fmt.Sprint(line.Level, " ", line.Source, " ", line.Age != nil))
		}
	}
	log.Reset()
	return lines
}

func TestARefreshThatFailsIsLoggedAtOnceAndThenOnceAMinuteAndSoIsItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		v := &vault{texts: []string{"a"}, t: t}
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
		r := &core.Receiver{Secrets: &secret.Cached{Name: "secret labelbox", Fetch: v.fetch, Log: logger}, Handler: taken, Observe: core.LogTo(logger)}
		deliver := func() {
			if got := status(t, r, "a"); got != 200 {
				t.Errorf("status %d", got)
			}
			synctest.Wait()
		}
		deliver()
		if got := logged(t, &log); got != nil {
			t.Errorf("logged %q while all is well", got)
		}
		v.set(errors.New("access denied"))
		time.Sleep(5 * time.Minute)
		for range 10 * 60 { // ten minutes of a delivery a second
			deliver()
			time.Sleep(time.Second)
		}
		got := logged(t, &log)
		if len(got) < 9 || len(got) > 11 || got[0] != "WARN secret labelbox true" {
			t.Errorf("logged %d times: %q", len(got), got)
		}
		v.set(nil, "a")
		deliver()
		time.Sleep(6 * time.Minute)
		deliver()
		if got := logged(t, &log); len(got) != 1 || got[0] != "INFO secret labelbox true" {
			t.Errorf("logged %q after the end of it", got)
		}
	})
}

// secretFile is a file of secrets and the receiver that reads it.
type secretFile struct {
	t    *testing.T
	path string
	log  bytes.Buffer
	*core.Receiver
}

// withFile runs a test in the time of synctest, with a file that holds text.
func withFile(t *testing.T, path, text string, test func(*testing.T, *secretFile)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := &secretFile{t: t, path: path}
		logger := slog.New(slog.NewJSONHandler(&f.log, nil))
		source := secret.File(path)
		source.Log = logger
		f.Receiver = &core.Receiver{Secrets: source, Handler: taken, Observe: core.LogTo(logger)}
		f.write(text)
		test(t, f)
	})
}

func (f *secretFile) write(text string) {
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	time.Sleep(time.Second) // the longest time between two looks after a failure
}

func (f *secretFile) check(want int, secrets ...string) {
	f.t.Helper()
	for _, secret := range secrets {
		if got := status(f.t, f.Receiver, secret); got != want {
			f.t.Errorf("signed with %s: status %d, want %d", secret, got, want)
		}
	}
	synctest.Wait()
}

func TestAFileIsReadAgainOnAMismatch(t *testing.T) {
	withFile(t, filepath.Join(t.TempDir(), "secret"), "old\n", func(t *testing.T, f *secretFile) {
		f.check(200, "old")
		f.write("new\r\n")
		f.check(200, "new", "old")
		if got := logged(t, &f.log); len(got) != 1 || !strings.HasPrefix(got[0], "INFO file "+f.path) {
			t.Errorf("logged %q", got)
		}
		f.check(401, "forged")
		if err := os.WriteFile(f.path, []byte("other"), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		f.check(200, "other") // a forgery has not long made it look
		f.write("new")
		f.check(200, "new")
		time.Sleep(formerFor + 2*time.Minute)
		f.check(200, "new")
		f.check(401, "old") // the window is over
	})
}

const formerFor = time.Hour

func TestAFileThatLosesASecretIsNews(t *testing.T) {
	withFile(t, filepath.Join(t.TempDir(), "secret"), "new\nold\n", func(t *testing.T, f *secretFile) {
		f.check(200, "old", "new")
		f.write("new\n")
		time.Sleep(time.Minute)
		f.check(200, "new", "old")
		if got := logged(t, &f.log); len(got) != 1 || !strings.HasPrefix(got[0], "WARN file "+f.path) {
			t.Errorf("logged %q", got)
		}
	})
}

// If anything is wrong with the file, the secrets it held are used for an hour, and
// the log tells.
func TestAFileThatHasGoneWrongKeepsItsSecretsForAWhile(t *testing.T) {
	for name, spoil := range map[string]func(*secretFile){
		"emptied":      func(f *secretFile) { f.write("") },
		"removed":      func(f *secretFile) { os.Remove(f.path) },
		"cut short":    func(f *secretFile) { f.write("opense") },
		"second cut":   func(f *secretFile) { f.write("opensesame\nhush-h") },
		"zero-filled":  func(f *secretFile) { f.write("\x00\x00\x00\x00") },
		"in UTF-16":    func(f *secretFile) { f.write(asUTF16("\ufeffopensesame\r\n")) },
		"empty line":   func(f *secretFile) { f.write("opensesame\n\nhush-hush\n") },
		"now a folder": func(f *secretFile) { os.Remove(f.path); os.Mkdir(f.path, 0o700) },
		"now a pipe":   func(f *secretFile) { os.Rename(f.path+".pipe", f.path) },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "secret")
			if err := exec.Command("mkfifo", path+".pipe").Run(); err != nil && name == "now a pipe" {
				t.Skip("mkfifo:", err)
			}
			withFile(t, path, "opensesame\nhush-hush\n", func(t *testing.T, f *secretFile) {
				f.check(200, "opensesame")
				spoil(f)
				time.Sleep(time.Minute)
				f.check(200, "opensesame", "hush-hush")
				f.check(401, "opense", "hush-h", "forged")
				if got := logged(t, &f.log); len(got) != 1 || got[0] != "WARN file "+path+" true" {
					t.Errorf("logged %q", got)
				}
				time.Sleep(time.Hour)
				f.check(503, "opensesame", "opense")
				os.Remove(f.path)
				f.write("opensesame\n")
				f.check(200, "opensesame")
			})
		})
	}
}

// A file that is read between two writes gives half a secret, until the
// next look.
func TestTheBeginningOfASecretDoesNotOutliveIt(t *testing.T) {
	withFile(t, filepath.Join(t.TempDir(), "secret"), "old\n", func(t *testing.T, f *secretFile) {
		f.check(200, "old")
		f.write("opense")
		f.check(200, "opense", "old")
		f.write("opensesame\n")
		f.check(200, "opensesame", "old")
		f.check(401, "opense")
	})
}

func TestParseSecretsNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "line 1: the secret is empty",
		"\n":                    "line 1: the secret is empty",
		"a\n\nb":                "line 2: the secret is empty",
		"a\n b\n":               "line 2: the secret begins or ends with white space",
		"a\nb\n\n":              "line 3: the secret is empty",
		"# of Labelbox\na\n":    "line 1: the secret begins with #, as a comment does",
		"a\n#old\n":             "line 2: the secret begins with #, as a comment does",
		"a\nthe one before\n":   "line 2: the secret has blanks in it, and other lines beside it",
		"a\nb\nc\nd\ne\nf\n":    "line 6: the secret is one of more than 5",
		"a\rb\n":                "line 1: the secret has a line break in it",
		"\ufeffa\n":             "line 1: the secret has a byte order mark in it",
		"SECRET=a\n":            "line 1: the secret is a line of settings, NAME=value",
		asUTF16("\ufeffa\r\n"):  "the secret is saved as UTF-16",
		asUTF16("a\nb\n"):       "the secret is saved as UTF-16",
		"{\n \"a\": \"b\"\n}\n": "the secret is a JSON document",
		"a\n\x00\n":             "line 2: the secret has NUL bytes in it",
	} {
		var refused *secret.Error
		if _, err := secret.Parse(text); err == nil || err.Error() != want || !errors.As(err, &refused) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	for text, want := range map[string]int{"a\nb\n": 2, "a\r\nb": 2, "a": 1, "one with blanks\r\n": 1, "a\nb\nc\nd\ne": 5} {
		if s, err := secret.Parse(text); err != nil || len(s) != want {
			t.Errorf("%q: got %v, %v", text, s, err)
		}
	}
}

// FuzzParse checks that every secret of a file is a line of it.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a\nb\n", "a\r\n", "# c\na", asUTF16("\ufeffa\n"), "\x00", "a b\nc", "{}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		secrets, err := secret.Parse(text)
		if err != nil {
			return
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		if len(secrets) == 0 || len(secrets) != len(lines) || len(secrets) > 5 {
			t.Fatalf("%q has %d secrets", text, len(secrets))
		}
		for i, line := range lines {
			if core.Sign(nil, secrets[i]) != "sha1="+reference(nil, strings.TrimSuffix(line, "\r")) || strings.HasPrefix(line, "#") {
				t.Errorf("line %d of %q is another secret", i+1, text)
			}
		}
	})
}

func TestALargeFileIsNoFileOfSecrets(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, make([]byte, 65<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.ReadFile(path); err == nil || !strings.Contains(err.Error(), "larger than 64 KiB") {
		t.Error(err)
	}
}

func TestStaticSecretsRefusesWhatProvesNothing(t *testing.T) {
	if _, err := secret.Static(); err == nil {
		t.Error("took no secret")
	}
	if _, err := secret.Static(mustSecret(t, "a"), secret.Secret{}); err == nil {
		t.Error("took the zero Secret")
	}
}
