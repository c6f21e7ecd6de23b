package staged_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/required"
)

// starter is the program that Google's builder writes around the root package,
// except that it listens on a loopback address.
const starter = `package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	_ "` + module + `"
)

func main() {
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`

// build does to a source what the builder does: it writes a program into a
// folder of the same module, tidies the module and builds.
func build(t testing.TB, source string) (binary string) {
	t.Helper()
	write(t, filepath.Join(source, "serverless_function_app", "main.go"), starter)
	run(t, source, "go", "mod", "tidy")
	return compile(t, source, "./serverless_function_app")
}

func compile(t testing.TB, source, program string) (binary string) {
	t.Helper()
	binary = filepath.Join(t.TempDir(), "function")
	run(t, source, "go", "build", "-ldflags=-s -w", "-buildvcs=false", "-o", binary, program)
	return binary
}

func write(t testing.TB, name, text string) {
	t.Helper()
	required.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	required.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

// process is a function at work.
type process struct {
	*exec.Cmd
	address string // host:port
	stdout  bytes.Buffer
	stderr  bytes.Buffer
	ended   chan struct{} // closed when it has ended; then the output may be read
}

// start runs a binary as the platform does, in an environment of variables and
// the platform's own, and returns once it listens.
func start(t testing.TB, binary string, variables map[string]string) *process {
	t.Helper()
	p := launch(t, binary, variables)
	connection, err := p.dial()
	if err != nil {
		t.Fatalf("%v: %s%s", err, &p.stdout, &p.stderr)
	}
	connection.Close()
	return p
}

func launch(t testing.TB, binary string, variables map[string]string) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	required.NoError(t, err)
	p := &process{Cmd: exec.Command(binary), address: l.Addr().String(), ended: make(chan struct{})}
	l.Close()
	_, port, _ := net.SplitHostPort(p.address)
	p.Env = []string{"FUNCTION_TARGET=LabelboxWebhook", "K_SERVICE=labelbox-webhook", "PORT=" + port}
	for name, value := range variables {
		p.Env = append(p.Env, name+"="+value)
	}
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	required.NoError(t, p.Start())
	go func() {
		p.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.Process.Kill()
		<-p.ended
	})
	return p
}

// dial connects as soon as the process listens.
func (p *process) dial() (net.Conn, error) {
	again := time.NewTicker(500 * time.Microsecond)
	defer again.Stop()
	for {
		connection, err := net.Dial("tcp", p.address)
		if err == nil && connection.LocalAddr().String() != p.address { // TCP can connect a free port to itself
			return connection, nil
		}
		if err == nil {
			connection.Close()
		}
		select {
		case <-p.ended:
			return nil, fmt.Errorf("it ended: %s", p.ProcessState)
		case <-again.C:
		}
	}
}

// stop sends SIGTERM and waits for the end.
func (p *process) stop(t testing.TB) {
	t.Helper()
	p.terminate(t)
	<-p.ended
	if code := p.ProcessState.ExitCode(); code != 0 {
		t.Errorf("SIGTERM ends it with %s: %s", p.ProcessState, &p.stderr)
	}
}

func (p *process) terminate(t testing.TB) {
	t.Helper()
	required.NoError(t, p.Process.Signal(syscall.SIGTERM))
}

// lines is the log of a process that has ended. The framework prints an empty
// line for each request.
func (p *process) lines(t testing.TB) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(p.stdout.String()) {
		if strings.TrimSpace(text) == "" {
			continue
		}
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}
