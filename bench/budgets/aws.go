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

// measureAWS checks the budgets of the Lambda function.
func measureAWS(ctx context.Context, t *table, folder string) error {
	if err := measureAWSDecode(t); err != nil {
		return err
	}
	if err := measureAWSSize(ctx, t, folder); err != nil {
		return err
	}
	return measureAWSStart(ctx, t, folder)
}

// buildLambda builds the receiver, with every destination, and the hello world
// as functions are deployed: by the same make target with the same flags. It
// returns the two binaries.
func buildLambda(ctx context.Context, folder, architecture string) (bootstraps [2]string, err error) {
	for i, of := range [2]struct{ goTool, pkg string }{{"go", "./aws/function"}, {"go -C bench", "./hello/aws"}} {
		artifacts := filepath.Join(folder, architecture, fmt.Sprint(i))
		build := exec.CommandContext(ctx, "make", "-C", "..", "-f", "deploy/aws/Makefile", "build-Receiver",
			"GO="+of.goTool, "FUNCTION="+of.pkg, "ARCHITECTURE="+architecture, "ARTIFACTS_DIR="+artifacts)
		if out, err := build.CombinedOutput(); err != nil {
			return bootstraps, fmt.Errorf("building %s for Lambda: %w\n%s", of.pkg, err, out)
		}
		bootstraps[i] = filepath.Join(artifacts, "bootstrap")
	}
	return bootstraps, nil
}

// measureAWSSize compares what is uploaded, for the architecture that is
// deployed. It does not vary from run to run.
func measureAWSSize(ctx context.Context, t *table, folder string) error {
	bootstraps, err := buildLambda(ctx, folder, "arm64")
	if err != nil {
		return err
	}
	var sizes [2]int64
	for i, bootstrap := range bootstraps {
		if sizes[i], err = zipped(bootstrap); err != nil {
			return err
		}
	}
	t.atMost("Lambda, zip, in times of a hello world's, arm64", float64(sizes[0])/float64(sizes[1]), 1.75,
		fmt.Sprintf("%d to %d bytes", sizes[0], sizes[1]))
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

// measureAWSStart compares the time from the start of the process until it asks
// Lambda for the first event, on this machine. The secret is in the environment
// and there is a destination of each kind: nothing of that may need AWS before
// there is a delivery.
func measureAWSStart(ctx context.Context, t *table, folder string) error {
	bootstraps, err := buildLambda(ctx, folder, runtime.GOARCH)
	if err != nil {
		return err
	}
	return t.compareStarts("Lambda, start, in times of a hello world's", 2, func(side int) (time.Duration, error) {
		f, err := lambdahost.Run(bootstraps[side], map[string]string{
			"LABELBOX_WEBHOOK_SECRET": bench.Secret,
			"LABELHOOK_DESTINATIONS":  "sqs://labels eventbridge://labels s3://labels",
		})
		if err != nil {
			return 0, err
		}
		f.Stop()
		return f.Init, nil
	})
}
