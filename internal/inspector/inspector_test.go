package inspector_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/inspector"
	"github.com/labelhook/labelhook/internal/test/required"
	"github.com/labelhook/labelhook/labelhooktest"
	"github.com/labelhook/labelhook/server"
)

// Who may see the inbox: this machine, under a name that only it has, and no other
// site's page.
func TestWhoMaySeeThePage(t *testing.T) {
	s := serve(t, nil)
	key := s.deliver(payload.LabelCreated, label("l1", car))
	replay := "/inbox/delivery/" + key + "/replay"
	host := strings.TrimPrefix(s.url, "http://")
	_, port, _ := strings.Cut(host, ":")
	for name, test := range map[string]struct {
		method, path, host string
		header             map[string]string
		want               int
	}{
		"this machine":                     {"GET", "/", host, nil, 200},
		"by its name":                      {"GET", "/", "localhost:" + port, nil, 200},
		"by IPv6":                          {"GET", "/", "[::1]:" + port, nil, 200},
		"a name that leads here":           {"GET", "/", "evil.example:" + port, nil, 403},
		"a name below localhost":           {"GET", "/", "a.localhost:" + port, nil, 403},
		"an address that is read as this":  {"GET", "/", "127.1:" + port, nil, 403},
		"a host with a user":               {"GET", "/", "x@127.0.0.1:" + port, nil, 403},
		"all addresses":                    {"GET", "/", "0.0.0.0:" + port, nil, 403},
		"by a tunnel":                      {"GET", "/", host, map[string]string{"X-Forwarded-For": "192.0.2.1"}, 403},
		"by a proxy":                       {"GET", "/", host, map[string]string{"Forwarded": "for=192.0.2.1"}, 403},
		"by Cloudflare":                    {"GET", "/", host, map[string]string{"Cf-Connecting-Ip": "192.0.2.1"}, 403},
		"a script of another site":         {"GET", "/inbox/rows", host, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403},
		"a script of another port":         {"GET", "/inbox/rows", host, map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, 403},
		"a frame of another site":          {"GET", "/", host, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		"a link that was followed":         {"GET", "/", host, map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		"its own script":                   {"GET", "/inbox/rows", host, map[string]string{"Sec-Fetch-Site": "same-origin"}, 200},
		"a form of its own":                {"POST", replay, host, map[string]string{"Origin": s.url}, 200},
		"a form of another site":           {"POST", replay, host, map[string]string{"Origin": "https://evil.example"}, 403},
		"a form of another port":           {"POST", replay, host, map[string]string{"Origin": "http://127.0.0.1:1"}, 403},
		"a form of nowhere":                {"POST", replay, host, map[string]string{"Origin": "null"}, 403},
		"a form that does not say":         {"POST", replay, host, nil, 403},
		"another name for the origin":      {"POST", replay, host, map[string]string{"Origin": "http://localhost:" + port}, 403},
		"an origin that lies about itself": {"POST", replay, host, map[string]string{"Origin": s.url, "Sec-Fetch-Site": "cross-site"}, 403},
		"what is not there":                {"GET", "/inbox/secret", host, nil, 404},
		"another method":                   {"POST", "/", host, map[string]string{"Origin": s.url}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(test.method, s.url+test.path, nil)
			required.NoError(t, err)
			r.Host = test.host
			for name, value := range test.header {
				r.Header.Set(name, value)
			}
			if status, body := s.do(r); status != test.want {
				t.Errorf("%d %.200s", status, body)
			}
		})
	}
}

// With a token the page is for all who know it, also through a tunnel; without it
// not even this machine sees it.
func TestToken(t *testing.T) {
	const token = "0123456789abcdef-token"
	s := serve(t, func(o *inspector.Options) { o.Token = token })
	key := s.deliver(payload.LabelCreated, label("l1", car))
	through := http.Header{"X-Forwarded-For": {"192.0.2.1"}}
	for _, path := range []string{"/", "/inbox/rows", "/inbox/live", "/inbox/charts", "/inbox/delivery/" + key, "/inbox/delivery/" + key + "/payload"} {
		if status, body := s.get(path); status != 401 || strings.Contains(body, key) || strings.Contains(body, token) {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	for _, wrong := range []string{"", "0123456789abcdef-toke", token + "x", strings.ToUpper(token)} {
		if status, _ := s.post("/inbox/login", url.Values{"token": {wrong}}, nil); status != 401 {
			t.Errorf("%q: %d", wrong, status)
		}
	}
	if status, _ := s.post("/inbox/login", url.Values{"token": {token}}, http.Header{"Origin": {"https://evil.example"}}); status != 403 {
		t.Errorf("another site's form logs in: %d", status)
	}
	r, err := http.NewRequest(http.MethodPost, s.url+"/inbox/login", strings.NewReader(url.Values{"token": {token}}.Encode()))
	required.NoError(t, err)
	r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"https://tunnel.example"}}
	r.Host = "tunnel.example"
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	required.NoError(t, err)
	answer.Body.Close()
	cookies := answer.Cookies()
	if answer.StatusCode != 303 || len(cookies) != 1 || !cookies[0].HttpOnly || !cookies[0].Secure || cookies[0].SameSite != http.SameSiteLaxMode || strings.Contains(cookies[0].Value, token) {
		t.Fatalf("%d %v", answer.StatusCode, cookies)
	}
	for value, want := range map[string]int{cookies[0].Value: 200, cookies[0].Value[1:]: 401, token: 401, "": 401} {
		r, err := http.NewRequest(http.MethodGet, s.url+"/", nil)
		required.NoError(t, err)
		r.Host, r.Header = "tunnel.example", through.Clone()
		r.AddCookie(&http.Cookie{Name: cookies[0].Name, Value: value})
		if status, _ := s.do(r); status != want {
			t.Errorf("%q: %d, want %d", value, status, want)
		}
	}
}

func TestEveryAnswerForbidsWhatThePageDoesNotNeed(t *testing.T) {
	s := serve(t, nil)
	key := s.deliver(payload.LabelCreated, label("l1", car))
	for _, path := range []string{"/", "/?d=" + key, "/inbox/charts", "/inbox/delivery/" + key + "/payload", "/inbox/static/page.js", "/?d=nothing"} {
		answer, err := http.Get(s.url + path)
		required.NoError(t, err)
		answer.Body.Close()
		policy := answer.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.HasSuffix(policy, "img-src 'self'") || strings.Contains(policy, "unsafe") ||
			answer.Header.Get("X-Content-Type-Options") != "nosniff" || answer.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, answer.Header)
		}
	}
	answer, err := http.Get(s.url + "/?d=" + key + "&image=1")
	required.NoError(t, err)
	answer.Body.Close()
	if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "img-src 'self' https://storage.example") {
		t.Error(policy)
	}
}

// The address of an image stands in the payload, so it may be anything.
func TestImagesThatAreNotLoaded(t *testing.T) {
	s := serve(t, nil)
	for _, address := range []string{
		"http://storage.example/a.jpg", "javascript:alert(1)", "data:image/png;base64,AA", "//storage.example/a.jpg", "https://a;script-src *.example/a.jpg",
		"https://user:word@storage.example/a", "file:///etc/passwd", "https://*/a", "https://a b/", "https:///a", "https://x.example;script-src/", "text",
	} {
		body := strings.Replace(label("l1", car), "https://storage.example/cat.jpg", strings.ReplaceAll(address, `"`, `\"`), 1)
		key := s.deliver(payload.LabelCreated, body)
		answer, err := http.Get(s.url + "/?d=" + key + "&image=1")
		required.NoError(t, err)
		answer.Body.Close()
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.HasSuffix(policy, "img-src 'self'") || answer.StatusCode != 200 {
			t.Errorf("%s: %d %s", address, answer.StatusCode, policy)
		}
	}
}

// hostile is text that would be markup, script, an attribute's end, a template or a
// command of a terminal.
const hostile = `</title></script><script>alert(1)</script><img src=x onerror=alert(2)>" onload="alert(3)' {{.}} \u001b[31m \u202e`

func TestWhatAPayloadSaysIsText(t *testing.T) {
	s := serve(t, nil)
	object := strings.ReplaceAll(`{"feature_id":"X","name":"X","color":"X","bounding_box":{"top":1,"left":2,"height":3,"width":4},
		"classifications":[{"name":"X","text_answer":{"content":"X"}}]},{"name":"X","location":{"start":1,"end":2,"token":"X"}}`, "X", strings.ReplaceAll(hostile, `"`, `\"`))
	key := s.deliver(payload.LabelCreated, label("l1", object))
	other := s.deliver(payload.LabelUpdated, label("l1", car))
	refused := s.forge(`{"a":"` + hostile + `"}`)
	for _, path := range []string{"/?d=" + key, "/inbox/delivery/" + key, "/inbox/delivery/" + key + "/picture/0", "/inbox/delivery/" + refused, "/?q=" + url.QueryEscape(hostile),
		"/?d=" + url.QueryEscape(hostile), "/inbox/charts", "/inbox/changes?a=" + key + "&b=" + other, "/inbox/changes?a=" + url.QueryEscape(hostile) + "&b=x"} {
		_, body := s.get(path)
		body = regexp.MustCompile(` data-(class|toggles)="[^"]*"|<title>[^<]*</title>|aria-label="[^"]*"`).ReplaceAllString(body, "") // which are shown by themselves, if at all
		for _, markup := range []string{"<script>alert", "<img", `" onload="`, "\x1b", "\u202e", "<b>explained"} {
			if strings.Contains(body, markup) {
				i := strings.Index(body, markup)
				t.Errorf("%s has %q: %q", path, markup, body[max(0, i-200):min(len(body), i+60)])
			}
		}
	}
	if status, body := s.get("/inbox/delivery/" + key + "/payload"); status != 200 || !strings.Contains(body, "<script>alert(1)") {
		t.Errorf("%d: the exact bytes are not there", status)
	}
}

func TestNothingSecretIsOnThePage(t *testing.T) {
	s := serve(t, nil)
	body := label("l1", car)
	key := s.deliver(payload.LabelCreated, body)
	refused := s.forge(body)
	signature := strings.TrimPrefix(labelhooktest.Request(labelhooktest.Secret, s.url, payload.LabelCreated, []byte(body)).Header.Get(core.SignatureHeader), "sha1=")
	for _, path := range []string{"/?d=" + key, "/?d=" + refused, "/inbox/charts", "/inbox/delivery/" + key + "/command/send", "/inbox/delivery/" + key + "/command/replay"} {
		status, text := s.get(path)
		if status != 200 || strings.Contains(text, signature) || strings.Contains(text, labelhooktest.Secret) {
			t.Errorf("%s: %d, or a secret is in it", path, status)
		}
	}
	if _, line := s.get("/inbox/delivery/" + key + "/command/curl"); !strings.Contains(line, signature) {
		t.Errorf("curl cannot send the delivery again: %s", line)
	}
}

func TestListIsFilteredAndPaged(t *testing.T) {
	s := serve(t, nil)
	for i := range 450 {
		s.deliver(payload.WorkflowAction, fmt.Sprintf(`{"projectId":"p%d","action":"MOVE","dataRowIds":["row-%d"],"timestamp":"2026-11-23T17:48:01.5Z"}`, i%3, i))
	}
	s.deliver(payload.LabelCreated, label("l1", car))
	s.forge("{}")
	for query, want := range map[string]int{
		"": 452, "event=label.created": 1, "project=p1": 151, "outcome=refused": 1, "outcome=accepted": 451, "outcome=failed": 0, "q=row-44": 11, "q=mismatch": 1,
		"q=nothing": 0, "event=label.created&outcome=refused": 0, "q=%25": 0,
	} {
		seen, next := map[string]bool{}, ""
		for {
			status, part := s.get("/inbox/rows?" + query + "&before=" + next)
			if status != 200 {
				t.Fatalf("%d %s", status, part)
			}
			for _, row := range strings.Split(part, `data-id="`)[1:] {
				id, _, _ := strings.Cut(row, `"`)
				if seen[id] {
					t.Errorf("%s: %s twice", query, id)
				}
				seen[id] = true
			}
			_, rest, _ := strings.Cut(part, `data-next="`)
			if next, _, _ = strings.Cut(rest, `"`); next == "" {
				break
			}
		}
		if len(seen) != want {
			t.Errorf("%s: %d rows, want %d", query, len(seen), want)
		}
	}
	if status, _ := s.get("/inbox/rows?before=x"); status != 400 {
		t.Errorf("%d", status)
	}
}

func TestReplay(t *testing.T) {
	s := serve(t, nil)
	body := label("l1", car)
	key := s.deliver(payload.LabelCreated, body)
	var got bytes.Buffer
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.Reset()
		got.ReadFrom(r.Body)
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte("<b>no</b>"))
	}))
	defer target.Close()
	path := "/inbox/delivery/" + key + "/replay"
	if status, text := s.post(path, url.Values{"to": {target.URL + "/?code=hidden"}}, nil); status != 200 || got.String() != body || !strings.Contains(text, "418") ||
		!strings.Contains(text, "&lt;b&gt;no") || strings.Contains(text, "hidden") {
		t.Errorf("%d %s, sent %q", status, text, got.String())
	}
	target.Close()
	if _, text := s.post(path, url.Values{"to": {target.URL}}, nil); !strings.Contains(text, "not sent") {
		t.Errorf("nobody listens: %s", text)
	}
	if _, text := s.post(path, url.Values{"to": {""}}, nil); !strings.Contains(text, "write the whole URL") {
		t.Errorf("no URL: %s", text)
	}
	if status, _ := s.post("/inbox/delivery/nothing/replay", url.Values{"to": {target.URL}}, nil); status != 404 {
		t.Errorf("%d", status)
	}
}

// Every label that is in the repository is shown, and all of its objects are in a
// picture or said not to be.
func TestEveryKindOfLabelIsShown(t *testing.T) {
	files, _ := filepath.Glob("../../core/annotation/testdata/annotations/*.json")
	s := serve(t, nil)
	n := 0
	for _, file := range files {
		if strings.HasSuffix(file, ".golden.json") {
			continue
		}
		n++
		content, err := os.ReadFile(file)
		required.NoError(t, err)
		body := fmt.Sprintf(`{"data_row":{"id":%q},"projects":{"p":{"labels":[{"id":"l","annotations":%s}]}}}`, filepath.Base(file), content)
		key := s.deliver(payload.LabelCreated, body)
		if status, text := s.get("/?d=" + key); status != 200 || strings.Contains(text, "cannot be read") {
			t.Errorf("%s: %d", file, status)
		}
	}
	if n < 20 {
		t.Errorf("%d labels", n)
	}
	if status, text := s.get("/inbox/charts"); status != 200 || !strings.Contains(text, "Objects per class") {
		t.Errorf("charts: %d", status)
	}
}

func TestChanges(t *testing.T) {
	s := serve(t, nil)
	before := s.deliver(payload.LabelCreated, label("l1", car))
	after := s.deliver(payload.LabelUpdated, label("l1", strings.Replace(car, `"left":10`, `"left":15`, 1)+","+tree))
	workflow := s.deliver(payload.WorkflowAction, `{"projectId":"p","action":"MOVE","dataRowIds":["r"],"timestamp":"2026-11-23T17:48:01.5Z"}`)
	for _, query := range []string{"a=" + before + "&b=" + after, "a=" + after + "&b=" + before} {
		_, text := s.get("/inbox/changes?" + query)
		for _, want := range []string{"changed object car f1: moved by 5, 0", "added object tree f2: point", `data-mark="changed"`, `data-mark="added"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q", query, want)
			}
		}
	}
	if _, text := s.get("/?d=" + after); !strings.Contains(text, "/inbox/changes?a="+before+"&amp;b="+after) {
		t.Error("the delivery does not lead to what changed")
	}
	for query, want := range map[string]int{"": 404, "a=" + before: 404, "a=" + before + "&b=" + workflow: 400, "a=" + before + "&b=" + before: 200} {
		if status, _ := s.get("/inbox/changes?" + query); status != want {
			t.Errorf("%q: %d, want %d", query, status, want)
		}
	}
}

func TestMasks(t *testing.T) {
	var file bytes.Buffer
	mask := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	mask.Set(0, 0, color.NRGBA{0, 0, 0, 255})
	mask.Set(1, 0, color.NRGBA{255, 255, 255, 255})
	mask.Set(2, 0, color.NRGBA{10, 20, 30, 255})
	required.NoError(t, png.Encode(&file, mask))
	own := `{"feature_id":"f1","name":"sky","color":"#0000ff","mask":{"url":"https://api.labelbox.com/mask"}}`
	composite := `{"feature_id":"f2","name":"sea","color":"#00ff00","composite_mask":{"url":"https://api.labelbox.com/all","color_rgb":[10,20,30]}}`
	var fails error
	s := serve(t, func(o *inspector.Options) {
		o.Mask = func(_ context.Context, address string) ([]byte, error) {
			if address == "https://api.labelbox.com/all" && fails == nil {
				return file.Bytes(), nil
			}
			return file.Bytes(), fails
		}
	})
	key := s.deliver(payload.LabelCreated, label("l1", own+","+composite+","+car))
	if _, text := s.get("/?d=" + key); strings.Contains(text, "/mask/0") || !strings.Contains(text, "masks=1") {
		t.Error("masks are drawn unasked, or cannot be asked for")
	}
	if _, text := s.get("/?d=" + key + "&masks=1"); !strings.Contains(text, "/inbox/delivery/"+key+"/mask/0") {
		t.Error("no mask is drawn")
	}
	for number, want := range map[int][3]color.NRGBA{
		0: {{}, {0, 0, 255, 255}, {0, 0, 255, 255}},
		1: {{}, {}, {0, 255, 0, 255}},
	} {
		status, text := s.get(fmt.Sprintf("/inbox/delivery/%s/mask/%d", key, number))
		drawing, err := png.Decode(strings.NewReader(text))
		if status != 200 || err != nil {
			t.Fatalf("%d %v", status, err)
		}
		for x := range 3 {
			if got := color.NRGBAModel.Convert(drawing.At(x, 0)); got != want[x] {
				t.Errorf("mask %d at %d: %v, want %v", number, x, got, want[x])
			}
		}
	}
	for _, number := range []string{"2", "99", "-1", "x"} {
		if status, _ := s.get("/inbox/delivery/" + key + "/mask/" + number); status != 404 {
			t.Errorf("mask %s: %d", number, status)
		}
	}
	fails = errors.New("its host is not Labelbox's")
	if status, text := s.get("/inbox/delivery/" + key + "/mask/0"); status != 502 || !strings.Contains(text, "not Labelbox") {
		t.Errorf("%d %s", status, text)
	}
	fails = nil
	for name, broken := range map[string][]byte{"no PNG": []byte("<html>"), "cut": file.Bytes()[:40], "huge": hugePNG(t, file.Bytes())} {
		content := file.Bytes()
		file.Reset()
		file.Write(broken)
		if status, _ := s.get("/inbox/delivery/" + key + "/mask/0"); status != 502 {
			t.Errorf("%s: %d", name, status)
		}
		file.Reset()
		file.Write(content)
	}
	bare := serve(t, nil)
	key = bare.deliver(payload.LabelCreated, label("l1", own))
	if status, text := bare.get("/inbox/delivery/" + key + "/mask/0"); status != 503 || !strings.Contains(text, "LABELBOX_API_KEY") {
		t.Errorf("without a key: %d %s", status, text)
	}
}

// hugePNG says in its header that it has far more pixels than it has.
func hugePNG(t *testing.T, small []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	required.NoError(t, png.Encode(&out, wide{}))
	return out.Bytes()
}

// wide is one row of very many equal pixels, which compress to nothing.
type wide struct{}

func (wide) ColorModel() color.Model { return color.GrayModel }
func (wide) Bounds() image.Rectangle { return image.Rect(0, 0, 60_000_000, 1) }
func (wide) At(int, int) color.Color { return color.Gray{} }

func TestNewsEndsWithTheProgramAndHasBounds(t *testing.T) {
	s := serve(t, nil)
	var open []*http.Response
	for range 32 {
		answer, err := http.Get(s.url + "/inbox/live")
		required.NoError(t, err)
		defer answer.Body.Close()
		open = append(open, answer)
	}
	if status, _ := s.get("/inbox/live"); status != 503 {
		t.Errorf("one more page: %d", status)
	}
	s.deliver(payload.LabelCreated, label("l1", car))
	for lines := bufio.NewScanner(open[7].Body); lines.Scan(); {
		if lines.Text() == "event: changed" {
			return // the receiver ends in time although they are open, or the test fails
		}
	}
	t.Error("no news came")
}

func TestCommandsAreOneWordEach(t *testing.T) {
	s := serve(t, func(o *inspector.Options) { o.Forward = "http://127.0.0.1:9000/it's" })
	key := s.deliver(payload.LabelCreated, label("it's", car))
	_, line := s.get("/inbox/delivery/" + key + "/command/curl")
	if !strings.Contains(line, `it'\''s`) || !strings.HasSuffix(line, ` 'http://127.0.0.1:9000/it'\''s'`+"\n") {
		t.Errorf("%s", line)
	}
	key = s.deliver(payload.LabelCreated, label(strings.Repeat("x", 70_000), car))
	if _, line := s.get("/inbox/delivery/" + key + "/command/curl"); !strings.HasPrefix(line, "labelhook events show "+key) || len(line) > 2000 {
		t.Errorf("%.300s", line)
	}
	if status, _ := s.get("/inbox/delivery/" + key + "/command/rm"); status != 404 {
		t.Errorf("%d", status)
	}
}

func TestWhatIsRefusedIsExplained(t *testing.T) {
	s := serve(t, nil)
	id := s.forge(`{"a":1}`)
	status, text := s.get("/?d=" + id)
	if status != 200 || !strings.Contains(text, "no match: signature_mismatch") || !strings.Contains(text, "nobody has proven") || strings.Contains(text, "Send again") {
		t.Errorf("%d %s", status, text)
	}
	if _, body := s.get("/inbox/delivery/" + id + "/payload"); body != `{"a":1}` {
		t.Errorf("%q", body)
	}
	for _, id := range []string{"r99", "nothing", "00000000", "r0"} {
		if status, text := s.get("/?d=" + id); status != 404 || !strings.Contains(text, "Not there") {
			t.Errorf("%s: %d", id, status)
		}
	}
	if server.DefaultPath == "/" {
		t.Error("the page has the path of deliveries")
	}
}

func BenchmarkList(b *testing.B) {
	s := serve(b, nil)
	for i := range 10_000 {
		d := core.Identify(http.Header{}, fmt.Appendf(nil, `{"projectId":"p","action":"MOVE","dataRowIds":["row-%d"],"timestamp":"2026-11-23T17:48:01.5Z"}`, i))
		required.NoError(b, s.box.Handle(b.Context(), d))
	}
	for b.Loop() {
		if status, _ := s.get("/"); status != 200 {
			b.Fatal(status)
		}
	}
}
