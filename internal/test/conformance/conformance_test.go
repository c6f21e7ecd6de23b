package conformance

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/environment"
)

// start serves what package environment makes of the variables, behind what wrap makes
// of its handler.
func start(t testing.TB, variables map[string]string, wrap func(http.Handler) http.Handler) (address string) {
	receiver, _, err := environment.Receiver(environment.Platform{
		Options: core.Options{Logger: slog.New(slog.DiscardHandler)},
		Getenv:  func(name string) string { return variables[name] },
	})
	if err != nil {
		receiver = &core.Receiver{Observe: core.LogTo(slog.New(slog.DiscardHandler))}
	}
	handler := http.Handler(nethttp.Handler(receiver))
	if wrap != nil {
		handler = wrap(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func TestEnvironmentBehindNetHTTP(t *testing.T) {
	destination := NewDestination(t)
	Run(t, Cases(), Platform{
		Do:    HTTP(start(t, Environment(destination.URL), nil), "/webhook-endpoint"),
		Taken: destination.Taken,
	})
}

func TestEnvironmentWithoutSecret(t *testing.T) {
	destination := NewDestination(t)
	Run(t, WithoutSecret(), Platform{
		Do:    HTTP(start(t, EnvironmentWithoutSecret(destination.URL), nil), "/"),
		Taken: destination.Taken,
	})
}

// A deduplicating destination and a host with its own ways are platforms too.
func TestPlatformWithDeviations(t *testing.T) {
	destination := NewDestination(t)
	address := start(t, Environment(destination.URL), func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, values := range r.Header {
				r.Header[name] = []string{strings.Join(values, ",")}
			}
			next.ServeHTTP(w, r)
		})
	})
	var cases []Case
	for _, c := range Cases() {
		if strings.HasPrefix(c.Name, "signature twice") || c.Name == "redelivery" || c.Name == "chunked" {
			cases = append(cases, c)
		}
	}
	Run(t, cases, Platform{
		Do: HTTP(address, "/"),
		Taken: func(t testing.TB) []Taken {
			taken := destination.Taken(t)
			return taken[:min(len(taken), 1)]
		},
		Deviations: map[string]Deviation{
			"signature twice, the same": {Reason: "the host joins headers with commas", Want: &Malformed},
			"chunked":                   {Reason: "tested elsewhere"},
		},
	})
}
