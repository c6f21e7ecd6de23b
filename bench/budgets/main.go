// Command budgets measures what labelhook promises about its speed, as ratios
// to other programs measured in the same run, prints a table, and exits 1 if a
// promise is broken. It runs in the folder of its module.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "budgets: error:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var t table
	if err := measureCore(&t); err != nil {
		return err
	}
	if err := measureAWS(ctx, &t); err != nil {
		return err
	}
	if err := measureStarts(ctx, &t); err != nil {
		return err
	}
	if err := measureListen(ctx, &t); err != nil {
		return err
	}
	if err := t.print(os.Stdout); err != nil {
		return err
	}
	if n := t.broken(); n > 0 {
		return fmt.Errorf("%d of %d budgets are broken", n, len(t.rows))
	}
	return nil
}
