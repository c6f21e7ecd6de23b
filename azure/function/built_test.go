package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/conformance"
	"github.com/labelhook/labelhook/internal/test/required"
)

// Everything here is about the built handler, behind the model of the host.

var (
	handler = building(".")
	own     = building("./testdata/own")
	hello   = building("./testdata/hello")
)

var buildDir string // removed at the end

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "labelhook-azure-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(buildDir)
	os.Exit(code)
}

// building builds a program once, when it is first asked for, as it is
// deployed.
func building(folder string) func(testing.TB) (path string) {
	build := sync.OnceValues(func() (string, error) {
		path := filepath.Join(buildDir, filepath.Base(folder), "handler")
		command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, folder)
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := command.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w: %s", err, out)
		}
		return path, nil
	})
	return func(t testing.TB) string {
		t.Helper()
		required.Program(t, "go", "see https://go.dev/dl")
		path, err := build()
		required.NoError(t, err)
		return path
	}
}

// startApp starts the built handler with the variables alone.
func startApp(t testing.TB, mode azurehost.Mode, variables map[string]string) *azurehost.Host {
	t.Helper()
	return azurehost.Start(t, azurehost.App{Executable: handler(t), Settings: variables, Mode: mode})
}

const body = `{"dataRowIds":["row"],"action":"MOVE"}`

// deliver sends the body, signed with the secret, and returns the status and
// the problem's code or status word.
func deliver(t testing.TB, h *azurehost.Host, key, body string) (status int, code string) {
	t.Helper()
	response, err := http.DefaultClient.Do(delivery(t, h, key, body))
	required.NoError(t, err)
	defer response.Body.Close()
	return response.StatusCode, codeOf(t, response)
}

func delivery(t testing.TB, h *azurehost.Host, key, body string) *http.Request {
	t.Helper()
	s, err := secret.New(key)
	required.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+h.Address()+"/api/labelbox?code=of-the-url", strings.NewReader(body))
	required.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(core.SignatureHeader, core.Sign([]byte(body), s))
	request.Header.Set(core.IDHeader, "delivery-1")
	return request
}

func with(variables map[string]string, pairs ...string) map[string]string {
	for i := 0; i < len(pairs); i += 2 {
		if variables[pairs[i]] = pairs[i+1]; pairs[i+1] == "" {
			delete(variables, pairs[i])
		}
	}
	return variables
}

var modes = []azurehost.Mode{azurehost.Proxying, azurehost.Forwarding, azurehost.Envelope}

// What the host does to requests, so that no handler can do better.
var (
	noChunks   = "the host drops a body sent in chunks and answers 500 itself"
	joins      = conformance.Deviation{Reason: "the host joins repeated headers with commas", Want: &conformance.Malformed}
	text       = conformance.Deviation{Reason: "the host decodes the body as UTF-8 and drops what is not text", Want: &conformance.Mismatch}
	leavesOut  = conformance.Deviation{Reason: "the host leaves a body sent in chunks out of the envelope", Want: &conformance.Empty}
	deviations = map[azurehost.Mode]map[string]conformance.Deviation{
		azurehost.Proxying: {"signature twice, the same": joins},
		azurehost.Forwarding: merge(
			map[string]conformance.Deviation{"signature twice, the same": joins},
			chunked(conformance.Deviation{Reason: noChunks})),
		azurehost.Envelope: merge(chunked(leavesOut), map[string]conformance.Deviation{
			"body with every byte there is": text,
			"body that is not UTF-8":        text,
			"body with a byte order mark":   text,
			"body in UTF-16":                text,
			"body compressed":               text,
		}),
	}
)

// chunked is one deviation for all requests without a Content-Length that would
// be told apart by their bodies.
func chunked(d conformance.Deviation) map[string]conformance.Deviation {
	all := map[string]conformance.Deviation{}
	for _, c := range conformance.Cases() {
		if c.Framing == conformance.Chunked {
			all[c.Name] = d
		}
	}
	return all
}

func merge(maps ...map[string]conformance.Deviation) map[string]conformance.Deviation {
	all := map[string]conformance.Deviation{}
	for _, m := range maps {
		for name, d := range m {
			all[name] = d
		}
	}
	return all
}

func TestConformance(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			destination := conformance.NewDestination(t)
			h := startApp(t, mode, conformance.Environment(destination.URL))
			conformance.Run(t, conformance.Cases(), conformance.Platform{
				Do:         conformance.HTTP(h.Address(), "/api/labelbox"),
				Taken:      destination.Taken,
				Deviations: deviations[mode],
			})
			if n := h.Starts(); n != 1 {
				t.Errorf("the handler was started %d times", n)
			}
		})
	}
}

func TestConformanceWithoutSecret(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			destination := conformance.NewDestination(t)
			h := startApp(t, mode, conformance.EnvironmentWithoutSecret(destination.URL))
			conformance.Run(t, conformance.WithoutSecret(), conformance.Platform{
				Do:    conformance.HTTP(h.Address(), "/api/labelbox"),
				Taken: destination.Taken,
			})
		})
	}
}

// An app without the prefix "api" has its route at the top.
func TestRouteWithoutPrefix(t *testing.T) {
	for _, mode := range modes {
		t.Run(string(mode), func(t *testing.T) {
			destination := conformance.NewDestination(t)
			h := azurehost.Start(t, azurehost.App{Executable: handler(t), Settings: conformance.Environment(destination.URL), Mode: mode, Route: "/labelbox"})
			var cases []conformance.Case
			for _, c := range conformance.Cases() {
				if strings.HasPrefix(c.Name, "sample ") || strings.HasPrefix(c.Name, "forged with") || strings.HasSuffix(c.Name, "missing") {
					cases = append(cases, c)
				}
			}
			conformance.Run(t, cases, conformance.Platform{Do: conformance.HTTP(h.Address(), "/LabelBox/"), Taken: destination.Taken})
		})
	}
}
