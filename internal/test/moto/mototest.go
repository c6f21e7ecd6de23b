// Package moto runs moto (https://docs.getmoto.org), which behaves like
// much of AWS and was written by others, for tests to run against. Where a test
// must say what AWS answers, there is a [StandIn].
package moto

import (
	"bufio"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/internal/test/required"
)

// Start runs an AWS of the test's own on a loopback address, points the SDK at
// it as [Use] does, and returns its URL. It is empty, and ends with the test. It
// takes some seconds to start: tests share one in subtests. Where moto is not
// installed the test is skipped, or fails on CI.
func Start(t testing.TB) (url string) {
	t.Helper()
	program := required.Program(t, "moto_server", "pip install 'moto[server]'")
	server := exec.Command(program, "-H", "127.0.0.1", "-p", "0")
	output, err := server.StderrPipe()
	required.NoError(t, err)
	required.NoError(t, server.Start())
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	lines := bufio.NewReader(output)
	said := ""
	for {
		line, err := lines.ReadString('\n')
		said += line
		if m := running.FindStringSubmatch(line); m != nil {
			go io.Copy(io.Discard, lines) // its log of requests, so that it never waits for a reader
			// By name, because moto takes the first label of a host for a bucket.
			url = "http://localhost:" + m[1]
			Use(t, url)
			return url
		}
		if err != nil {
			t.Fatalf("moto_server ended: %s", strings.TrimSpace(said))
		}
	}
}

var running = regexp.MustCompile(`Running on http://127\.0\.0\.1:([0-9]+)`)

// Region is where everything is.
const Region = "eu-west-1"

// Account is moto's only account.
const Account = "123456789012"

// Environment returns the variables that make a process's SDK take what listens
// at url for AWS, with credentials that are worth nothing elsewhere.
func Environment(url string) map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL":          url,
		"AWS_REGION":                Region,
		"AWS_ACCESS_KEY_ID":         "test",
		"AWS_SECRET_ACCESS_KEY":     "test",
		"AWS_EC2_METADATA_DISABLED": "true",
	}
}

// Use sets [Environment] for the test, and keeps the configuration of whoever
// runs it out.
func Use(t testing.TB, url string) {
	for name, value := range Environment(url) {
		t.Setenv(name, value)
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere")
	for _, name := range []string{"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"} {
		t.Setenv(name, nowhere)
	}
	for _, name := range []string{"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_SQS", "AWS_ENDPOINT_URL_S3",
		"AWS_ENDPOINT_URL_EVENTBRIDGE", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"} {
		t.Setenv(name, "")
	}
}
