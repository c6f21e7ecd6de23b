package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/sender"
)

const (
	listenBudget = 5 // times the Flask receiver's throughput, with many connections

	python       = "/usr/bin/python3" // Debian's, the one that python3-flask installs for
	flaskPackage = "python3-flask"

	listenRounds = 7
	roundTime    = time.Second // of each receiver
	connections  = 64          // deliveries under way at once
)

// measureListen sends the same load in turns to "labelhook listen", to a
// receiver in Go that does next to nothing, and to the Flask receiver: with many
// connections, and with one, where each delivery waits for the sync of the one
// before. Every delivery has a body of its own, or the inbox would keep only the
// first. What depends on the disk, and on what nothing costs, has no budget.
func measureListen(ctx context.Context, t *table) error {
	folder, err := os.MkdirTemp("", "labelhook-budgets-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	ours, err := startListen(ctx, folder)
	if err != nil {
		return err
	}
	defer ours.stop()
	hello, err := startHello(ctx, folder)
	if err != nil {
		return err
	}
	defer hello.stop()
	receivers := []*process{ours, hello}
	// Not "import flask", which the folder of that name here satisfies.
	if err := exec.CommandContext(ctx, python, "-c", "from flask import Flask").Run(); err == nil {
		flask, err := startFlask(ctx)
		if err != nil {
			return err
		}
		defer flask.stop()
		receivers = append(receivers, flask)
	}

	load, err := newLoad()
	if err != nil {
		return err
	}
	for _, row := range []struct {
		connections int
		name        string
		flask       float64 // at least so many times the Flask receiver's
	}{{connections, fmt.Sprintf("%d connections", connections), listenBudget}, {1, "1 connection", 0}} {
		rates := make([][]float64, len(receivers))
		for range listenRounds {
			for i, r := range receivers {
				rate, err := load.send(ctx, r.url, row.connections)
				if err != nil {
					return fmt.Errorf("%s: %w", r.name, err)
				}
				rates[i] = append(rates[i], rate)
			}
		}
		const what = "listen, answering after the commit, in times of "
		a, b := median(rates[0]), median(rates[1])
		t.note(what+"a bare Go receiver's throughput, "+row.name, a/b, fmt.Sprintf("%.0f/s to %.0f/s", a, b))
		flask := what + "the Flask receiver's throughput, " + row.name
		if len(receivers) < 3 {
			t.skip(flask, "needs Debian's package "+flaskPackage+": apt-get install "+flaskPackage)
			continue
		}
		b = median(rates[2])
		detail := fmt.Sprintf("%.0f/s to %.0f/s", a, b)
		if row.flask > 0 {
			t.atLeast(flask, a/b, row.flask, detail)
		} else {
			t.note(flask, a/b, detail)
		}
	}
	return nil
}

// load makes deliveries with fresh ids and times, signed anew.
type load struct {
	secret   secret.Secret
	template *sender.Template
}

func newLoad() (*load, error) {
	secret, err := secret.New(bench.Secret)
	if err != nil {
		return nil, err
	}
	return &load{secret, sender.NewTemplate(bench.Bodies()[0].Bytes)}, nil
}

// send sends for a round and returns the deliveries taken in a second. Any
// answer but 2xx is an error.
func (l *load) send(ctx context.Context, url string, connections int) (float64, error) {
	s := sender.Sender{URL: url, Concurrency: connections}
	summary := s.Send(ctx, l.deliveries(time.Now().Add(roundTime)), nil)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case summary.OK != summary.Sent || summary.OK == 0:
		return 0, fmt.Errorf("of %d deliveries %d were taken; statuses %v, errors %v", summary.Sent, summary.OK, summary.Statuses, summary.Errors)
	}
	return summary.PerSecond(), nil
}

func (l *load) deliveries(until time.Time) iter.Seq[sender.Request] {
	return func(yield func(sender.Request) bool) {
		for now := time.Now(); now.Before(until); now = time.Now() {
			if !yield(sender.Signed(l.template.Fresh(now), "LABEL_CREATED", l.secret)) {
				return
			}
		}
	}
}

// process is a receiver at work.
type process struct {
	name, url string
	cmd       *exec.Cmd
}

func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Wait()
}

// startListen builds labelhook and has it listen on a free port, with its inbox
// in folder, which must be on a real disk for a commit to cost what it costs.
func startListen(ctx context.Context, folder string) (*process, error) {
	binary := filepath.Join(folder, "labelhook")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/labelhook")
	build.Dir = ".." // with the versions that labelhook's own module names
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building labelhook: %w\n%s", err, out)
	}
	cmd := exec.CommandContext(ctx, binary, "listen", "--json", "--addr", "127.0.0.1:0", "--inbox", filepath.Join(folder, "inbox.db"))
	cmd.Env = append(os.Environ(), "LABELBOX_WEBHOOK_SECRET="+bench.Secret)
	talk, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{name: "labelhook listen", cmd: cmd}
	lines := bufio.NewScanner(talk)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if _, url, found := strings.Cut(lines.Text(), "listening on "); found {
			p.url = url
			go io.Copy(io.Discard, talk)
			return p, nil
		}
	}
	p.stop()
	return nil, fmt.Errorf("labelhook listen does not: %s", strings.Join(said, " "))
}

// startHello builds and runs hello/receiver.
func startHello(ctx context.Context, folder string) (*process, error) {
	binary := filepath.Join(folder, "hello")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./hello/receiver").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the bare receiver: %w\n%s", err, out)
	}
	return startAt(ctx, "the bare receiver", func(port string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, binary)
		cmd.Env = append(os.Environ(), "BENCH_SECRET="+bench.Secret, "PORT="+port)
		return cmd
	})
}

// startFlask runs flask/receiver.py, found from the module's folder.
func startFlask(ctx context.Context) (*process, error) {
	return startAt(ctx, "the Flask receiver", func(port string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, python, filepath.Join("flask", "receiver.py"), port)
		cmd.Env = append(os.Environ(), "BENCH_SECRET="+bench.Secret)
		return cmd
	})
}

// startAt starts a receiver at a free port and waits until it answers.
func startAt(ctx context.Context, name string, command func(port string) *exec.Cmd) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := command(strconv.Itoa(port))
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{name, fmt.Sprintf("http://127.0.0.1:%d/webhook-endpoint", port), cmd}
	if err := waitFor(ctx, p.url); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s does not answer: %w", p.name, err)
	}
	return p, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitFor returns when something answers at url, with whatever status.
func waitFor(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			return response.Body.Close()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}
