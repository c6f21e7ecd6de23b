// Command budgets measures what labelhook promises about its speed, as ratios
// to other programs measured in the same run, prints a table, and exits 1 if a
// promise is broken. It runs in the folder of its module. Arguments choose parts:
//
//	go run ./budgets                             all of them
//	go run ./budgets core aws                    some
//	GODEBUG=cpu.sha=off go run ./budgets core    as on a CPU without SHA extensions
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "budgets: error:", err)
		stop()
		os.Exit(1)
	}
}

// parts are what can be measured alone, by the names of the arguments.
var parts = []struct {
	name    string
	measure func(ctx context.Context, t *table, folder string) error // folder is empty, and its own
}{
	{"core", measureCore},
	{"aws", measureAWS},
	{"starts", measureStarts},
	{"listen", measureListen},
}

func run(ctx context.Context, wanted []string) error {
	folder, err := os.MkdirTemp("", "labelhook-budgets-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var t table
	for _, part := range parts {
		if len(wanted) > 0 && !slices.Contains(wanted, part.name) {
			continue
		}
		own := filepath.Join(folder, part.name)
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		if err := part.measure(ctx, &t, own); err != nil {
			return err
		}
	}
	if err := t.print(os.Stdout); err != nil {
		return err
	}
	if n := t.broken(); n > 0 {
		return fmt.Errorf("%d of %d budgets are broken", n, len(t.rows))
	}
	return nil
}
