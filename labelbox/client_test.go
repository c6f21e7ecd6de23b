package labelbox_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

func TestFromEnvironment(t *testing.T) {
	for name, test := range map[string]struct{ key, endpoint, says string }{
		"a key":                {apiKey, "", ""},
		"an endpoint":          {apiKey, "https://labelbox.acme.dev/api/graphql", ""},
		"a fake":               {apiKey, "http://127.0.0.1:8080/", ""},
		"no key":               {"", "", "LABELBOX_API_KEY: the Labelbox API key is not set"},
		"the snippet's key":    {"<YOUR_API_KEY>", "", "LABELBOX_API_KEY: the Labelbox API key is a placeholder"},
		"a key with a newline": {apiKey + "\n", "", "LABELBOX_API_KEY: the Labelbox API key has characters"},
		"no URL":               {apiKey, "labelbox.acme.dev/?token", "LABELBOX_API_URL: the API endpoint is not a URL"},
		"http":                 {apiKey, "http://labelbox.acme.dev/?token", "LABELBOX_API_URL: the API endpoint must be https"},
	} {
		t.Run(name, func(t *testing.T) {
			environment := map[string]string{"LABELBOX_API_KEY": test.key, "LABELBOX_API_URL": test.endpoint}
			client, err := labelbox.FromEnvironment(func(name string) string { return environment[name] })
			if test.says == "" {
				if err != nil || client == nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), test.says) || strings.Contains(err.Error(), "\n") ||
				strings.Contains(err.Error(), "token") || test.key == apiKey && strings.Contains(err.Error(), apiKey) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
	if _, err := labelbox.NewClient(apiKey, labelbox.WithTimeout(0)); err == nil {
		t.Error("a timeout of nothing is taken")
	}
}

func TestClientPrintsWithoutItsKey(t *testing.T) {
	client := newClient(t, labelbox.WithEndpoint("https://labelbox.acme.dev/?token"))
	if text := fmt.Sprintf("%v %+v %#v %s", client, client, client, client); strings.Contains(text, apiKey) ||
		strings.Contains(text, "token") || !strings.Contains(text, "labelbox.acme.dev") {
		t.Errorf("printed %s", text)
	}
}

func TestRequestSaysHonestlyWhoAsks(t *testing.T) {
	api := labelboxfake.New(apiKey)
	api.AddWebhook(labelboxfake.Webhook{ID: "wh1"})
	if _, err := served(t, api).Webhook(t.Context(), "wh1"); err != nil {
		t.Fatal(err)
	}
	header := api.Requests()[0].Header
	if agent := header.Get("User-Agent"); !regexp.MustCompile(`^labelhook/[0-9a-zA-Z.+-]+ \(\+https://github\.com/labelhook/labelhook\)$`).MatchString(agent) {
		t.Errorf("User-Agent: %s", agent)
	}
	for name, want := range map[string]string{"Authorization": "Bearer " + apiKey, "Content-Type": "application/json", "Accept": "application/json"} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for name := range header {
		if strings.Contains(strings.ToLower(name+header.Get(name)), "python") {
			t.Errorf("poses as another client: %s: %s", name, header.Get(name))
		}
	}
}

func TestKeyFollowsNoRedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	client := served(t, http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect), labelbox.WithHTTPClient(&http.Client{}))
	if _, err := client.Webhook(t.Context(), "wh1"); !errors.Is(err, labelbox.ErrUnexpected) {
		t.Errorf("got %v", err)
	}
}

func TestAnswerWithoutEndIsGivenUp(t *testing.T) {
	client := served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	if _, err := client.Webhook(t.Context(), "wh1"); !errors.Is(err, labelbox.ErrUnexpected) || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("got %v", err)
	}
}

func TestNoConnection(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	private := httptest.NewUnstartedServer(http.NotFoundHandler())
	private.EnableHTTP2 = false
	private.Config.ErrorLog = silent
	private.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	private.StartTLS()
	defer private.Close()
	for name, test := range map[string]struct {
		endpoint string
		retries  int
		says     string
	}{
		"nobody listens":            {closed.URL + "/?token", 2, "no answer: connection refused"},
		"the certificate is no one": {private.URL + "/?token", 0, "no answer: TLS: the certificate is signed by an unknown authority"},
	} {
		t.Run(name, func(t *testing.T) {
			retries := 0
			client := newClient(t, labelbox.WithEndpoint(test.endpoint), labelbox.WithRetry(3, 0),
				labelbox.WithRetryNotice(func(error, time.Duration) { retries++ }))
			_, err := client.CreateWebhook(t.Context(), newWebhook(""))
			if !errors.Is(err, labelbox.ErrTransport) || errors.Is(err, labelbox.ErrOutcomeUnknown) ||
				!strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "token") {
				t.Errorf("got %v, want %q", err, test.says)
			}
			if retries != test.retries {
				t.Errorf("%d retries, want %d", retries, test.retries)
			}
		})
	}
}

func TestPauses(t *testing.T) {
	// pausesOf is how long a read pauses that meets the faults.
	pausesOf := func(t *testing.T, faults ...labelboxfake.Fault) (pauses []time.Duration, elapsed time.Duration, err error) {
		api := labelboxfake.New(apiKey)
		api.AddWebhook(labelboxfake.Webhook{ID: "wh1"})
		api.Fail(faults...)
		began := time.Now()
		_, err = connect(t, api, labelbox.WithRetryNotice(func(err error, pause time.Duration) {
			if !strings.HasPrefix(err.Error(), "get webhook: ") {
				t.Errorf("the notice is of %v", err)
			}
			pauses = append(pauses, pause)
		})).Webhook(t.Context(), "wh1")
		return pauses, time.Since(began), err
	}
	inBubble(t, "grow, and are jittered", func(t *testing.T) {
		down := labelboxfake.Unavailable()
		first := map[time.Duration]bool{}
		for range 10 {
			pauses, elapsed, err := pausesOf(t, down, down, down)
			if err != nil || len(pauses) != 3 {
				t.Fatal(pauses, err)
			}
			var sum time.Duration
			for i, about := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
				if sum += pauses[i]; pauses[i] < about/2 || pauses[i] > about*3/2 {
					t.Errorf("pause %d was %v, want about %v", i, pauses[i], about)
				}
			}
			if elapsed != sum {
				t.Errorf("took %v, not %v", elapsed, sum)
			}
			first[pauses[0]] = true
		}
		if len(first) == 1 {
			t.Error("ten first pauses are all the same")
		}
	})
	inBubble(t, "are as long as the server asks for", func(t *testing.T) {
		dated := labelboxfake.TooManyRequests(time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat))
		pauses, _, err := pausesOf(t, labelboxfake.TooManyRequests("7"), dated, labelboxfake.TooManyRequests("-3"))
		if err != nil || len(pauses) != 3 || pauses[0] < 7*time.Second || pauses[0] > 9*time.Second ||
			pauses[1] < 10*time.Second || pauses[1] > 20*time.Second || pauses[2] > 5*time.Second {
			t.Errorf("pauses of %v, %v", pauses, err)
		}
	})
	inBubble(t, "that would be too long are not begun", func(t *testing.T) {
		_, elapsed, err := pausesOf(t, labelboxfake.TooManyRequests("3600"))
		var failed *labelbox.Error
		if !errors.As(err, &failed) || failed.RetryAfter != time.Hour || elapsed != 0 {
			t.Errorf("got %v after %v", err, elapsed)
		}
	})
}

func TestReservedURLs(t *testing.T) {
	for url, want := range map[string]bool{
		"https://example.com/webhook-endpoint": true, "https://hooks.example.org": true, "https://a.test/": true, "https://EXAMPLE.net.": true,
		"https://acme.dev": false, "https://notexample.com": false, "https://com/": false, "%zz": false, "": false,
	} {
		if got := labelbox.IsReserved(url); got != want {
			t.Errorf("%s: %v", url, got)
		}
	}
}
