package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal returns a context that ends with the first signal that asks the
// process to. What end does can be asked for without one, too: after it, a second
// SIGINT or SIGTERM ends the process at once. A second SIGHUP does not, because
// a terminal that closes sends several.
func untilSignal() (ctx context.Context, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	end = func() {
		cancel()
		signal.Reset(syscall.SIGINT, syscall.SIGTERM)
	}
	wanted := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		wanted = append(wanted, syscall.SIGHUP)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, wanted...)
	go func() {
		<-signals
		end()
	}()
	return ctx, end
}

// untilBrokenPipe makes an output that is closed a reason to end like a
// signal. Other commands die of it at once, as is the custom in pipelines; what
// listen has begun it must finish.
func (t *tool) untilBrokenPipe(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGPIPE) // to the end of the process: the last lines break as well
	go func() {
		select {
		case <-broken:
			if t.end != nil {
				t.end()
			}
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}
