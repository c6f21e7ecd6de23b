package main

import (
	"archive/zip"
	"compress/flate"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/internal/test/lambdahost"
)

// lambdaProgram is a Lambda function to build.
type lambdaProgram struct {
	name   string
	goTool string // what deploy/aws/Makefile is to call, from the repository's root
	pkg    string
}

var (
	lambdaReceiver = lambdaProgram{"labelhook", "go", "./aws/function"} // with every destination
	lambdaHello    = lambdaProgram{"hello", "go -C bench", "./hello/aws"}
)

// build builds the program as it is deployed, by the same make target with the
// same flags, and returns the binary.
func (p lambdaProgram) build(ctx context.Context, folder, architecture string) (bootstrap string, err error) {
	artifacts := filepath.Join(folder, p.name, architecture)
	build := exec.CommandContext(ctx, "make", "-C", "..", "-f", "deploy/aws/Makefile", "build-Receiver",
		"GO="+p.goTool, "FUNCTION="+p.pkg, "ARCHITECTURE="+architecture, "ARTIFACTS_DIR="+artifacts)
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s for Lambda: %w\n%s", p.name, err, out)
	}
	return filepath.Join(artifacts, "bootstrap"), nil
}

// buildBoth builds the receiver and the hello world.
func buildBoth(ctx context.Context, folder, architecture string) (receiver, hello string, err error) {
	if receiver, err = lambdaReceiver.build(ctx, folder, architecture); err != nil {
		return "", "", err
	}
	hello, err = lambdaHello.build(ctx, folder, architecture)
	return receiver, hello, err
}

// measureAWSSize compares what is uploaded, for the architecture that is
// deployed. It does not vary from run to run.
func measureAWSSize(ctx context.Context, t *table, folder string) error {
	receiver, hello, err := buildBoth(ctx, folder, "arm64")
	if err != nil {
		return err
	}
	a, err := zipped(receiver)
	if err != nil {
		return err
	}
	b, err := zipped(hello)
	if err != nil {
		return err
	}
	t.atMost("Lambda, zip, in times of a hello world's, arm64", float64(a)/float64(b), 1.75, fmt.Sprintf("%d to %d bytes", a, b))
	return nil
}

// zipped returns the size of a file in a zip of its own, compressed as well as
// that can be.
func zipped(name string) (int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var size counter
	archive := zip.NewWriter(&size)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	entry, err := archive.Create(filepath.Base(name))
	if err != nil {
		return 0, err
	}
	if _, err := io.Copy(entry, file); err != nil {
		return 0, err
	}
	err = archive.Close() // which writes the directory
	return int64(size), err
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

// starts is how often each function is started.
const starts = 51

// measureAWSStart compares the time from the start of the process until it asks
// Lambda for the first event, on this machine. The secret is in the environment
// and there is a destination of each kind: nothing of that may need AWS before
// there is a delivery.
func measureAWSStart(ctx context.Context, t *table, folder string) error {
	receiver, hello, err := buildBoth(ctx, folder, runtime.GOARCH)
	if err != nil {
		return err
	}
	variables := map[string]string{
		"LABELBOX_WEBHOOK_SECRET": bench.Secret,
		"LABELHOOK_DESTINATIONS":  "sqs://labels eventbridge://labels s3://labels",
	}
	var as, bs []time.Duration
	for range starts {
		for _, side := range []struct {
			bootstrap string
			times     *[]time.Duration
		}{{receiver, &as}, {hello, &bs}} {
			f, err := lambdahost.Run(side.bootstrap, variables)
			if err != nil {
				return fmt.Errorf("starting %s: %w", side.bootstrap, err)
			}
			f.Stop()
			*side.times = append(*side.times, f.Init)
		}
	}
	c := comparison{median(as), median(bs)}
	t.atMost("Lambda, start, in times of a hello world's", c.ratio(), 2, c.String())
	return nil
}
