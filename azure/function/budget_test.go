package main

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Azure bills and waits by what is here: the budgets are ratios to a hello
// world, measured beside it.
const (
	maxSizeRatio  = 2.3
	maxStartRatio = 1.5
)

func TestSizeBudget(t *testing.T) {
	size := func(path string) float64 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return float64(info.Size())
	}
	a, b := size(handler(t)), size(hello(t))
	t.Logf("%.2f MB to %.2f MB: %.2f times", a/1e6, b/1e6, a/b)
	if a/b > maxSizeRatio {
		t.Errorf("the handler is %.2f times as large as a hello world, want at most %.1f", a/b, maxSizeRatio)
	}
}

// The machine's moods only ever make a program slower, so the best of three
// series counts; within one both programs take turns.
func TestStartBudget(t *testing.T) {
	a, b := handler(t), hello(t)
	const series, rounds = 3, 15
	best := 0.0
	for range series {
		var as, bs []time.Duration
		for range rounds {
			as, bs = append(as, startTime(t, a)), append(bs, startTime(t, b))
		}
		slices.Sort(as)
		slices.Sort(bs)
		ratio := float64(as[rounds/2]) / float64(bs[rounds/2])
		t.Logf("%v to %v: %.2f times", as[rounds/2], bs[rounds/2], ratio)
		if best == 0 || ratio < best {
			best = ratio
		}
		if best <= maxStartRatio {
			return
		}
	}
	t.Errorf("the handler takes %.2f times as long to start as a hello world, want at most %.1f", best, maxStartRatio)
}

// startTime is from the start of the process to its first answer.
func startTime(t *testing.T, path string) time.Duration {
	t.Helper()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(path)
	command.Env = []string{"FUNCTIONS_CUSTOMHANDLER_PORT=" + port, "LABELBOX_WEBHOOK_SECRET=secret", "LABELHOOK_DESTINATIONS=azblob://account/container azqueue://account/queue"}
	began := time.Now()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill()
	transport := &http.Transport{DisableKeepAlives: true}
	for {
		request, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+address+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err == nil {
			response.Body.Close()
			return time.Since(began)
		}
		if time.Since(began) > 30*time.Second {
			t.Fatal(err)
		}
	}
}

func TestLinksNoOtherCloud(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(out))
	for _, p := range packages {
		for _, other := range []string{
			"github.com/aws/", "cloud.google.com/", "google.golang.org/", "github.com/googleapis/", "github.com/GoogleCloudPlatform/",
			"github.com/labelhook/labelhook/aws", "github.com/labelhook/labelhook/gcp", "modernc.org/", "github.com/spf13/",
		} {
			if strings.HasPrefix(p, other) {
				t.Errorf("links %s", p)
			}
		}
	}
	if !slices.Contains(packages, "github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets") {
		t.Error("the list is not that of the handler")
	}
}
