package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/keyvault"
	"github.com/labelhook/labelhook/internal/test/required"
)

func codeOf(t testing.TB, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	required.NoError(t, err)
	var said struct {
		Status any
		Code   string
	}
	if json.Unmarshal(text, &said) != nil {
		return "not ours"
	}
	if said.Code == "" {
		said.Code = fmt.Sprint(said.Status)
	}
	return said.Code
}

// Whatever is wrong, the host gets its answer and senders are told to try again.
func TestWrongConfigurationKeepsListening(t *testing.T) {
	right := func(pairs ...string) map[string]string {
		return with(map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret}, pairs...)
	}
	for name, test := range map[string]struct {
		variables map[string]string
		variable  string // that is named
		problem   string
	}{
		"nothing set":            {map[string]string{}, "LABELBOX_WEBHOOK_SECRET", "not set"},
		"unresolved reference":   {right("LABELBOX_WEBHOOK_SECRET", conformance.UnresolvedSecret), "LABELBOX_WEBHOOK_SECRET", "unresolved"},
		"unresolved previous":    {right("LABELBOX_WEBHOOK_SECRET_PREVIOUS", conformance.UnresolvedSecret), "LABELBOX_WEBHOOK_SECRET_PREVIOUS", "unresolved"},
		"white space":            {right("LABELBOX_WEBHOOK_SECRET", " x"), "LABELBOX_WEBHOOK_SECRET", "white space"},
		"two sources":            {right("LABELBOX_WEBHOOK_SECRET_ID", keyvault.URL("x")), "LABELBOX_WEBHOOK_SECRET", "together"},
		"no URL of a vault":      {map[string]string{"LABELBOX_WEBHOOK_SECRET_ID": "name"}, "LABELBOX_WEBHOOK_SECRET_ID", "write https://VAULT.vault.azure.net/secrets/NAME"},
		"unknown destination":    {right("LABELHOOK_DESTINATIONS", "gopher://x"), "LABELHOOK_DESTINATIONS", "gopher"},
		"azblob without account": {right("LABELHOOK_DESTINATIONS", "azblob://"), "LABELHOOK_DESTINATIONS", "azblob://ACCOUNT/CONTAINER"},
		"azqueue without queue":  {right("LABELHOOK_DEAD_LETTER", "azqueue://"), "LABELHOOK_DEAD_LETTER", "azqueue://ACCOUNT/QUEUE"},
		"servicebus, no entity":  {right("LABELHOOK_DESTINATIONS", "servicebus://"), "LABELHOOK_DESTINATIONS", "servicebus://NAMESPACE/"},
		"not a number":           {right("LABELHOOK_MAX_BODY", "much"), "LABELHOOK_MAX_BODY", "much"},
	} {
		t.Run(name, func(t *testing.T) {
			h := startApp(t, azurehost.Proxying, test.variables)
			line, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, "wrong configuration") })
			required.NoError(t, err)
			var logged struct {
				Level string
				Error struct{ Variable, Problem, Remedy string }
			}
			if err := json.Unmarshal([]byte(line.Text), &logged); err != nil || line.Level != azurehost.Information {
				t.Fatalf("logged %v: %v", line, err)
			}
			if logged.Level != "ERROR" || logged.Error.Variable != test.variable || logged.Error.Remedy == "" || !strings.Contains(line.Text, test.problem) {
				t.Errorf("logged %s", line.Text)
			}
			want := "misconfigured"
			if strings.Contains(test.variable, "SECRET") {
				want = "secret_unavailable"
			}
			for _, secret := range []string{conformance.Secret, "x"} {
				if status, code := deliver(t, h, secret, body); status != 503 || code != want {
					t.Errorf("answered %d %s, want %s", status, code, want)
				}
			}
			if _, err := h.Logged(t.Context(), func(l azurehost.Line) bool {
				return strings.Contains(l.Text, `"delivery refused"`) && strings.Contains(l.Text, test.variable)
			}); err != nil {
				t.Error("the refusal does not say why")
			}
		})
	}
}

func TestWrongLogLevelIsNoReasonToRefuse(t *testing.T) {
	h := startApp(t, azurehost.Proxying, map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret, "LABELHOOK_LOG_LEVEL": "loud"})
	if status, code := deliver(t, h, conformance.Secret, body); status != 200 || code != "accepted" {
		t.Errorf("answered %d %s", status, code)
	}
	if _, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, "LABELHOOK_LOG_LEVEL") }); err != nil {
		t.Error(err)
	}
}

// run runs the handler by itself until it ends.
func run(t *testing.T, port string) (status int, stdout, stderr string) {
	t.Helper()
	command := exec.Command(handler(t))
	command.Env = []string{"FUNCTIONS_CUSTOMHANDLER_PORT=" + port}
	var out, errs strings.Builder
	command.Stdout, command.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestListenerFailureEndsWithOne(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	required.NoError(t, err)
	defer taken.Close()
	_, port, err := net.SplitHostPort(taken.Addr().String())
	required.NoError(t, err)
	for port, want := range map[string]string{
		port:    "address already in use",
		"0":     "is not a port",
		"65536": "is not a port",
		"-1":    "is not a port",
		"http":  "is not a port",
	} {
		status, stdout, stderr := run(t, port)
		var line struct{ Level, Error string }
		if err := json.Unmarshal([]byte(stdout), &line); err != nil {
			t.Fatalf("%v: %s", err, stdout)
		}
		if status != 1 || line.Level != "ERROR" || !strings.Contains(line.Error, want) || stderr != "" {
			t.Errorf("port %s: status %d, %s %s", port, status, stdout, stderr)
		}
	}
}

// held is a destination that keeps a delivery waiting.
type held struct {
	url     string
	arrived chan struct{}
	release chan struct{}
}

func hold(t *testing.T) held {
	h := held{arrived: make(chan struct{}, 10), release: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the end of the request goes unnoticed
		h.arrived <- struct{}{}
		select {
		case <-h.release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h held) variables() map[string]string {
	return map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret, "LABELHOOK_DESTINATIONS": h.url}
}

// inFlight sends a delivery and returns once it is at the destination.
func inFlight(t *testing.T, h *azurehost.Host, d held) (status <-chan int, pid int) {
	t.Helper()
	answered := make(chan int, 1)
	request := delivery(t, h, conformance.Secret, body)
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	<-d.arrived
	pid, err := h.PID(t.Context())
	required.NoError(t, err)
	return answered, pid
}

func signalTo(t *testing.T, pid int, s syscall.Signal) {
	t.Helper()
	required.NoError(t, syscall.Kill(pid, s))
}

func logged(t *testing.T, h *azurehost.Host, part string) {
	t.Helper()
	if _, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, part) }); err != nil {
		t.Fatal(err)
	}
}

func TestSIGTERMLetsRequestsUnderWayFinish(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			d := hold(t)
			h := startApp(t, mode, d.variables())
			answered, pid := inFlight(t, h, d)
			signalTo(t, pid, syscall.SIGTERM)
			logged(t, h, `"stopping"`)
			close(d.release)
			if status := <-answered; status != 200 {
				t.Errorf("the request under way was answered %d", status)
			}
			required.NoError(t, h.Gone(t.Context(), pid))
			// Status 0 would have been the end of the app.
			if status, code := deliver(t, h, conformance.Secret, body); status != 200 || code != "accepted" || h.Starts() != 2 {
				t.Errorf("after %d starts: %d %s", h.Starts(), status, code)
			}
		})
	}
}

func TestSecondSIGTERMWaitsForNobody(t *testing.T) {
	d := hold(t)
	h := startApp(t, azurehost.Forwarding, d.variables())
	answered, pid := inFlight(t, h, d)
	signalTo(t, pid, syscall.SIGTERM)
	logged(t, h, `"stopping"`)
	signalTo(t, pid, syscall.SIGTERM)
	if status := <-answered; status != 500 {
		t.Errorf("the request under way was answered %d", status)
	}
	logged(t, h, "stopped before every request was answered")
}

func TestSignalsEndWithTheirStatus(t *testing.T) {
	for signal, want := range map[syscall.Signal]int{syscall.SIGTERM: 143, syscall.SIGINT: 130} {
		free, err := net.Listen("tcp4", "127.0.0.1:0")
		required.NoError(t, err)
		_, port, err := net.SplitHostPort(free.Addr().String())
		required.NoError(t, err)
		free.Close()
		command := exec.Command(handler(t))
		command.Env = []string{"FUNCTIONS_CUSTOMHANDLER_PORT=" + port}
		stdout, err := command.StdoutPipe()
		required.NoError(t, err)
		required.NoError(t, command.Start())
		var lines strings.Builder
		text := make([]byte, 4096)
		for !strings.Contains(lines.String(), `"listening"`) {
			n, err := stdout.Read(text)
			if err != nil {
				t.Fatalf("%v: %s", err, lines.String())
			}
			lines.Write(text[:n])
		}
		signalTo(t, command.Process.Pid, signal)
		io.Copy(io.Discard, stdout)
		command.Wait()
		if status := command.ProcessState.ExitCode(); status != want {
			t.Errorf("%v: status %d, want %d", signal, status, want)
		}
	}
}

// The host kills the handler without asking. Nobody may have been told 200 whose
// delivery is gone, and the next handler takes the redelivery.
func TestSIGKILLMidRequest(t *testing.T) {
	for mode, want := range map[azurehost.Mode]int{azurehost.Proxying: 502, azurehost.Forwarding: 500, azurehost.Envelope: 500} {
		t.Run(string(mode), func(t *testing.T) {
			d := hold(t)
			h := startApp(t, mode, d.variables())
			answered, pid := inFlight(t, h, d)
			h.Restart()
			if status := <-answered; status != want {
				t.Errorf("answered %d, want %d", status, want)
			}
			required.NoError(t, h.Gone(t.Context(), pid))
			close(d.release)
			if status, code := deliver(t, h, conformance.Secret, body); status != 200 || code != "accepted" {
				t.Errorf("the redelivery: %d %s", status, code)
			}
		})
	}
}

func TestWhatWasAnswered200OutlivesSIGKILL(t *testing.T) {
	dir := t.TempDir()
	h := startApp(t, azurehost.Proxying, map[string]string{
		"LABELBOX_WEBHOOK_SECRET": conformance.Secret, "LABELHOOK_DESTINATIONS": "file:" + dir,
	})
	if status, _ := deliver(t, h, conformance.Secret, body); status != 200 {
		t.Fatalf("answered %d", status)
	}
	h.Restart()
	var kept []string
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".json") {
			kept = append(kept, path)
		}
		return err
	}); err != nil || len(kept) != 1 {
		t.Errorf("the folder holds %q, %v", kept, err)
	}
}

func TestHostGivesUpOnlyAfterThreeErrors(t *testing.T) {
	h := startApp(t, azurehost.Proxying, map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret})
	for range 3 {
		pid, err := h.PID(t.Context())
		required.NoError(t, err)
		signalTo(t, pid, syscall.SIGKILL)
		required.NoError(t, h.Gone(t.Context(), pid))
	}
	if err := h.Stopped(t.Context()); !errors.Is(err, azurehost.ErrGaveUp) || h.Starts() != 3 {
		t.Errorf("%d starts, %v", h.Starts(), err)
	}
}

func TestOwnMain(t *testing.T) {
	h := azurehost.Start(t, azurehost.App{
		Executable: own(t), Mode: azurehost.Proxying, Settings: map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret},
	})
	if status, code := deliver(t, h, conformance.Secret, `{"modelId":"m","modelRunId":"r","modelType":"t"}`); status != 200 || code != "accepted" {
		t.Errorf("answered %d %s", status, code)
	}
	// What the handler logs stands beside our own line, under the same invocation.
	for _, part := range []string{`"msg":"handled","event":"model_run.started","invocation_id":"`, `"destinations":["handler"],"invocation_id":"`} {
		line, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, part) })
		if err != nil || !strings.Contains(line.Text, h.Invocations()[0]) {
			t.Errorf("%s: %v", line.Text, err)
		}
	}
}

func TestLogs(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			destination := conformance.NewDestination(t)
			h := startApp(t, mode, conformance.Environment(destination.URL))
			deliver(t, h, conformance.Secret, body)
			deliver(t, h, "another", body)
			deliver(t, h, conformance.Secret, `{"case":"the destination is busy"}`)
			last, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, "delivery_failed") })
			required.NoError(t, err)
			lines := h.Lines()
			lines = lines[:slices.Index(lines, last)+1]
			if len(lines) != 4 {
				t.Errorf("%d lines, want one at the start and one a delivery; the probes are silent", len(lines))
			}
			invocations := h.Invocations()
			for i, line := range lines {
				var fields map[string]any
				if err := json.Unmarshal([]byte(line.Text), &fields); err != nil || line.Level != azurehost.Information {
					t.Fatalf("%s %s: %v", line.Level, line.Text, err)
				}
				if _, err := time.Parse(time.RFC3339Nano, fmt.Sprint(fields["time"])); err != nil {
					t.Error(err)
				}
				if i > 0 && fields["invocation_id"] != invocations[i-1] {
					t.Errorf("%s has not the invocation %s", line.Text, invocations[i-1])
				}
				if want := []string{"INFO", "INFO", "WARN", "ERROR"}[i]; fields["level"] != want {
					t.Errorf("%s has not level %s", line.Text, want)
				}
				secret, err := secret.New(conformance.Secret)
				required.NoError(t, err)
				for _, private := range []string{conformance.Secret, core.Sign([]byte(body), secret)[5:], "dataRowIds", "of-the-url", "code="} {
					if strings.Contains(line.Text, private) {
						t.Errorf("%s tells %q", line.Text, private)
					}
				}
			}
		})
	}
}

// A sender's own invocation id must not pass for the host's.
func TestLogsOfSendersWithInvocations(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			h := startApp(t, mode, map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret})
			request := delivery(t, h, conformance.Secret, body)
			request.Header.Set("X-Azure-Functions-InvocationId", "of-the-sender")
			response, err := http.DefaultClient.Do(request)
			required.NoError(t, err)
			response.Body.Close()
			line, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return strings.Contains(l.Text, `"invocation_id"`) })
			if err != nil || !strings.Contains(line.Text, h.Invocations()[0]) || strings.Contains(line.Text, "of-the-sender") {
				t.Errorf("%s, %v", line.Text, err)
			}
		})
	}
}

func TestPathsBesideTheFunction(t *testing.T) {
	for path, want := range map[string]int{"/api/other": 404, "/api": 404, "/labelbox/x": 404} {
		h := azurehost.Start(t, azurehost.App{
			Executable: handler(t), Mode: azurehost.Proxying, Route: path, Settings: map[string]string{"LABELBOX_WEBHOOK_SECRET": conformance.Secret},
		})
		response, err := http.Post("http://"+h.Address()+path, "application/json", strings.NewReader(body))
		required.NoError(t, err)
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, response.StatusCode, want)
		}
		logged(t, h, `"path":"`+path+`"`)
	}
}

func TestKeyVaultThroughTheManagedIdentity(t *testing.T) {
	vault := keyvault.New(t)
	old := keyvault.Version{ID: "a", Value: "old", Created: time.Now().Add(-time.Hour)}
	h := startApp(t, azurehost.Proxying, with(vault.Environment(), "LABELBOX_WEBHOOK_SECRET_ID", keyvault.URL("labelbox")))

	// Not there yet: the host has its answer, senders are told to wait, the log
	// says what to do.
	if status, code := deliver(t, h, "old", body); status != 503 || code != "secret_unavailable" {
		t.Errorf("without a secret: %d %s", status, code)
	}
	logged(t, h, "SecretNotFound; create it in this vault")

	vault.Set("labelbox", old)
	for deadline := time.Now().Add(10 * time.Second); ; { // a failure is remembered for a second
		status, code := deliver(t, h, "old", body)
		if status == 200 {
			break
		}
		if status != 503 || time.Now().After(deadline) {
			t.Fatalf("with a secret: %d %s", status, code)
		}
	}
	vault.Set("labelbox", old, keyvault.Version{ID: "b", Value: "new", Created: time.Now()})
	for _, secret := range []string{"new", "old"} {
		if status, code := deliver(t, h, secret, body); status != 200 {
			t.Errorf("after the rotation, signed with the %s one: %d %s", secret, status, code)
		}
	}
	if status, code := deliver(t, h, "another", body); status != 401 || code != "signature_mismatch" {
		t.Errorf("forged: %d %s", status, code)
	}
	calls := vault.Calls()
	if n := len(calls) - len(slices.DeleteFunc(slices.Clone(calls), func(c string) bool { return c == "token" })); n != 1 {
		t.Errorf("%d tokens were asked for, want one: %q", n, calls)
	}
	for _, line := range h.Lines() {
		if strings.Contains(line.Text, "token of") || line.Level != azurehost.Information {
			t.Errorf("logged %v", line)
		}
	}
}
