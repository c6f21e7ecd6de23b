package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/annotation"
)

// hostile is what a terminal must not get from outside.
const hostile = "a\x1b[2J\x9b2J\u009b2J\u202e\u2066\u200f\u2028\u200b\x7f\r\ufeffz"

// hostileBodies are payloads that some reader of JSON stumbles over.
var hostileBodies = []string{
	"{\"a\":\"\x9b\"}",
	"{\"projectId\":\"p\u009b\u202e\x7f\",\"action\":\"MOVE\",\"dataRowIds\":[\"r\x9b\"],\"timestamp\":\"9999-12-31T23:59:59-05:00\"}",
	`{"projectId":"p","action":"MOVE","dataRowIds":["r"],"timestamp":"0000-01-01T00:00:00+05:00"}`,
	"{\"data_row\":{\"id\":\"\\u001b\"},\"projects\":{\"p\u202e\":{\"labels\":[{\"id\":\"l\",\"annotations\":{\"objects\":[{\"name\":\"n\x9b\u202e\\u009b\"}]}}]}}}",
	`{"a":1,"a":2}`, `{"a":1e400}`, `{"a":"\ud800"}`, "{\"a\":\"\u2028\u202e\x7f\"}",
	strings.Repeat("[", 5000) + strings.Repeat("]", 5000), strings.Repeat("9", 5000), "\xff\xfe{",
}

// hostileInbox makes an inbox of the bodies under hostile headers.
func hostileInbox(t *testing.T) (path string, keys []string) {
	var all []*core.Delivery
	for _, body := range hostileBodies {
		header := http.Header{core.IDHeader: {hostile + body[:1]}, core.EventHeader: {hostile}, "Content-Type": {hostile},
			core.SignatureHeader: {"sha1=" + strings.Repeat("0", 40)}}
		d := core.Identify(header, []byte(body))
		all, keys = append(all, d), append(keys, d.Key())
	}
	return inboxOf(t, all...), keys
}

// tame fails the test where an output could command a terminal or tells what is
// hidden in a URL, and where JSON is not JSON.
func tame(t *testing.T, args []string, stdout, stderr string) {
	t.Helper()
	both := stdout + stderr
	if i := strings.IndexFunc(both, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
	}); i >= 0 || !utf8.ValidString(both) {
		t.Errorf("%q prints %q", args, both)
	}
	if strings.Contains(both, "hush") {
		t.Errorf("%q tells the key: %s", args, both)
	}
	if slices.Contains(args, "--json") {
		for lines := json.NewDecoder(strings.NewReader(stdout)); ; {
			var v any
			if err := lines.Decode(&v); err == io.EOF {
				return
			} else if err != nil {
				t.Errorf("%q prints no JSON: %v", args, err)
				return
			}
		}
	}
}

func TestNothingFromOutsideCommandsTheTerminal(t *testing.T) {
	path, keys := hostileInbox(t)
	server := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "http://user:hush@127.0.0.1/"+hostile)
		w.WriteHeader(http.StatusInternalServerError)
		io.WriteString(w, `{"code":"`+hostile+`","detail":"`+r.URL.String()+`"}`)
	}))
	to := strings.Replace(server.URL, "//", "//user:hush@", 1) + "/hush-hush?key=hush#hush"
	commands := [][]string{
		{"events", "--inbox", path}, {"events", "--inbox", path, "--json"},
		{"send", "label.created", "--to", to}, {"send", "label.created", "--to", to, "--json"}, {"send", "label.created", "--to", to, "--count", "2"},
		{"replay", "--inbox", path, "--to", to}, {"replay", "--inbox", path, "--to", to, "--json"}, {"replay", "--inbox", path, "--to", to, "--json", "--id", keys[0]},
		{"check", to}, {"check", to, "--json"},
		{hostile}, {"--" + hostile}, {"help", hostile}, {"events", hostile}, {"events", "--" + hostile}, {"events", "--inbox", hostile}, {"events", "--since", hostile},
		{"events", "--event", hostile}, {"events", "--limit", hostile}, {"events", "show", "--inbox", path, hostile},
		{"send", hostile}, {"send", "label.created", "--file", hostile, "--to", to}, {"send", "label.created", "--to", "http://user:hush@" + hostile},
		{"replay", "--inbox", path, "--id", hostile, "--to", to}, {"verify", hostile, "--signature", hostile}, {"verify", path, "--json", "--signature", hostile},
		{"check", hostile}, {"check", "http://user:hush@" + hostile + "/hush"}, {"webhooks", hostile}, {"webhooks", "list", "--project", hostile},
		{"listen", "--addr", hostile}, {"listen", "--path", hostile}, {"listen", "--inbox", hostile + "/in.db"}, {"listen", "--forward", "http://user:hush@acme.dev/hush"},
		{"demo", hostile},
	}
	for _, key := range keys {
		commands = append(commands, []string{"events", "show", "--inbox", path, key}, []string{"events", "show", "--inbox", path, key, "--json"})
	}
	for _, args := range commands {
		_, stdout, stderr := runTool(t, withSecret, args...)
		tame(t, args, stdout, stderr)
	}
}

func TestURLsInTheWrongPlaceKeepTheirKeys(t *testing.T) {
	for _, url := range []string{"https://user:hush@acme.dev/hush?code=hush#hush", `https://user:hu"sh@acme.dev/hush?hush`, "https://acme.dev:port/hush"} {
		for _, args := range [][]string{
			{url}, {"webhooks", url}, {"webhooks", "create", url}, {"listen", url}, {"listen", "--addr", url}, {"listen", "--path", url}, {"listen", "--ca-file", url},
			{"listen", "--" + url}, {"send", "-" + url}, {"send", url}, {"send", "label.created", "--count=" + url}, {"send", "label.created", "--timeout", url},
			{"send", "label.created", "--set", url, "--to", "http://127.0.0.1:1"}, {"replay", "--since", url}, {"replay", "--event", url}, {"replay", "--status", url},
			{"events", url}, {"events", "--inbox", url}, {"webhooks", "update", "id", "--status", url}, {"webhooks", "list", "--project", url, url},
		} {
			code, stdout, stderr := runTool(t, map[string]string{"LABELBOX_WEBHOOK_SECRET": checkedSecret, "LABELBOX_API_KEY": apiKey}, args...)
			if code != exitUsage || !strings.Contains(stderr, "labelhook: error: ") {
				t.Errorf("%q: exit code %d: %s%s", args, code, stdout, stderr)
			}
			if both := strings.ToLower(stdout + stderr); strings.Contains(both, "hush") || strings.Contains(both, "sh@") {
				t.Errorf("%q tells the key: %s%s", args, stdout, stderr)
			}
		}
	}
	if _, _, stderr := runTool(t, nil, "check", "example.com"); !strings.Contains(stderr, "such as https://example.com/webhook-endpoint") {
		t.Errorf("the hint is cut: %s", stderr)
	}
}

// The name of a queue or bucket is no key, and whoever has mistyped it must see it.
func TestErrorsNameTheQueue(t *testing.T) {
	for _, url := range []string{"servicebus://namespace/labels", "pubsub://acme-ml/labels", "gs://acme/raw"} {
		if text := withoutKeys(url+": there is none", []string{"pull", url}); text != url+": there is none" {
			t.Errorf("%s is shown as %q", url, text)
		}
		for _, more := range []string{"?code=hush", "#hush"} {
			if text := withoutKeys(url+more+" is wrong", []string{"pull", url + more}); strings.Contains(text, "hush") {
				t.Errorf("%s is shown as %q", url+more, text)
			}
		}
	}
	if text := withoutKeys("gs://user:hush@acme/raw is wrong", []string{"pull", "gs://user:hush@acme/raw"}); strings.Contains(text, "hush") {
		t.Error(text)
	}
}

func TestBytesThatNoJSONHoldsAreShownInBase64(t *testing.T) {
	path, keys := hostileInbox(t)
	for i, key := range keys {
		code, stdout, stderr := runTool(t, nil, "events", "show", "--inbox", path, "--json", key)
		var v struct {
			ID      []byte            `json:"id_base64"`
			Headers map[string][]byte `json:"headers_base64"`
			Payload json.RawMessage   `json:"payload"`
			Bytes   []byte            `json:"payload_base64"`
			Time    *string           `json:"time"`
		}
		if err := json.Unmarshal([]byte(stdout), &v); code != exitDone || err != nil {
			t.Fatalf("exit code %d, %v: %s%s", code, err, stdout, stderr)
		}
		if !strings.HasPrefix(string(v.ID), hostile) || string(v.Headers[core.EventHeader]) != hostile || string(v.Headers["Content-Type"]) != hostile {
			t.Errorf("headers %q %q", v.ID, v.Headers)
		}
		body := hostileBodies[i]
		if readable := strings.HasPrefix(body, `{"projectId":"p","`) || strings.HasPrefix(body, "{\"a\":\"\u2028"); readable != (v.Payload != nil) || !readable && string(v.Bytes) != body {
			t.Errorf("%.40q: payload %.40q, in base64 %.40q (%s)", body, v.Payload, v.Bytes, base64.StdEncoding.EncodeToString(v.Bytes))
		}
		if v.Time != nil {
			t.Errorf("%.40q: time %s", body, *v.Time)
		}
	}
}

// Nobody reads megabytes line by line, and their indentation would be many more.
func TestLargeDeliveriesAreShownInOneLine(t *testing.T) {
	body := `{"data_row":{"id":"d"},"projects":{"p":{"labels":[{"id":"l","annotations":{"objects":[` +
		strings.Repeat(`{"":1},`, 3<<16) + `{}]}}]}}}`
	d := core.Identify(http.Header{core.EventHeader: {"LABEL_CREATED"}}, []byte(body))
	path := inboxOf(t, d)
	code, stdout, stderr := runTool(t, nil, "events", "show", "--inbox", path, d.Key())
	if lines := strings.Count(stdout, "\n"); code != exitDone || lines > 2*maxRows || !strings.Contains(stdout, body) {
		t.Errorf("exit code %d, %d lines, %d bytes: %s", code, lines, len(stdout), stderr)
	}
	code, stdout, stderr = runTool(t, nil, "events", "show", "--inbox", path, "--json", d.Key())
	var v struct {
		Payload     json.RawMessage `json:"payload"`
		Annotations annotation.Set  `json:"annotations"`
	}
	if err := json.Unmarshal([]byte(stdout), &v); code != exitDone || err != nil || string(v.Payload) != body || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("exit code %d, %v, %d bytes: %s", code, err, len(stdout), stderr)
	}
	if n := len(v.Annotations.Objects); n < 10_000 || string(v.Annotations.Objects[0].Raw) != `{"":1}` || len(stdout) > 16*len(body) {
		t.Errorf("%d objects in %d bytes", n, len(stdout))
	}
}
