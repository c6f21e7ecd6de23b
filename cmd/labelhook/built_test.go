package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/internal/test/conformance"
)

// built returns the path of the real binary, built once for all tests here.
func built(t testing.TB) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var build = sync.OnceValues(func() (path string, err error) {
	if builtDir, err = os.MkdirTemp("", "labelhook-test-"); err != nil {
		return "", err
	}
	path = filepath.Join(builtDir, "labelhook")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

var builtDir string // removed at the end

// listening is a running "labelhook listen".
type listening struct {
	*exec.Cmd
	url            string
	stdout, stderr bytes.Buffer // to be read when it has ended
	ended          chan error
}

// listen starts the binary with these flags, and waits until it listens on a
// free port.
func listen(binary, dir string, env []string, flags ...string) (*listening, error) {
	l := &listening{Cmd: exec.Command(binary, append([]string{"listen", "--addr", "127.0.0.1:0"}, flags...)...), ended: make(chan error, 1)}
	l.Dir, l.Env, l.Stdout = dir, env, &l.stdout
	stderr, err := l.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := l.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(stderr)
	for l.url == "" && lines.Scan() {
		fmt.Fprintln(&l.stderr, lines.Text())
		_, l.url, _ = strings.Cut(lines.Text(), "listening on ")
	}
	if l.url == "" {
		return nil, fmt.Errorf("labelhook listen does not listen: %v: %s", l.Wait(), &l.stderr)
	}
	go func() {
		for lines.Scan() {
			fmt.Fprintln(&l.stderr, lines.Text())
		}
		l.ended <- l.Wait()
	}()
	return l, nil
}

// startListen runs the built binary in an environment of variables alone.
func startListen(t testing.TB, variables map[string]string, flags ...string) *listening {
	t.Helper()
	l, err := listen(built(t), t.TempDir(), environ(variables), flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Process.Kill() })
	return l
}

// environ is an environment of these variables alone.
func environ(variables map[string]string) []string {
	env := []string{}
	for name, value := range variables {
		env = append(env, name+"="+value)
	}
	return env
}

// stop ends the process with a signal and returns what it says about its end.
func (l *listening) stop(t testing.TB, s os.Signal) error {
	t.Helper()
	if err := l.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	return <-l.ended
}

// keyOf is the webhook secret with this text.
func keyOf(t testing.TB, text string) secret.Secret {
	t.Helper()
	key, err := secret.New(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// recordsOf reads all of an inbox.
func recordsOf(t *testing.T, file string) (all []inbox.Record) {
	t.Helper()
	reader, err := inbox.OpenReadOnly(file)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for r, err := range reader.List(t.Context(), inbox.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// inboxOf makes an inbox that holds the deliveries.
func inboxOf(t *testing.T, deliveries ...*core.Delivery) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "labelhook.db")
	box, err := inbox.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range deliveries {
		if err := box.Handle(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	if err := box.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestListenConforms(t *testing.T) {
	destination := conformance.NewDestination(t)
	l := startListen(t, conformance.Environment(destination.URL))
	address := strings.TrimSuffix(strings.TrimPrefix(l.url, "http://"), defaultPath)
	conformance.Run(t, conformance.Cases(), conformance.Platform{
		Do:    conformance.HTTP(address, defaultPath),
		Taken: destination.Taken,
	})
	if err := l.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	for _, never := range []string{conformance.Secret, conformance.PreviousSecret, "sha1="} {
		if strings.Contains(l.stdout.String(), never) {
			t.Errorf("stdout tells %q", never)
		}
	}
}

// A wrong configuration ends the process at once, with one line that says what
// is wrong and one that says what to write instead.
func TestListenRefusesAWrongConfiguration(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		want      string
	}{
		"no secret":         {nil, "LABELBOX_WEBHOOK_SECRET: not set"},
		"unresolved secret": {map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.UnresolvedSecret}, "LABELBOX_WEBHOOK_SECRET: "},
		"two sources":       {map[string]string{"LABELBOX_WEBHOOK_SECRET": "s", "LABELBOX_WEBHOOK_SECRET_FILE": "f"}, "LABELBOX_WEBHOOK_SECRET"},
		"no secret manager": {map[string]string{"LABELBOX_WEBHOOK_SECRET_ID": "arn:aws:x"}, "LABELBOX_WEBHOOK_SECRET_ID: "},
		"bad destination":   {map[string]string{"LABELBOX_WEBHOOK_SECRET": "s", "LABELHOOK_DESTINATIONS": "sqs://queue"}, "LABELHOOK_DESTINATIONS: "},
		"bad log level":     {map[string]string{"LABELBOX_WEBHOOK_SECRET": "s", "LABELHOOK_LOG_LEVEL": "loud"}, "LABELHOOK_LOG_LEVEL: "},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(built(t), "listen", "--addr", "127.0.0.1:0")
			cmd.Dir, cmd.Env = t.TempDir(), environ(test.variables)
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
				t.Errorf("ended with %v", err)
			}
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if stdout.Len() > 0 || len(lines) != 2 || !strings.HasPrefix(lines[0], "labelhook: error: "+test.want) || !strings.HasPrefix(lines[1], "labelhook: hint: ") {
				t.Errorf("stdout %q, stderr %q", &stdout, lines)
			}
		})
	}
}

// Whatever was answered 200 is in the inbox after the process was killed, once.
func TestListenKeepsWhatItAcknowledgedWhenKilled(t *testing.T) {
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	file := filepath.Join(t.TempDir(), "labelhook.db")
	key := keyOf(t, "secret")
	sample, _ := samples.Find(payload.LabelCreated, payload.V2)
	template := sender.NewTemplate(sample.Body())
	acknowledged := map[string]int{} // by delivery id: the number of bytes
	for round := range rounds {
		l := startListen(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret", "LABELHOOK_LOG_LEVEL": "error"}, "--inbox", file)
		ctx, cancel := context.WithCancel(t.Context())
		killAt := 20 + 90*round // so that the kill meets the file in many states
		here := 0
		s := sender.Sender{URL: l.url, Concurrency: 16}
		s.Send(ctx, func(yield func(sender.Request) bool) {
			for yield(sender.Signed(template.Fresh(time.Now()), sample.Header, key)) {
			}
		}, func(r sender.Result) {
			if r.OK() {
				acknowledged[r.Request.Header.Get(core.IDHeader)] = len(r.Request.Body)
				here++
			}
			if here == killAt {
				l.Process.Kill()
				cancel()
			}
		})
		cancel()
		if err := <-l.ended; err == nil {
			t.Fatal("the process was not killed")
		}
	}
	kept := map[string]int{}
	for _, r := range recordsOf(t, file) {
		kept[r.ID]++
		if size, found := acknowledged[r.ID]; found && size != len(r.Body) || core.Verify(r.Body, r.Signature, []secret.Secret{key}) != nil {
			t.Errorf("delivery %s is kept with other bytes", r.ID)
		}
	}
	for id := range acknowledged {
		if kept[id] != 1 {
			t.Errorf("delivery %s was acknowledged and is kept %d times", id, kept[id])
		}
	}
	if ids := slices.Collect(maps.Keys(acknowledged)); len(ids) < 20*rounds {
		t.Errorf("only %d deliveries were acknowledged", len(ids))
	}
}

// Whatever ends the process while a delivery is being passed on, the inbox does
// not call it accepted.
func TestListenEndedInMidForwardDoesNotCallItAccepted(t *testing.T) {
	for end, want := range map[os.Signal]inbox.Status{os.Kill: inbox.Pending, syscall.SIGTERM: inbox.Failed} {
		t.Run(end.String(), func(t *testing.T) {
			begun, gone := make(chan bool), make(chan bool)
			target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body) // or the server would not see that the client has gone
				close(begun)
				<-r.Context().Done()
				close(gone)
			}))
			defer target.Close()
			file := filepath.Join(t.TempDir(), "labelhook.db")
			l := startListen(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "secret"}, "--inbox", file, "--forward", target.URL)
			key := keyOf(t, "secret")
			sample, _ := samples.Find(payload.LabelCreated, payload.V2)
			ctx, leave := context.WithCancel(t.Context())
			answered := make(chan bool)
			go func() {
				defer close(answered)
				s := sender.Sender{URL: l.url, Concurrency: 1}
				s.Send(ctx, func(yield func(sender.Request) bool) { yield(sender.Signed(sample.Body(), sample.Header, key)) }, func(r sender.Result) {
					if r.OK() {
						t.Error("answered 2xx")
					}
				})
			}()
			<-begun
			if err := l.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			if end == os.Kill {
				<-gone
			}
			leave() // a stop waits for the sender
			<-answered
			<-l.ended
			for _, r := range recordsOf(t, file) {
				if r.Status != want {
					t.Errorf("the status is %q, want %q", r.Status, want)
				}
			}
		})
	}
}
