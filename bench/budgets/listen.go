package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/labelhook/labelhook/bench"
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
// first. What depends on the disk, and on what nothing costs, has no budget. The
// folder has the inbox, and must be on a real disk for a commit to cost what it
// costs.
func measureListen(ctx context.Context, t *table, folder string) error {
	for pkg, module := range map[string]string{"./cmd/labelhook": "..", "./hello/receiver": "."} { // with the versions that each module names
		if err := build(ctx, module, pkg, filepath.Join(folder, pkg)); err != nil {
			return err
		}
	}
	type receiver struct {
		name    string
		command func(port string) []string
		url     string
	}
	receivers := []receiver{
		{name: "labelhook listen", command: func(port string) []string {
			return []string{filepath.Join(folder, "cmd/labelhook"), "listen", "--json", "--addr", "127.0.0.1:" + port, "--inbox", filepath.Join(folder, "inbox.db")}
		}},
		{name: "the bare receiver", command: func(string) []string { return []string{filepath.Join(folder, "hello/receiver")} }},
	}
	// Not "import flask", which the folder of that name here satisfies.
	if err := exec.CommandContext(ctx, python, "-c", "from flask import Flask").Run(); err == nil {
		receivers = append(receivers, receiver{name: "the Flask receiver", command: func(string) []string { return []string{python, "flask/receiver.py"} }})
	}
	for i, r := range receivers {
		p, _, err := start(ctx, func(port string) (environment, command []string) {
			return append(os.Environ(), "PORT="+port, "BENCH_SECRET="+bench.Secret, "LABELBOX_WEBHOOK_SECRET="+bench.Secret), r.command(port)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		defer p.stop()
		receivers[i].url = "http://" + p.address + "/webhook-endpoint"
	}

	template := sender.NewTemplate(bench.Bodies()[0].Bytes)
	for _, row := range []struct {
		connections int
		name        string
		flask       float64 // at least so many times the Flask receiver's
	}{{connections, fmt.Sprintf("%d connections", connections), listenBudget}, {1, "1 connection", 0}} {
		rates := make([][]float64, len(receivers))
		for range listenRounds {
			for i, r := range receivers {
				rate, err := send(ctx, r.url, template, row.connections)
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

// send sends deliveries with fresh ids and times, signed anew, for a round, and
// returns how many were taken in a second. Any answer but 2xx is an error.
func send(ctx context.Context, url string, template *sender.Template, connections int) (float64, error) {
	s := sender.Sender{URL: url, Concurrency: connections}
	summary := s.Send(ctx, deliveries(template, time.Now().Add(roundTime)), nil)
	switch {
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case summary.OK != summary.Sent || summary.OK == 0:
		return 0, fmt.Errorf("of %d deliveries %d were taken; statuses %v, errors %v", summary.Sent, summary.OK, summary.Statuses, summary.Errors)
	}
	return summary.PerSecond(), nil
}

func deliveries(template *sender.Template, until time.Time) iter.Seq[sender.Request] {
	key := bench.Key()
	return func(yield func(sender.Request) bool) {
		for now := time.Now(); now.Before(until); now = time.Now() {
			if !yield(sender.Signed(template.Fresh(now), "LABEL_CREATED", key)) {
				return
			}
		}
	}
}
