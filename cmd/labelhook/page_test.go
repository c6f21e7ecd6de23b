package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/labelhooktest"
)

// ask sends one request and returns what is answered.
func ask(t *testing.T, r *http.Request) (status int, body string) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func get(t *testing.T, address string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ask(t, r)
}

// The page of the built program shows what it received, says why it refused a
// request, and settles what it passes on at last.
func TestPageOfListen(t *testing.T) {
	var works atomic.Bool
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !works.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer behind.Close()
	l := startListen(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame", "LABELBOX_API_KEY": "key-of-the-api"}, "--forward", behind.URL)
	site := strings.TrimSuffix(l.url, "/webhook-endpoint")
	body := []byte(`{"projectId":"p1","action":"MOVE","dataRowIds":["row-1"],"timestamp":"2026-11-23T17:48:01.5Z"}`)
	if status, _ := ask(t, labelhooktest.Request("opensesame", l.url, payload.WorkflowAction, body)); status != 503 {
		t.Fatalf("answered %d", status)
	}
	if status, _ := ask(t, labelhooktest.Request("opensesame1", l.url, payload.WorkflowAction, body)); status != 401 {
		t.Fatalf("answered %d", status)
	}
	key := core.Identify(labelhooktest.Request("opensesame", l.url, payload.WorkflowAction, body).Header, body).Key()
	status, page := get(t, site+"/?d="+key)
	if status != 200 || !strings.Contains(page, "passing it on failed") || !strings.Contains(page, `value="`+behind.URL+`"`) || strings.Contains(page, "opensesame") || strings.Contains(page, "key-of-the-api") {
		t.Errorf("%d %s", status, page)
	}
	for page = ""; !strings.Contains(page, "no match"); { // it is kept in a moment
		_, page = get(t, site+"/?d=r1")
	}
	if !strings.Contains(page, "Nothing that usually goes wrong explains it") || strings.Contains(page, "opensesame") {
		t.Errorf("%s", page)
	}

	works.Store(true)
	r, err := http.NewRequest(http.MethodPost, site+"/inbox/delivery/"+key+"/replay", strings.NewReader(url.Values{"to": {behind.URL}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {site}}
	if status, result := ask(t, r); status != 200 || !strings.Contains(result, ">200<") {
		t.Errorf("%d %s", status, result)
	}
	if _, page := get(t, site+"/?d="+key); strings.Contains(page, "passing it on failed") {
		t.Error("what is passed on at last is failed still")
	}
	if status, _ := get(t, site+"/elsewhere"); status != 404 {
		t.Errorf("elsewhere: %d", status)
	}
	if err := l.stop(t, syscall.SIGTERM); err != nil {
		t.Error(err)
	}
}

// Who may see the page is said at the start.
func TestWhereThePageIs(t *testing.T) {
	secret := map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame"}
	with := func(token string) map[string]string {
		return map[string]string{"LABELBOX_WEBHOOK_SECRET": "opensesame", "LABELHOOK_PAGE_TOKEN": token}
	}
	for name, test := range map[string]struct {
		variables map[string]string
		flags     []string
		want      int
	}{
		"on a machine of one's own": {secret, nil, 200},
		"switched off":              {secret, []string{"--no-page"}, 404},
		"for all to reach":          {secret, []string{"--public"}, 404},
		"with a token":              {secret, []string{"--public", "--page-token", "0123456789abcdef"}, 401},
		"with a token by variable":  {with("0123456789abcdef"), []string{"--public"}, 401},
		"off in spite of a token":   {with("0123456789abcdef"), []string{"--no-page"}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			l := startListen(t, test.variables, test.flags...)
			status, _ := get(t, strings.TrimSuffix(l.url, "/webhook-endpoint")+"/")
			if err := l.stop(t, syscall.SIGTERM); err != nil {
				t.Error(err)
			}
			if status != test.want || strings.Contains(l.stderr.String(), "the inbox is shown at") != (test.want != 404) || strings.Contains(l.stderr.String(), "0123456789abcdef") {
				t.Errorf("%d, and it says %s", status, &l.stderr)
			}
		})
	}
}
