package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/probe"
)

const checkedSecret = "a secret that check must not print"

// receiver is a labelhook receiver with the checked secret.
func receiver(t *testing.T, handle core.HandlerFunc) http.Handler {
	source, err := secret.Static(keyOf(t, checkedSecret))
	if err != nil {
		t.Fatal(err)
	}
	return nethttp.Handler(&core.Receiver{Secrets: source, Handler: handle, Observe: core.LogTo(slog.New(slog.DiscardHandler))})
}

func taken(context.Context, *core.Delivery) error { return nil }

func always(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(status)
	})
}

// behind passes requests on to the next handler but for those that it answers
// itself, with the status that it returns. It may change them.
func behind(next http.Handler, change func(*http.Request) (status int)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status := change(r); status != 0 {
			w.WriteHeader(status)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve starts a server that keeps its log to itself.
func serve(t *testing.T, h http.Handler) *httptest.Server {
	return start(t, h, (*httptest.Server).Start)
}

func serveTLS(t *testing.T, h http.Handler) *httptest.Server {
	return start(t, h, (*httptest.Server).StartTLS)
}

func start(t *testing.T, h http.Handler, how func(*httptest.Server)) *httptest.Server {
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	how(server)
	t.Cleanup(server.Close)
	return server
}

// runTool runs a command line with the given environment.
func runTool(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return runWith(t.Context(), strings.NewReader(""), env, args...)
}

// runWith is runTool with an input.
func runWith(ctx context.Context, in io.Reader, env map[string]string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	tool := &tool{in: in, out: &out, err: printable.Writer{To: &err}, getenv: func(name string) string { return env[name] }}
	code = tool.run(ctx, args)
	return code, out.String(), err.String()
}

// withSecret is the environment of those who know the checked secret.
var withSecret = map[string]string{current: checkedSecret}

func TestCheckTellsReceiversApart(t *testing.T) {
	good := receiver(t, taken)
	key := withSecret
	all := func(level string) map[string]string {
		return map[string]string{
			"get": level, "unsigned": level, "forged": level, "truncated": level, "sha256": level, "altered": level, "signed": level,
		}
	}
	but := func(levels map[string]string, name, level string) map[string]string {
		levels[name] = level
		return levels
	}
	for name, c := range map[string]struct {
		receiver http.Handler
		env      map[string]string
		exit     int
		levels   map[string]string // by name, or "name chunked" where that differs
		note     string            // in the note of some row
	}{
		"labelhook": {good, key, exitDone, all("ok"), ""},
		"labelhook without our secret": {good, nil, exitDone,
			but(but(all("ok"), "altered", "skipped"), "signed", "skipped"), "needs the receiver's secret: set LABELBOX_WEBHOOK_SECRET"},
		"labelhook with another secret": {good, map[string]string{"LABELBOX_WEBHOOK_SECRET": "another"}, exitFailed,
			but(all("ok"), "signed", "fail"), "another secret than this environment"},
		"labelhook that filters the event": {receiver(t, func(context.Context, *core.Delivery) error { return core.ErrIgnored }), key, exitDone,
			all("ok"), "LABELHOOK_EVENTS"},
		"labelhook with a failing destination": {receiver(t, func(context.Context, *core.Delivery) error { return errors.New("down") }), key, exitFailed,
			but(all("ok"), "signed", "fail"), "a destination does not take the delivery now"},
		"labelhook with a refusing destination": {receiver(t, func(context.Context, *core.Delivery) error { return core.Permanent(errors.New("no")) }), key, exitFailed,
			but(all("ok"), "signed", "fail"), "a destination refuses the delivery"},
		"labelhook that has no secret": {nethttp.Handler(&core.Receiver{Observe: core.LogTo(slog.New(slog.DiscardHandler))}), key, exitFailed,
			but(all("fail"), "get", "ok"), "has no usable secret"},

		"accepts everything":     {always(200), key, exitFailed, all("fail"), "DANGER"},
		"answers 500 to forgers": {http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { good.ServeHTTP(flask{w}, r) }), key, exitFailed, but(but(all("fail"), "get", "ok"), "signed", "ok"), "fails instead of refusing"},
		"answers 400 to all":     {always(400), key, exitFailed, all("fail"), "refused, but not as labelhook refuses; it should be 401 signature_missing"},
		"wrong path":             {http.NotFoundHandler(), key, exitFailed, all("fail"), "check the URL's path"},
		"wants authentication":   {always(401), key, exitFailed, all("fail"), "AuthType"},
		"forbidden":              {always(403), key, exitFailed, all("fail"), "allow unauthenticated invocations"},
		"takes no POST":          {always(405), key, exitFailed, all("fail"), "does not take POST"},
		"refuses GET in other words": {behind(good, func(r *http.Request) int {
			if r.Method == "GET" {
				return 405
			}
			return 0
		}), key, exitFailed, but(all("ok"), "get", "fail"),
			"refused, but not as labelhook refuses; it should be 405 method_not_allowed"},
		"limits the rate": {always(429), key, exitFailed, all("fail"), "limits the rate"},
		"bad gateway":     {always(502), key, exitFailed, all("fail"), "502 from the platform"},
		"unavailable":     {always(503), key, exitFailed, all("fail"), "503 from the platform"},
		"redirects":       {http.RedirectHandler("/elsewhere?code=hush", http.StatusTemporaryRedirect), key, exitFailed, all("fail"), "redirects to http://127.0.0.1:"},
		"hangs up on POST": {behind(good, func(r *http.Request) int {
			if r.Method == "POST" {
				panic(http.ErrAbortHandler)
			}
			return 0
		}), key, exitFailed, but(all("fail"), "get", "ok"), "the connection was closed before an answer came"},

		"a proxy that drops chunked bodies": {behind(good, func(r *http.Request) int {
			if r.ContentLength < 0 {
				r.Body = http.NoBody
			}
			return 0
		}), key, exitDone, but(but(but(chunkedWarns(all("ok")), "unsigned chunked", "ok"), "truncated chunked", "ok"), "sha256 chunked", "ok"), // refused before a body is looked at
			"drops or refuses chunked bodies"},
		"a proxy that refuses chunked bodies": {behind(good, func(r *http.Request) int {
			if r.ContentLength < 0 {
				return http.StatusLengthRequired
			}
			return 0
		}), key, exitDone, chunkedWarns(all("ok")), "drops or refuses chunked bodies"},
		"a proxy that drops every body": {behind(good, func(r *http.Request) int { r.Body, r.ContentLength = http.NoBody, 0; return 0 }), key, exitFailed,
			but(all("fail"), "get", "ok"), "the body did not arrive"},
		"a proxy that drops the signature": {behind(good, func(r *http.Request) int { r.Header.Del(core.SignatureHeader); return 0 }), key, exitFailed,
			but(but(all("fail"), "get", "ok"), "unsigned", "ok"), "drops the header X-Hub-Signature"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, c.receiver).URL + "/webhook-endpoint?code=hush"
			exit, stdout, stderr := runTool(t, c.env, "check", "--json", url)
			if exit != c.exit {
				t.Errorf("exit code %d, want %d", exit, c.exit)
			}
			if stderr != "" {
				t.Errorf("stderr: %s", stderr)
			}
			for _, hidden := range []string{"hush", checkedSecret} {
				if strings.Contains(stdout, hidden) {
					t.Errorf("the report contains %q", hidden)
				}
			}
			report := linesOf[probe.Report](t, stdout)[0]
			if report.OK != (exit == exitDone) || len(report.Checks) != 13 {
				t.Errorf("ok %v, %d checks", report.OK, len(report.Checks))
			}
			noted := c.note == ""
			for _, row := range report.Checks {
				want, special := c.levels[row.Name+" "+row.Framing]
				if !special {
					want = c.levels[row.Name]
				}
				if row.Level != want || row.OK != (row.Level == "ok") {
					t.Errorf("%s, %s: %s (ok %v), want %s; seen %d %s", row.Name, row.Framing, row.Level, row.OK, want, row.Status, row.Code)
				}
				if row.Level != "ok" && row.Note == "" {
					t.Errorf("%s, %s: %s without a note", row.Name, row.Framing, row.Level)
				}
				noted = noted || strings.Contains(row.Note, c.note)
			}
			if !noted {
				t.Errorf("no note says %q:\n%s", c.note, stdout)
			}
		})
	}
}

func chunkedWarns(levels map[string]string) map[string]string {
	for _, name := range []string{"unsigned", "forged", "truncated", "sha256", "altered", "signed"} {
		levels[name+" chunked"] = "warning"
	}
	return levels
}

// flask answers as Labelbox's sample receiver does: 500 where it refuses.
type flask struct{ http.ResponseWriter }

func (w flask) WriteHeader(status int) {
	if status == http.StatusUnauthorized {
		w.Header().Set("Content-Type", "text/plain")
		status = http.StatusInternalServerError
	}
	w.ResponseWriter.WriteHeader(status)
}

func TestCheckSendsOnlyTestDeliveries(t *testing.T) {
	var mu sync.Mutex
	var framings []string
	var ids []string
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		d := core.Identify(r.Header, body)
		mu.Lock()
		defer mu.Unlock()
		if r.Method == "GET" {
			return
		}
		ids = append(ids, d.ID)
		framings = append(framings, strings.Join(r.TransferEncoding, ","))
		var object map[string]string
		if err := json.Unmarshal(body, &object); err != nil {
			t.Error(err)
		}
		if d.Event != payload.Unknown || !strings.Contains(strings.ToLower(object["labelhook_check"]), "test delivery "+d.ID+", to be ignored") {
			t.Errorf("not an obvious test delivery: %s %s", d.Event, body)
		}
	}))
	runTool(t, withSecret, "check", server.URL)
	if want := slices.Repeat([]string{"", "chunked"}, 6); !slices.Equal(framings, want) {
		t.Errorf("framings %q", framings)
	}
	if slices.Sort(ids); len(slices.Compact(ids)) != 1 || ids[0] == "" {
		t.Errorf("delivery ids %q, want the one that the report names", ids)
	}
}

func TestCheckInWords(t *testing.T) {
	server := serve(t, receiver(t, taken))
	_, out, _ := runTool(t, withSecret, "check", server.URL+"/in?code=hush")
	table, last, _ := strings.Cut(out, "the signed test delivery")
	want := server.URL + `

VERDICT  CHECK      FRAMING         EXPECTED                  SEEN
ok       get        none            405 method_not_allowed    405 method_not_allowed
ok       unsigned   content-length  401 signature_missing     401 signature_missing
ok       unsigned   chunked         401 signature_missing     401 signature_missing
ok       forged     content-length  401 signature_mismatch    401 signature_mismatch
ok       forged     chunked         401 signature_mismatch    401 signature_mismatch
ok       truncated  content-length  401 signature_malformed   401 signature_malformed
ok       truncated  chunked         401 signature_malformed   401 signature_malformed
ok       sha256     content-length  401 signature_malformed   401 signature_malformed
ok       sha256     chunked         401 signature_malformed   401 signature_malformed
ok       altered    content-length  401 signature_mismatch    401 signature_mismatch
ok       altered    chunked         401 signature_mismatch    401 signature_mismatch
ok       signed     content-length  200 accepted              200 accepted
ok       signed     chunked         200 accepted              200 accepted

13 checks: 13 ok
`
	if table != want {
		t.Errorf("got\n%s\nwant\n%s", table, want)
	}
	if !strings.HasPrefix(last, " is event unknown, id c") {
		t.Errorf("the last line: %q", last)
	}

	bad := serve(t, always(200))
	_, out, _ = runTool(t, nil, "check", bad.URL)
	for _, want := range []string{
		"FAIL     forged     chunked         401 signature_mismatch    200\n",
		"skipped  signed     chunked         200 accepted              -\n",
		"unsigned, unsigned (chunked), forged, forged (chunked), truncated, truncated (chunked), sha256, sha256 (chunked)\n    FAIL: DANGER: ",
		"13 checks: 9 FAIL, 4 skipped\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in\n%s", want, out)
		}
	}
}

func TestCheckStopsWhereNobodyAnswers(t *testing.T) {
	closed := serve(t, always(200))
	closed.Close()
	release := make(chan struct{})
	silent := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-release }))
	defer close(release)
	hangsUp := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	for name, c := range map[string]struct {
		url     string
		timeout string
		note    string
	}{
		"connection refused":      {closed.URL, "10s", "connection refused; nothing listens"},
		"self-signed certificate": {serveTLS(t, always(200)).URL, "10s", "unknown authority; Labelbox will probably not connect either"},
		"TLS where there is none": {strings.Replace(serve(t, always(200)).URL, "http:", "https:", 1), "10s", "does not speak TLS there"},
		"no answer in time":       {silent.URL, "50ms", "no answer in time; a cold start may take long"},
		"hangs up":                {hangsUp.URL, "10s", "closed before an answer came; the receiver or something in front of it"},
	} {
		t.Run(name, func(t *testing.T) {
			exit, stdout, _ := runTool(t, nil, "check", "--json", "--timeout", c.timeout, c.url)
			report := linesOf[probe.Report](t, stdout)[0]
			if exit != exitFailed || report.OK || len(report.Checks) != 1 {
				t.Fatalf("exit code %d, %+v", exit, report)
			}
			if row := report.Checks[0]; row.Level != "fail" || row.Status != 0 || !strings.Contains(row.Note, c.note) {
				t.Errorf("%+v, want the note %q", row, c.note)
			}
			for _, flags := range [][]string{nil, {"--foreign"}} {
				exit, stdout, stderr := runTool(t, nil, append([]string{"check", "--timeout", c.timeout, c.url}, flags...)...)
				if exit != exitFailed || stdout != "" || strings.Count(stderr, "\n") != 2 || !strings.Contains(stderr, ": no answer: ") || !strings.Contains(stderr, "labelhook: hint: ") {
					t.Errorf("exit code %d, %s%s", exit, stdout, stderr)
				}
			}
		})
	}
}

// A receiver of another make is judged by what its statuses mean.
func TestCheckForeign(t *testing.T) {
	key := keyOf(t, "opensesame")
	genuine := func(r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		return err == nil && r.Header.Get(core.SignatureHeader) == core.Sign(body, key)
	}
	for name, test := range map[string]struct {
		receiver http.HandlerFunc
		exit     int
		note     string
	}{
		"refuses in its own words": {func(w http.ResponseWriter, r *http.Request) {
			if !genuine(r) {
				http.Error(w, "no", http.StatusForbidden)
			}
		}, exitDone, "13 checks: 13 ok"},
		"a page at GET": {func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && !genuine(r) {
				w.WriteHeader(http.StatusBadRequest)
			}
		}, exitDone, "13 checks: 13 ok"},
		"takes all": {func(http.ResponseWriter, *http.Request) {}, exitFailed, "DANGER"},
		"fails at forgers": {func(w http.ResponseWriter, r *http.Request) {
			if !genuine(r) {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}, exitFailed, "answered 500, which refuses nothing"},
		"is not there":    {http.NotFound, exitFailed, "no route leads"},
		"refuses all":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, exitFailed, "has the receiver this environment's secret"},
		"sends elsewhere": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) }, exitFailed, "answered 307"},
	} {
		t.Run(name, func(t *testing.T) {
			exit, stdout, stderr := runTool(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame"}, "check", "--foreign", serve(t, test.receiver).URL)
			if exit != test.exit || !strings.Contains(stdout, test.note) {
				t.Errorf("exit code %d\n%s%s", exit, stdout, stderr)
			}
		})
	}
}
