package azurehost_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/internal/test/azurehost"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The test binary is also the handler: it does what this variable says.
const behaviour = "AZUREHOST_TEST_HANDLER"

func TestMain(m *testing.M) {
	if what := os.Getenv(behaviour); what != "" {
		os.Exit(handler(what))
	}
	os.Exit(m.Run())
}

// handler ends with the statuses that are listed, one a start, and then serves.
func handler(what string) (status int) {
	for _, text := range strings.Fields(what) {
		if status, err := strconv.Atoi(text); err == nil {
			mark := "ended-" + strconv.Itoa(slices.Index(strings.Fields(what), text)) + "-"
			for i := range strings.Count(what, text) {
				if f, err := os.OpenFile(mark+strconv.Itoa(i), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
					f.Close()
					return status
				}
			}
		}
	}
	if what == "silent" {
		time.Sleep(time.Hour) // select {} would be a deadlock that the runtime ends
	}
	fmt.Println("LanguageWorkerConsoleLog of the system")
	fmt.Println("to stdout")
	fmt.Fprintln(os.Stderr, "a Warning to stderr")
	fmt.Fprintln(os.Stderr, "to stderr")
	err := http.ListenAndServe("127.0.0.1:"+os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT"), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/" && r.Method == "GET":
			w.WriteHeader(http.StatusInternalServerError) // an answer all the same
		case what == "redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusSeeOther)
		case strings.HasPrefix(what, "answer "):
			var status int
			var media, body string
			fmt.Sscanf(what, "answer %d %s %s", &status, &media, &body)
			w.Header().Set("Content-Type", media)
			w.WriteHeader(status)
			io.WriteString(w, body)
		default:
			body, err := io.ReadAll(r.Body)
			if err != nil {
				panic(err)
			}
			saw := any(seen{r.Method, r.RequestURI, r.Host, r.TransferEncoding, r.Header, body})
			if what == "echo in an envelope" {
				saw = map[string]any{"Outputs": map[string]any{"res": map[string]any{"body": saw}}}
			}
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(saw)
		}
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// seen is a request as it reached the handler.
type seen struct {
	Method, URI, Host string
	Framing           []string
	Header            http.Header
	Body              []byte
}

func start(t *testing.T, what string, mode azurehost.Mode) *azurehost.Host {
	return azurehost.Start(t, azurehost.App{Executable: os.Args[0], Settings: map[string]string{behaviour: what}, Mode: mode})
}

// send sends one request and returns the host's answer.
func send(t *testing.T, h *azurehost.Host, method, query string, header http.Header, body io.Reader) (*http.Response, []byte) {
	t.Helper()
	request, err := http.NewRequest(method, "http://"+h.Address()+"/api/labelbox"+query, body)
	required.NoError(t, err)
	if header != nil {
		request.Header = header
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	required.NoError(t, err)
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	required.NoError(t, err)
	return response, answer
}

func TestModesPassRequestsOn(t *testing.T) {
	header := func() http.Header {
		return http.Header{
			"User-Agent": {"Sender/1"}, "Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}, "Connection": {"close"},
			"X-Twice": {"a", "b"}, "X-Azure-Functions-Invocationid": {"mine"}, "X-Forwarded-For": {"192.0.2.1"},
		}
	}
	for _, test := range []struct {
		mode                               azurehost.Mode
		uri, agent, encoding, invocationID string
		forwarded                          bool
	}{
		{azurehost.Proxying, "/api/labelbox?x=1&x=2", "Sender/1", "gzip", "GUID", true},
		{azurehost.Forwarding, "/api/labelbox?x=1%2C2", "Sender/1 Azure-Functions-Host/4.1037.0.0", "", "mine, GUID", false},
	} {
		t.Run(string(test.mode), func(t *testing.T) {
			h := start(t, "echo", test.mode)
			_, answer := send(t, h, "PUT", "?x=1&x=2", header(), strings.NewReader("\xff body"))
			var got seen
			if err := json.Unmarshal(answer, &got); err != nil {
				t.Fatalf("%v: %s", err, answer)
			}
			id := strings.Replace(test.invocationID, "GUID", h.Invocations()[0], 1)
			if got.Method != "PUT" || got.URI != test.uri || string(got.Body) != "\xff body" || got.Framing != nil ||
				got.Header.Get("User-Agent") != test.agent || got.Header.Get("Content-Encoding") != test.encoding ||
				got.Header.Get("X-Azure-Functions-InvocationId") != id || got.Header.Get("X-Twice") != "a, b" ||
				(got.Host == h.Address()) == test.forwarded || (got.Header.Get("X-Forwarded-Host") == h.Address()) != test.forwarded ||
				(got.Header.Get("X-Forwarded-For") == "192.0.2.1") == test.forwarded || got.Header.Get("Content-Type") != "application/json" {
				t.Errorf("the handler saw %+v", got)
			}

			response, answer := send(t, h, "POST", "", nil, io.MultiReader(strings.NewReader("in chunks")))
			if test.mode == azurehost.Forwarding {
				if response.StatusCode != 500 {
					t.Errorf("chunks: %d", response.StatusCode)
				}
				return
			}
			got = seen{}
			if err := json.Unmarshal(answer, &got); err != nil || string(got.Body) != "in chunks" || len(got.Framing) != 1 {
				t.Errorf("chunks: the handler saw %+v, %v", got, err)
			}
		})
	}
}

func TestEnvelopeHoldsWhatTheHostMakesOfABody(t *testing.T) {
	for name, test := range map[string]struct {
		contentType, body string
		chunked           bool
		want              any
	}{
		"text":             {"application/json", `{"a":"Zoë <b> 😀` + "\u2028" + `"}`, false, `{"a":"Zoë <b> 😀` + "\u2028" + `"}`},
		"not UTF-8":        {"application/json", "a\xffb\xfe\xfd", false, "a\ufffdb\ufffd\ufffd"},
		"byte order mark":  {"application/json", "\ufeffa", false, "a"},
		"UTF-16":           {"application/json", "\xff\xfea\x00", false, "a"},
		"UTF-16, the rest": {"application/json", "\xfe\xff\x00a", false, "a"},
		"octets":           {"application/octet-stream", "\xff", false, "/w=="},
		"multipart":        {"multipart/form-data; boundary=x", "a", false, "YQ=="},
		"empty":            {"application/json", "", false, nil},
		"in chunks":        {"application/json", "a", true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest("POST", "http://example.com/api/labelbox?x=1&x=2", strings.NewReader(test.body))
			required.NoError(t, err)
			r.Header = http.Header{"Content-Type": {test.contentType}, "X-Twice": {"a", "b"}}
			if test.chunked {
				r.ContentLength = -1
			}
			text, err := azurehost.Seal("labelbox", r, []byte(test.body))
			required.NoError(t, err)
			var got struct{ Data, Metadata map[string]map[string]any }
			if err := json.Unmarshal(text, &got); err != nil {
				json.Unmarshal(text, &struct{ Data any }{}) // Metadata may hold other things than objects
			}
			req := got.Data["req"]
			if body, found := req["Body"]; body != test.want || found != (test.want != nil) {
				t.Errorf("the body is %q", body)
			}
			if !bytes.HasPrefix(text, []byte(`{"Data":{"req":{"Url":"http://example.com/api/labelbox?x=1&x=2","Method":"POST",`)) ||
				!reflect.DeepEqual(req["Query"], map[string]any{"x": "1,2"}) ||
				!reflect.DeepEqual(req["Headers"].(map[string]any)["x-twice"], []any{"a", "b"}) {
				t.Errorf("the envelope is %s", text)
			}
		})
	}
}

func TestEnvelopeIsPostedToTheFunction(t *testing.T) {
	h := start(t, "echo in an envelope", azurehost.Envelope)
	_, answer := send(t, h, "PUT", "", http.Header{"X-Hub-Signature": {"sha1=…"}, "User-Agent": {"Sender/1"}}, strings.NewReader("body"))
	var got seen
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("%v: %s", err, answer)
	}
	if got.Method != "POST" || got.URI != "/labelbox" || len(got.Framing) != 1 ||
		got.Header.Get("Content-Type") != "application/json; charset=utf-8" ||
		got.Header.Get("User-Agent") != "Azure-Functions-Host/4.1037.0.0" || got.Header.Values("X-Hub-Signature") != nil ||
		got.Header.Get("X-Azure-Functions-InvocationId") != h.Invocations()[0] ||
		!strings.Contains(string(got.Body), `"Body":"body"`) {
		t.Errorf("the handler saw %+v", got)
	}
}

func TestEnvelopeAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		what   string
		status int
		body   string
	}{
		"status as text":   {`answer 200 application/json {"Outputs":{"res":{"statusCode":"401","body":"no"}}}`, 401, "no"},
		"status as number": {`answer 200 application/json {"Outputs":{"res":{"status":404,"statusCode":401,"body":{"a":1}}}}`, 401, `{"a":1}`},
		"no output":        {`answer 200 application/json {"Outputs":{}}`, 200, ""},
		"not 2xx":          {`answer 401 application/json {"Outputs":{"res":{"statusCode":"401"}}}`, 500, "\n"},
		"not JSON":         {`answer 200 text/plain {"Outputs":{"res":{"statusCode":"401"}}}`, 500, "\n"},
		"broken":           {`answer 200 application/json {"Outputs"`, 500, "\n"},
		"redirect":         {"redirect", 500, "\n"}, // followed for ever
	} {
		t.Run(name, func(t *testing.T) {
			response, answer := send(t, start(t, test.what, azurehost.Envelope), "POST", "", nil, strings.NewReader("x"))
			if response.StatusCode != test.status || string(answer) != test.body {
				t.Errorf("%d %q, want %d %q", response.StatusCode, answer, test.status, test.body)
			}
		})
	}
	response, _ := send(t, start(t, "redirect", azurehost.Proxying), "POST", "", nil, strings.NewReader("x"))
	if response.StatusCode != 303 {
		t.Errorf("a redirect is followed: %d", response.StatusCode)
	}
}

func TestRestartsByExitStatus(t *testing.T) {
	for what, test := range map[string]struct {
		starts int
		want   error
	}{
		"0":           {1, azurehost.ErrClosed},
		"1 1 1":       {3, azurehost.ErrGaveUp},
		"1 1 0":       {3, azurehost.ErrClosed},
		"1 1":         {3, nil},
		"200 200 200": {4, nil},
	} {
		t.Run(what, func(t *testing.T) {
			h := start(t, what, azurehost.Proxying)
			if err := h.Ready(t.Context()); !errors.Is(err, test.want) {
				t.Errorf("ended up with %v, want %v", err, test.want)
			}
			if n := h.Starts(); n != test.starts {
				t.Errorf("%d starts, want %d", n, test.starts)
			}
			if test.want != nil {
				if err := h.Stopped(t.Context()); !errors.Is(err, test.want) {
					t.Error(err)
				}
				if response, _ := send(t, h, "POST", "", nil, nil); response.StatusCode != 503 {
					t.Errorf("a stopped host answers %d", response.StatusCode)
				}
			}
		})
	}
}

func TestKillAndRestart(t *testing.T) {
	h := start(t, "echo", azurehost.Proxying)
	for range 5 { // its own restarts do not count as errors
		before, err := h.PID(t.Context())
		required.NoError(t, err)
		h.Restart()
		required.NoError(t, h.Gone(t.Context(), before))
	}
	for range 3 {
		pid, err := h.PID(t.Context())
		required.NoError(t, err)
		worker, err := os.FindProcess(pid)
		required.NoError(t, err)
		required.NoError(t, worker.Kill())
		required.NoError(t, h.Gone(t.Context(), pid))
	}
	if err := h.Stopped(t.Context()); !errors.Is(err, azurehost.ErrGaveUp) {
		t.Error(err)
	}
}

func TestHandlersThatNeverAnswer(t *testing.T) {
	h := azurehost.Start(t, azurehost.App{
		Executable: os.Args[0], Settings: map[string]string{behaviour: "silent"}, StartWithin: 200 * time.Millisecond,
	})
	if err := h.Ready(t.Context()); !errors.Is(err, azurehost.ErrNotReady) {
		t.Error(err)
	}
	h = azurehost.Start(t, azurehost.App{Executable: "/nowhere/handler"})
	if err := h.Ready(t.Context()); !errors.Is(err, azurehost.ErrNotStarting) {
		t.Error(err)
	}
}

func TestLinesHaveLevels(t *testing.T) {
	h := start(t, "echo", azurehost.Proxying)
	for text, level := range map[string]string{
		"LanguageWorkerConsoleLog of the system": azurehost.System,
		"to stdout":                              azurehost.Information,
		"a Warning to stderr":                    azurehost.Warning,
		"to stderr":                              azurehost.Error,
	} {
		line, err := h.Logged(t.Context(), func(l azurehost.Line) bool { return l.Text == text })
		if err != nil || line.Level != level {
			t.Errorf("%q has level %q, %v; want %q", text, line.Level, err, level)
		}
	}
}
