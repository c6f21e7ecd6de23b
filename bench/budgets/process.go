package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"time"
)

// build builds a package of the module in a folder, without what only a debugger
// needs.
func build(ctx context.Context, module, pkg, binary string) error {
	build := exec.CommandContext(ctx, "go", "-C", module, "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, pkg)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, out)
	}
	return nil
}

// process is a program that serves HTTP.
type process struct {
	address string // its host and port
	cmd     *exec.Cmd
}

// start starts a program that is to listen at a free port of this machine, and
// returns it with the time from there to its first answer, of whatever status.
func start(ctx context.Context, program func(port string) (environment, command []string)) (p *process, took time.Duration, err error) {
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, 0, err
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)

	environment, command := program(port)
	p = &process{address, exec.CommandContext(ctx, command[0], command[1:]...)}
	p.cmd.Env = environment
	began := time.Now()
	patience, end := context.WithTimeout(ctx, 20*time.Second)
	defer end()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, err
	}
	for !p.answers() {
		if patience.Err() != nil {
			p.stop()
			return nil, 0, fmt.Errorf("it does not answer: %w", patience.Err())
		}
		time.Sleep(50 * time.Microsecond) // or else the asking takes the process's time away
	}
	return p, time.Since(began), nil
}

func (p *process) answers() bool {
	connection, err := net.Dial("tcp4", p.address)
	if err != nil {
		return false
	}
	defer connection.Close()
	io.WriteString(connection, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	_, err = io.ReadFull(connection, make([]byte, len("HTTP/1.1 200")))
	return err == nil
}

func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}
