package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/labelhook/labelhook/bench"
)

// server is a program that serves HTTP, and what it is started with.
type server struct {
	module    string // folder of its module
	pkg       string
	port      string // variable for the port to listen at
	variables []string
}

// measureStarts checks the budgets of the functions that serve HTTP themselves:
// from the start of the process to its first answer.
func measureStarts(ctx context.Context, t *table) error {
	secret := "LABELBOX_WEBHOOK_SECRET=" + bench.Secret
	google := func(pkg string, variables ...string) server {
		return server{".", pkg, "PORT", append(variables, secret, "FUNCTION_TARGET=LabelboxWebhook", "LABELHOOK_LOG_LEVEL=error")}
	}
	for _, budget := range []struct {
		what         string
		ours, theirs server
		most         float64
	}{
		{"Google function without destinations, start, in times of a hello world's",
			google("./receiver/gcp"), google("./hello/gcp"), 1.3},
		{"Google function with Pub/Sub, start, in times of a hello world's with its client",
			google("./receiver/gcppubsub", "LABELHOOK_DESTINATIONS=pubsub://acme-ml/labels"), google("./hello/gcppubsub"), 1.1},
		{"Azure handler with every destination, start, in times of a hello world's",
			server{"..", "./azure/function", "FUNCTIONS_CUSTOMHANDLER_PORT", []string{secret, "LABELHOOK_DESTINATIONS=azblob://account/container azqueue://account/queue"}},
			server{".", "./hello/http", "PORT", nil}, 1.5},
	} {
		c, err := compareStarts(ctx, budget.ours, budget.theirs)
		if err != nil {
			return err
		}
		t.atMost(budget.what, c.ratio(), budget.most, c.String())
	}
	return nil
}

// compareStarts starts both in turns.
func compareStarts(ctx context.Context, ours, theirs server) (comparison, error) {
	folder, err := os.MkdirTemp("", "labelhook-budgets-")
	if err != nil {
		return comparison{}, err
	}
	defer os.RemoveAll(folder)
	var times [2][]time.Duration
	var binaries [2]string
	sides := [2]server{ours, theirs}
	for i, s := range sides {
		binaries[i] = filepath.Join(folder, fmt.Sprint(i))
		build := exec.CommandContext(ctx, "go", "-C", s.module, "build", "-trimpath", "-ldflags", "-s -w", "-o", binaries[i], s.pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return comparison{}, fmt.Errorf("building %s: %w\n%s", s.pkg, err, out)
		}
	}
	for range starts {
		for i, s := range sides {
			took, err := s.firstAnswer(ctx, binaries[i])
			if err != nil {
				return comparison{}, fmt.Errorf("starting %s: %w", s.pkg, err)
			}
			times[i] = append(times[i], took)
		}
	}
	return comparison{median(times[0]), median(times[1])}, nil
}

// firstAnswer is the time from the start of the process to its first answer.
func (s server) firstAnswer(ctx context.Context, binary string) (time.Duration, error) {
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	address := free.Addr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)

	process := exec.CommandContext(ctx, binary)
	process.Env = append([]string{s.port + "=" + port}, s.variables...)
	began := time.Now()
	if err := process.Start(); err != nil {
		return 0, err
	}
	defer process.Wait()
	defer process.Process.Kill()
	for {
		took, err := answered(address, began)
		if err == nil {
			return took, nil
		}
		if time.Since(began) > 10*time.Second {
			return 0, errors.New("no answer within ten seconds")
		}
		time.Sleep(50 * time.Microsecond) // or else the asking takes the process's time away
	}
}

func answered(address string, began time.Time) (time.Duration, error) {
	connection, err := net.Dial("tcp4", address)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	io.WriteString(connection, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	_, err = io.ReadFull(connection, make([]byte, len("HTTP/1.1 200")))
	return time.Since(began), err
}
