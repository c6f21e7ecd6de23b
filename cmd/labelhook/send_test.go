package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// runSend runs "labelhook send" in this process.
func runSend(ctx context.Context, stdin string, args ...string) (code int, stdout, stderr string) {
	return runWith(ctx, strings.NewReader(stdin), withSecret, append([]string{"send"}, args...)...)
}

// collecting is a receiver with the checked secret that keeps what it takes.
func collecting(t *testing.T) (url string, taken func() []*core.Delivery) {
	var mu sync.Mutex
	var all []*core.Delivery
	server := serve(t, receiver(t, func(_ context.Context, d *core.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, d)
		return nil
	}))
	return server.URL, func() []*core.Delivery {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// What arrives is the sample itself, and the event is the one asked for.
func TestSendSendsTheSample(t *testing.T) {
	for _, sample := range samples.All() {
		t.Run(sample.Name+" "+string(sample.Event), func(t *testing.T) {
			url, taken := collecting(t)
			args := []string{string(sample.Event), "--to", url}
			if sample.Version != payload.NoVersion {
				args = append(args, "--payload", string(sample.Version))
			}
			if code, stdout, stderr := runSend(t.Context(), "", args...); code != exitDone || stderr != "" {
				t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
			}
			all := taken()
			if len(all) != 1 || all[0].Event != sample.Event || all[0].EventName != sample.Header || !bytes.Equal(all[0].Body, sample.Body()) {
				t.Errorf("got %+v", all)
			}
		})
	}
}

func TestSendPayloads(t *testing.T) {
	sample, _ := samples.Find(payload.WorkflowAction, payload.V2)
	edited := strings.NewReplacer(`"MOVE"`, `"APPROVE"`, `["clvmpaetz76ct0706730rfcq9"]`, `["clvmpaetz76ct0706730rfcq9","2"]`).Replace(string(sample.Body()))
	for name, test := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"the standard input":   {"\xff\r\n", []string{"unknown", "--file", "-"}, "\xff\r\n"},
		"the same, edited":     {`{"a": 1.0, "b":[ ]}`, []string{"unknown", "--file", "-", "--set", "a=x"}, `{"a": "x", "b":[ ]}`},
		"a sample, edited":     {"", []string{"workflow.action", "--set", "action=APPROVE", "--set", `dataRowIds.-1="2"`}, edited},
		"a value with a comma": {`{}`, []string{"unknown", "--file", "-", "--set-new", "a=1,b=2"}, `{"a":"1,b=2"}`},
	} {
		t.Run(name, func(t *testing.T) {
			url, taken := collecting(t)
			if code, stdout, stderr := runSend(t.Context(), test.stdin, append(test.args, "--to", url)...); code != exitDone {
				t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
			}
			if all := taken(); len(all) != 1 || string(all[0].Body) != test.want {
				t.Errorf("got  %s\nwant %s", all[0].Body, test.want)
			}
		})
	}
}

func TestSendCountMakesDistinctDeliveries(t *testing.T) {
	url, taken := collecting(t)
	code, stdout, stderr := runSend(t.Context(), "", "label.created", "--payload", "v1", "--count", "60", "--concurrency", "8",
		"--set", "id=mine", "--set", "updatedAt=2020-01-02T03:04:05Z", "--to", url)
	if code != exitDone || stderr != "" || !strings.HasPrefix(stdout, "60 of 60 deliveries of label.created sent in ") {
		t.Fatalf("exit code %d, %s%s", code, stdout, stderr)
	}
	ids, keys, rows := map[string]int{}, map[string]int{}, map[string]int{}
	for _, d := range taken() {
		ids[d.ID]++
		keys[d.Key()]++
		rows[d.DataRowID]++
		if d.LabelID != "mine" || !strings.Contains(string(d.Body), `"updatedAt": "2020-01-02T03:04:05Z"`) {
			t.Fatalf("--set was overwritten: %s", d.Body)
		}
	}
	if len(ids) != 60 || len(keys) != 60 || len(rows) != 60 {
		t.Errorf("60 deliveries have %d ids, %d keys, %d data rows", len(ids), len(keys), len(rows))
	}
}

func TestSendWarnsWhenDeliveriesAreTheSame(t *testing.T) {
	url, taken := collecting(t)
	code, _, stderr := runSend(t.Context(), "[]", "unknown", "--file", "-", "--count", "2", "--to", url)
	if code != exitDone || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "all 2 deliveries have the same bytes") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if all := taken(); len(all) != 2 || all[0].Key() != all[1].Key() || all[0].ID == all[1].ID {
		t.Errorf("got %+v", all)
	}
}

func TestSendTellsFailures(t *testing.T) {
	for status, hint := range map[int]string{
		301: "redirects are not followed",
		401: "another secret",
		404: "is the path right?",
		405: "is the path right?",
		418: "", // none
		503: "cannot take deliveries now",
		599: "",
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			server := serve(t, always(status))
			for _, more := range [][]string{nil, {"--json"}, {"--count", "2"}} {
				code, stdout, stderr := runSend(t.Context(), "", append(more, "label.created", "--to", server.URL)...)
				if code != exitFailed || !strings.Contains(stdout, fmt.Sprint(status)) {
					t.Errorf("%v: exit code %d, %s", more, code, stdout)
				}
				hinted := strings.Contains(stderr, "\nlabelhook: hint: ")
				if hinted != (hint != "") || !strings.Contains(stderr, hint) || strings.Count(stderr, "\n") > 2 {
					t.Errorf("%v: got %s", more, stderr)
				}
			}
		})
	}
}

// A hundred deliveries of which some fail: the numbers agree with what the
// receiver did, and the first failure is shown.
func TestSendSumsUp(t *testing.T) {
	var n atomic.Int64
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1)%10 == 0 {
			http.Error(w, "full\x1b[31m up", http.StatusServiceUnavailable)
		}
	}))
	code, stdout, _ := runSend(t.Context(), "", "unknown", "--count", "100", "--concurrency", "5", "--to", server.URL)
	for _, want := range []string{": 90 answered 2xx, 10 not\n", "       90  200 OK\n", "       10  503 Service Unavailable\n",
		"first not 2xx: 503 Service Unavailable  full\ufffd[31m up\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in %s", want, stdout)
		}
	}
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
}

// The names in JSON are a contract.
func TestSendJSON(t *testing.T) {
	url, _ := collecting(t)
	for name, test := range map[string]struct {
		args []string
		want []string
	}{
		"one":           {[]string{"--to", url}, []string{"delivery"}},
		"several":       {[]string{"--to", url, "--count", "2"}, nil},
		"several fail":  {[]string{"--to", url + "/?", "--count", "2", "--file", "-"}, []string{"first_failure"}},
		"none answered": {[]string{"--to", "http://127.0.0.1:1"}, []string{"delivery"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, stdout, _ := runSend(t.Context(), "", append(test.args, "label.created", "--json")...)
			var got map[string]any
			if err := json.Unmarshal([]byte(stdout), &got); err != nil || strings.Count(stdout, "\n") != 1 {
				t.Fatalf("%s: %v", stdout, err)
			}
			want := append([]string{"asked", "errors", "event", "interrupted", "latency_ms", "ok", "per_second", "retries", "seconds", "sent", "statuses", "url"}, test.want...)
			slices.Sort(want)
			if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
				t.Errorf("got %v, want %v", names, want)
			}
		})
	}
}

// A receiver that sends back all it got makes nothing appear that is secret.
func TestSendKeepsSecretsEvenFromAnEcho(t *testing.T) {
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, password, _ := r.BasicAuth()
		io.WriteString(w, "echo "+r.URL.String()+" "+r.URL.Query().Get("code")+" "+password+" "+r.Header.Get(core.SignatureHeader))
	}))
	to := strings.Replace(server.URL, "//", "//user:pass-w0rd@", 1) + "/hook?code=function%2Fkey"
	for _, more := range [][]string{nil, {"--json"}, {"--count", "2"}, {"--count", "2", "--json"}} {
		code, stdout, stderr := runSend(t.Context(), "", append(more, "label.created", "--to", to)...)
		if code != exitFailed || !strings.Contains(stdout, "echo …") {
			t.Errorf("%v: exit code %d, %s", more, code, stdout)
		}
		sample, _ := samples.Find(payload.LabelCreated, payload.V2)
		for _, never := range []string{checkedSecret, "pass-w0rd", "function", "user", core.Sign(sample.Body(), keyOf(t, checkedSecret))[5:]} {
			if strings.Contains(stdout+stderr, never) {
				t.Errorf("%v: %q is in %s%s", more, never, stdout, stderr)
			}
		}
	}
}

func TestSendWarnsOfPlainHTTP(t *testing.T) {
	for to, warns := range map[string]bool{
		"http://127.0.0.1:1/": false, "http://localhost:1/": false, "http://[::1]:1/": false, "https://labelhook.invalid/": false,
		"http://user:hush@labelhook.invalid/?hush": true, "http://10.0.0.1/": true,
	} {
		var stderr bytes.Buffer
		if err := (&tool{err: &stderr}).checkTo(to); err != nil {
			t.Error(err)
		}
		if text := stderr.String(); strings.Contains(text, "is not encrypted") != warns || strings.Contains(text, "hush") || strings.Count(text, "\n") > 1 {
			t.Errorf("%s: %q", to, text)
		}
	}
}

// What stands between here and the receiver is named, with what to do about it.
func TestSendExplainsTheWay(t *testing.T) {
	proxy := serve(t, always(407))
	for name, test := range map[string]struct{ to, proxy, hint string }{
		"an unknown authority":        {serveTLS(t, always(200)).URL, "", "name its certificate with --ca-file"},
		"a proxy that answers itself": {"http://receiver.invalid/hush", proxy.URL, "the answer may be that of the proxy " + proxy.URL + " (HTTP_PROXY)"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(built(t), "send", "label.created", "--to", test.to)
			cmd.Env = []string{"LABELBOX_WEBHOOK_SECRET=opensesame", "HTTP_PROXY=" + test.proxy}
			out, _ := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != exitFailed || !strings.Contains(string(out), "labelhook: hint: ") || !strings.Contains(string(out), test.hint) || strings.Contains(string(out), "hush") {
				t.Errorf("%s: %s", cmd.ProcessState, out)
			}
		})
	}
}

// An interrupt sends nothing more; what was under way is answered and counted.
func TestSendInterrupted(t *testing.T) {
	for name, test := range map[string]struct {
		args           []string
		answered       int64
		stdout, stderr string
	}{
		"one of many": {[]string{"--count", "1000000"}, 7, "7 of 1000000 deliveries of unknown sent", "labelhook: error: interrupted after 7 of 1000000 deliveries\n"},
		"as JSON": {[]string{"--count", "50", "--json"}, 7, `"asked":50,"sent":7,"ok":7,"statuses":{"200":7},"errors":{},"retries":0,"interrupted":true`,
			"labelhook: error: interrupted after 7 of 50 deliveries\n"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var n atomic.Int64
			server := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				io.Copy(io.Discard, r.Body)
				if n.Add(1) == test.answered {
					cancel()
				}
			}))
			code, stdout, stderr := runSend(ctx, "", append(test.args, "unknown", "--to", server.URL)...)
			if code != exitFailed || !strings.Contains(stdout, test.stdout) || stderr != test.stderr {
				t.Errorf("exit code %d, %s%s", code, stdout, stderr)
			}
		})
	}
}
