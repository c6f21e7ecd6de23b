package emulators

import (
	"bufio"
	"bytes"
	"io"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/required"
)

// patience is how long a test waits for an emulator: a busy machine takes ten
// seconds to start Azurite.
const patience = 90 * time.Second

// start runs a command until the test is over and returns the lines that it
// writes to its standard output.
func start(t testing.TB, command *exec.Cmd) <-chan string {
	t.Helper()
	var stderr synced
	command.Stderr = &stderr
	stdin, err := command.StdinPipe() // the script ends with it
	required.NoError(t, err)
	stdout, err := command.StdoutPipe()
	required.NoError(t, err)
	required.NoError(t, command.Start())
	lines := make(chan string, 1000)
	go func() {
		defer close(lines)
		for s := bufio.NewReader(stdout); ; {
			line, err := s.ReadString('\n')
			if err != nil {
				return
			}
			lines <- line
		}
	}()
	t.Cleanup(func() {
		stdin.Close()
		command.Process.Kill()
		for range lines { // until the output is at its end
		}
		command.Wait() // says that it was killed
		if t.Failed() && stderr.String() != "" {
			t.Logf("%s wrote:\n%s", command.Args[1], stderr.String())
		}
	})
	return lines
}

// next waits for a line.
func next(t testing.TB, lines <-chan string) string {
	t.Helper()
	select {
	case line, ok := <-lines:
		if !ok {
			t.Fatal("the emulator has ended")
		}
		return line
	case <-time.After(patience):
		t.Fatal("the emulator says nothing")
	}
	return ""
}

// synced is a buffer for a process and a test.
type synced struct {
	mu sync.Mutex
	b  bytes.Buffer
}

var _ io.Writer = (*synced)(nil)

func (s *synced) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
