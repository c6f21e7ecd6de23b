package main

import (
	"context"
	"fmt"
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
func measureStarts(ctx context.Context, t *table, folder string) error {
	secret := "LABELBOX_WEBHOOK_SECRET=" + bench.Secret
	google := func(pkg string, variables ...string) server {
		return server{".", pkg, "PORT", append(variables, secret, "FUNCTION_TARGET=LabelboxWebhook", "LABELHOOK_LOG_LEVEL=error")}
	}
	for _, budget := range []struct {
		what  string
		sides [2]server
		most  float64
	}{
		{"Google function without destinations, start, in times of a hello world's",
			[2]server{google("./receiver/gcp"), google("./hello/gcp")}, 1.3},
		{"Google function with Pub/Sub, start, in times of a hello world's with its client",
			[2]server{google("./receiver/gcppubsub", "LABELHOOK_DESTINATIONS=pubsub://acme-ml/labels"), google("./hello/gcppubsub")}, 1.1},
		{"Azure handler with every destination, start, in times of a hello world's", [2]server{
			{"..", "./azure/function", "FUNCTIONS_CUSTOMHANDLER_PORT", []string{secret, "LABELHOOK_DESTINATIONS=azblob://account/container azqueue://account/queue"}},
			{".", "./hello/http", "PORT", nil}}, 1.5},
	} {
		for _, s := range budget.sides {
			if err := build(ctx, s.module, s.pkg, filepath.Join(folder, s.pkg)); err != nil {
				return err
			}
		}
		err := t.compareStarts(budget.what, budget.most, func(side int) (time.Duration, error) {
			s := budget.sides[side]
			process, took, err := start(ctx, func(port string) (environment, command []string) {
				return append([]string{s.port + "=" + port}, s.variables...), []string{filepath.Join(folder, s.pkg)}
			})
			if err != nil {
				return 0, fmt.Errorf("%s: %w", s.pkg, err)
			}
			process.stop()
			return took, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// starts is how often each program is started.
const starts = 51

// compareStarts starts labelhook's program, which is side 0, and the other, side
// 1, in turns.
func (t *table) compareStarts(what string, most float64, start func(side int) (time.Duration, error)) error {
	var times [2][]time.Duration
	for range starts {
		for side := range times {
			took, err := start(side)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			times[side] = append(times[side], took)
		}
	}
	a, b := median(times[0]), median(times[1])
	t.atMost(what, float64(a)/float64(b), most, fmt.Sprintf("%s to %s", short(a), short(b)))
	return nil
}
