package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

func TestMain(m *testing.M) {
	testscript.Main(tidily{m}, map[string]func(){"labelhook": func() { os.Exit(run()) }})
}

// tidily removes the built binary after the tests.
type tidily struct{ *testing.M }

func (m tidily) Run() int {
	defer os.RemoveAll(builtDir)
	return m.M.Run()
}

// TestScripts runs testdata/script/*.txtar: what a user types, and what must
// come of it. Each script has an empty home and no LABELBOX_ or LABELHOOK_
// variable that it does not set itself. Besides testscript's own commands there
// are:
//
//	listening [flags]              start "labelhook listen" on a free port; its URL is $URL
//	deliver EVENT ID FILE SECRET   post FILE to $URL, signed with SECRET; succeeds on 200
//	exits CODE labelhook …         like exec; where CODE is 2, it says what is wrong in one line and what to do in another
//	stopped                        end it with SIGTERM; succeeds if that does; its output can be checked then
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("GORACE", "atexit_sleep_ms=0") // else each of hundreds of programs sleeps a second at its end
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"listening": startListening, "deliver": deliver, "stopped": stopped, "exits": exits,
		},
	})
}

// background are the receivers of the scripts, each a [*listening], by the script's work folder.
var background sync.Map

func startListening(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! listening")
	}
	path, err := exec.LookPath(strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator))[0] + "/labelhook")
	ts.Check(err)
	var env []string
	for _, name := range []string{"HOME", "PATH", "TMPDIR", "LABELBOX_WEBHOOK_SECRET", "LABELBOX_WEBHOOK_SECRET_FILE", "LABELHOOK_DESTINATIONS", "LABELHOOK_EVENTS"} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	l, err := listen(path, ts.Getenv("WORK"), env, args...)
	ts.Check(err)
	ts.Defer(func() { l.Process.Kill() })
	background.Store(ts.Getenv("WORK"), l)
	ts.Setenv("URL", l.url)
}

func deliver(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: deliver EVENT ID FILE SECRET")
	}
	body := []byte(ts.ReadFile(args[2]))
	secret, err := secret.New(args[3])
	ts.Check(err)
	request, err := http.NewRequest("POST", ts.Getenv("URL"), bytes.NewReader(body))
	ts.Check(err)
	request.Header = http.Header{core.SignatureHeader: {core.Sign(body, secret)}, core.EventHeader: {args[0]}}
	if args[1] != "" {
		request.Header.Set(core.IDHeader, args[1])
	}
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	response.Body.Close()
	if (response.StatusCode == 200) == neg {
		ts.Fatalf("answered %s", response.Status)
	}
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENT]...")
	}
	var failed *exec.ExitError
	code := exitDone
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		code = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("the exit code is %d", code)
	}
	stderr := ts.ReadFile("stderr")
	if code == exitUsage && (ts.ReadFile("stdout") != "" || strings.Count(stderr, "\n") > 2 || !strings.HasPrefix(stderr, "labelhook: error: ")) {
		ts.Fatalf("wrong usage is one line and a remedy on stderr, and nothing else")
	}
}

func stopped(ts *testscript.TestScript, neg bool, _ []string) {
	v, found := background.LoadAndDelete(ts.Getenv("WORK"))
	if !found {
		ts.Fatalf("nothing is listening")
	}
	l := v.(*listening)
	ts.Check(l.Process.Signal(syscall.SIGTERM))
	if err := <-l.ended; (err == nil) == neg {
		ts.Fatalf("ended with %v: %s", err, &l.stderr)
	}
	l.stdout.WriteTo(ts.Stdout())
	l.stderr.WriteTo(ts.Stderr())
}
