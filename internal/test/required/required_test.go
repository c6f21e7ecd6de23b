package required_test

import (
	"fmt"
	"os/exec"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

func TestProgram(t *testing.T) {
	for name, test := range map[string]struct {
		ci     string
		failed bool
	}{"elsewhere it is skipped": {"", false}, "on CI it fails": {"true", true}} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("CI", test.ci)
			stub := &recorder{TB: t}
			done := make(chan bool)
			go func() { // because skipping and failing end the goroutine
				defer close(done)
				defer func() { recover() }()
				required.Program(stub, "no-such-program", "make it up")
			}()
			<-done
			if stub.failed != test.failed || stub.skipped == test.failed {
				t.Errorf("failed %v, skipped %v", stub.failed, stub.skipped)
			}
		})
	}
	if _, err := exec.LookPath("go"); err == nil && required.Program(t, "go", "") == "" {
		t.Error("go is not found")
	}
}

// recorder is a test that only says what became of it.
type recorder struct {
	testing.TB
	failed, skipped bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.failed = true; panic("failed") }
func (r *recorder) Skipf(string, ...any)  { r.skipped = true; panic("skipped") }

func Example() {
	test := func(t *testing.T) {
		node := required.Program(t, "node", "apt-get install nodejs")
		t.Log(exec.Command(node, "--version").Output())
	}
	fmt.Printf("%T\n", test)
	// Output: func(*testing.T)
}
