package inspector_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/test/required"
)

// browser is a real one, with one page open.
type browser struct {
	*testing.T
	ctx context.Context

	mu       sync.Mutex
	troubles []string // what a page has complained about
}

// startBrowser starts Chromium. The test fails if a page has an error of script or
// of its policy.
func startBrowser(t *testing.T, width, height int64) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if mac := "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; program == "" {
		if _, err := os.Stat(mac); err == nil {
			program = mac
		}
	}
	if program == "" {
		required.Missing(t, "chromium", "Debian: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WSURLReadTimeout(time.Minute), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{T: t, ctx: ctx}
	required.NoError(t, chromedp.Listen(ctx, func(event any) {
		trouble := ""
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			trouble = e.ExceptionDetails.Text
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				trouble = e.Entry.Text + " " + e.Entry.URL
			}
		}
		if trouble != "" {
			b.mu.Lock()
			b.troubles = append(b.troubles, trouble)
			b.mu.Unlock()
		}
	}))
	b.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		_, err := chromedp.Call(b.ctx, enable, cdp.Empty{})
		required.NoError(t, err)
	}
	b.run(chromedp.EmulateViewport(width, height))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, trouble := range b.troubles {
			t.Errorf("the page complains: %s", trouble)
		}
	})
	return b
}

func (b *browser) run(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// value is that of an expression of JavaScript.
func value[T any](b *browser, expression string) T {
	b.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%s: %v", expression, err)
	}
	return v
}

// script runs statements of JavaScript.
func script(statements string) chromedp.Action[chromedp.Void] {
	return chromedp.Evaluate[chromedp.Void](statements)
}

// until waits for an expression to be true, also of the page that is on its way.
func (b *browser) until(expression string) {
	b.Helper()
	err := chromedp.Do(b.ctx, chromedp.Poll[chromedp.Void](expression))
	for err != nil && strings.Contains(err.Error(), "context") && b.ctx.Err() == nil {
		err = chromedp.Do(b.ctx, chromedp.Poll[chromedp.Void](expression))
	}
	if err != nil {
		b.Fatalf("never true: %s (%v), at %s:\n%.3000s", expression, err, value[string](b, "location.href"), value[string](b, "document.body.innerText"))
	}
}

func (b *browser) open(address string) {
	b.Helper()
	b.run(chromedp.Navigate(address))
}

// picture keeps what the page looks like among the artefacts of the test.
func (b *browser) picture(name string) {
	b.Helper()
	image, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	required.NoError(b, err)
	if err := os.WriteFile(filepath.Join(b.ArtifactDir(), name+".png"), image, 0o600); err != nil {
		b.Fatal(err)
	}
}

const rowsShown = `document.querySelectorAll(".chunk .row[data-id]").length`

func TestThePageInABrowser(t *testing.T) {
	s := serve(t, nil)
	b := startBrowser(t, 1300, 900)
	b.open(s.url)
	b.until(`document.getElementById("live").textContent === "live"`)
	b.run(script("window.stays = true"))

	// What comes appears by itself, and what is refused, too.
	first := s.deliver(payload.LabelCreated, label("l1", car+","+tree))
	b.until(rowsShown + " === 1")
	refused := s.forge("{}")
	b.until(rowsShown + ` === 2 && document.querySelector(".row.refused") !== null`)
	s.deliver(payload.LabelCreated, label("l1", car+","+tree)) // a repeat
	b.until(`document.querySelector("[data-id='` + first + `']").textContent.includes("×1 again")`)
	second := s.deliver(payload.LabelUpdated, label("l1", strings.Replace(car, `"left":10`, `"left":15`, 1)))
	b.until(rowsShown + " === 3")

	// A click opens it, and the address says so.
	b.run(chromedp.Click(`[data-id="` + first + `"] a`))
	b.until(`document.querySelector(".picture rect[data-object='0']") !== null`)
	if at := value[string](b, "location.search"); at != "?d="+first {
		t.Errorf("the address is %s", at)
	}
	if got := value[string](b, `["x","y","width","height"].map(n => document.querySelector(".picture rect[data-object='0']").getAttribute(n)).join(" ")`); got != "10 20 30 40" {
		t.Errorf("the box is drawn at %s", got)
	}
	if got := value[string](b, `document.querySelector(".picture svg").getAttribute("viewBox")`); got != "0 0 640 480" {
		t.Errorf("the picture is of %s", got)
	}
	if got := value[string](b, `document.querySelector(".picture rect[data-object='0']").getAttribute("stroke")`); got != "#ff0000" {
		t.Errorf("the box is %s", got)
	}
	b.picture("desktop-light")

	// Shapes and rows show each other; classes can be hidden.
	b.run(chromedp.Focus(`tr[data-object="0"]`))
	b.until(`document.querySelector(".picture rect[data-object='0']").classList.contains("lit")`)
	b.run(chromedp.Click(`[data-toggles="car"]`))
	b.until(`document.querySelector(".picture rect[data-object='0']").getAttribute("display") === "none" && document.querySelector("tr[data-object='0']").hidden
		&& document.querySelector(".picture circle[data-object='1']").getAttribute("display") === null`)
	b.run(chromedp.Click(`[data-toggles="car"]`))
	b.until(`document.querySelector(".picture rect[data-object='0']").getAttribute("display") === null`)

	// Zoom, by button and by key.
	b.run(chromedp.Click(`[data-zoom="in"]`))
	b.until(`document.querySelector(".picture svg").viewBox.baseVal.width < 640`)
	b.run(chromedp.Focus(".picture"), chromedp.KeyEvent("0"))
	b.until(`document.querySelector(".picture svg").viewBox.baseVal.width === 640`)

	// The keyboard alone.
	b.run(chromedp.Focus(`[data-id="`+first+`"] a`), chromedp.KeyEvent(kb.ArrowUp))
	b.until(`document.querySelector("article")?.dataset.id === "` + refused + `"`)
	if !value[bool](b, `document.querySelector("article").textContent.includes("no match: signature_mismatch")`) {
		t.Error("the refused request is not explained")
	}
	b.run(chromedp.KeyEvent(kb.ArrowUp))
	b.until(`document.querySelector("article")?.dataset.id === "` + second + `"`)
	b.run(chromedp.KeyEvent(kb.Enter))
	b.until(`document.activeElement.id === "detail"`)
	b.run(chromedp.KeyEvent("/"))
	b.until(`document.activeElement.name === "q"`)

	// The filter narrows the list, and is in the address.
	b.run(script(`document.activeElement.value = ""`), chromedp.SendKeys(`[name="q"]`, "mismatch")) // the key that went there is a driver's, not a person's
	b.until(rowsShown + ` === 1 && location.search.includes("q=mismatch")`)
	b.run(script(`document.querySelector("[name=q]").value = ""; document.querySelector("[name=event]").value = "label.updated"`),
		script(`document.querySelector("[name=event]").dispatchEvent(new Event("change", {bubbles: true}))`))
	b.until(rowsShown + ` === 1 && location.search.includes("event=label.updated")`)
	s.deliver(payload.LabelCreated, label("l2", car)) // which is not in this list
	s.deliver(payload.LabelUpdated, label("l2", car))
	b.until(rowsShown + " === 2")
	if !value[bool](b, "window.stays === true") {
		t.Error("the page was loaded again")
	}

	// Who opens the same address sees the same.
	address := value[string](b, "location.href")
	b.open("about:blank")
	b.open(address)
	b.until(rowsShown + ` === 2 && document.querySelector("article")?.dataset.id === "` + second + `"`)

	// Sending again, with r.
	var mu sync.Mutex
	var got []string
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get(core.SignatureHeader))
		fmt.Fprint(w, "thanks")
	}))
	defer target.Close()
	b.run(chromedp.Focus("#detail"), chromedp.KeyEvent("r"))
	b.until(`document.activeElement.name === "to"`)
	b.run(script(`document.activeElement.value = "`+target.URL+`/hook"`), chromedp.KeyEvent(kb.Enter))
	b.until(`document.querySelector(".result").textContent.includes("200") && document.querySelector(".result").textContent.includes("thanks")`)
	mu.Lock()
	if len(got) != 1 || !strings.HasPrefix(got[0], "sha1=") {
		t.Errorf("%d deliveries were sent", len(got))
	}
	mu.Unlock()

	// What changed, in words and in the picture.
	b.run(chromedp.Click(`a[href*="/inbox/changes"]`))
	b.until(`document.querySelector(".words")?.textContent.includes("moved by 5, 0") && document.querySelector(".picture [data-mark=changed]") !== null
		&& document.querySelector(".picture [data-mark=removed]") !== null`)
	b.picture("changes")
}

// The frames of a video are turned without a reload, and hidden classes stay hidden.
func TestFramesInABrowser(t *testing.T) {
	s := serve(t, nil)
	var frames []string
	for n := 1; n <= 40; n++ {
		frames = append(frames, fmt.Sprintf(`"%d":{"objects":{"f1":{"feature_id":"f1","name":"car","bounding_box":{"top":%d,"left":2,"height":3,"width":4}}}}`, n, n))
	}
	key := s.deliver(payload.LabelCreated, `{"data_row":{"id":"v"},"media_attributes":{"width":100,"height":100,"frame_count":40},
		"projects":{"p":{"labels":[{"id":"l","label_kind":"Video","annotations":{"frames":{`+strings.Join(frames, ",")+`}}}]}}}`)
	b := startBrowser(t, 1300, 900)
	b.open(s.url + "/?d=" + key)
	b.until(`document.querySelector(".picture rect[data-object]")?.getAttribute("y") === "1"`)
	b.run(chromedp.Click(`[data-toggles="car"]`), chromedp.Click(`a[rel="next"]`))
	b.until(`document.querySelector(".picture rect[data-object]").getAttribute("y") === "2" && document.querySelector(".picture rect[data-object]").getAttribute("display") === "none"`)
	b.run(chromedp.Focus(".frames input"), chromedp.KeyEvent(kb.End))
	b.until(`document.querySelector(".picture rect[data-object]").getAttribute("y") === "40" && location.search.includes("scene=39")`)
	if !value[bool](b, `document.activeElement.type === "range" && document.querySelector(".frames label").textContent.includes("Frame 40")`) {
		t.Error("the slider was lost, or does not say its frame")
	}
	b.open(s.url + "/?d=" + key + "&scene=7")
	b.until(`document.querySelector(".picture rect[data-object]")?.getAttribute("y") === "8"`)
}

// Markup and script in a payload stay text in a real browser, too.
func TestHostileTextInABrowser(t *testing.T) {
	s := serve(t, nil)
	text := strings.ReplaceAll(`</title><script>window.hurt=1</script><img src=x onerror="window.hurt=2"><svg onload="window.hurt=3">`, `"`, `\"`)
	key := s.deliver(payload.LabelCreated, label("l1", strings.ReplaceAll(`{"feature_id":"X","name":"X","color":"red\" onload=\"hurt=1","bounding_box":{"top":1,"left":2,"height":3,"width":4},
		"classifications":[{"name":"X","text_answer":{"content":"X"}}]}`, "X", text)))
	refused := s.forge(text)
	b := startBrowser(t, 1300, 900)
	b.open(s.url + "/?q=" + "%3Cscript%3Ewindow.hurt=1%3C/script%3E")
	for _, id := range []string{key, refused} {
		b.open(s.url + "/?d=" + id)
		b.until(`document.querySelector("article h2") !== null`)
		b.run(script(`document.querySelectorAll("[data-toggles]").forEach(box => box.click())`))
		if value[bool](b, `window.hurt !== undefined || document.querySelector("article img, article script") !== null`) {
			t.Errorf("%s: what the payload says has become markup", id)
		}
	}
	b.open(s.url + "/?d=" + key)
	b.until(`document.querySelector(".picture rect[data-object='0']")?.getAttribute("display") === null`)
	b.run(script(`document.querySelector("[data-toggles]").click()`))
	b.until(`document.querySelector(".picture rect[data-object='0']").getAttribute("display") === "none"`)
}

// Nobody is kept out: axe-core finds nothing serious, on a desk and on a phone, in
// light and dark. A phone scrolls in one direction only.
func TestAccessibility(t *testing.T) {
	axe, err := os.ReadFile("../../.tools/axe/node_modules/axe-core/axe.min.js")
	if err != nil {
		required.Missing(t, "axe-core", "make test installs it by npm (Debian: apt-get install npm)")
	}
	s := serve(t, nil)
	key := s.deliver(payload.LabelCreated, label("l1", car+","+tree))
	other := s.deliver(payload.LabelUpdated, label("l1", car))
	s.deliver(payload.WorkflowAction, `{"projectId":"p","action":"MOVE","dataRowIds":["r"],"timestamp":"2026-11-23T17:48:01.5Z"}`)
	refused := s.forge("{}")
	for _, screen := range []struct {
		name          string
		width, height int64
		scheme        string
	}{{"desktop-light", 1300, 900, "light"}, {"desktop-dark", 1300, 900, "dark"}, {"phone-light", 360, 740, "light"}, {"phone-dark", 360, 740, "dark"}} {
		t.Run(screen.name, func(t *testing.T) {
			b := startBrowser(t, screen.width, screen.height)
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: screen.scheme}}})
			required.NoError(t, err)
			for name, path := range map[string]string{
				"list": "/", "delivery": "/?d=" + key, "refused": "/?d=" + refused, "charts": "/inbox/charts", "changes": "/inbox/changes?a=" + key + "&b=" + other, "gone": "/?d=nothing",
			} {
				b.open(s.url + path)
				b.until(`document.readyState === "complete"`)
				b.picture(screen.name + "-" + name)
				if wide := value[int](b, "document.documentElement.scrollWidth"); wide > int(screen.width) {
					t.Errorf("%s is %d wide", name, wide)
				}
				b.run(script(string(axe) + "; true"))
				found := value[string](b, `axe.run({resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations
					.filter(v => v.impact === "serious" || v.impact === "critical").map(v => v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200)).join(" | "))))`)
				var problems []string
				required.NoError(t, json.Unmarshal([]byte(found), &problems))
				for _, problem := range problems {
					t.Errorf("%s: %s", name, problem)
				}
			}
			b.mu.Lock()
			b.troubles = nil // the page that is not there is answered 404
			b.mu.Unlock()
		})
	}
}

// Ten thousand deliveries: the first part is there at once, and scrolling brings the
// others without long pauses.
func TestTenThousandRows(t *testing.T) {
	s := serve(t, nil)
	for i := range 10_000 {
		d := core.Identify(http.Header{}, fmt.Appendf(nil, `{"projectId":"p","action":"MOVE","dataRowIds":["row-%d"],"timestamp":"2026-11-23T17:48:01.5Z"}`, i))
		required.NoError(t, s.box.Handle(t.Context(), d))
	}
	b := startBrowser(t, 1300, 900)
	b.open(s.url)
	b.until(rowsShown + " >= 100")
	b.until(`performance.getEntriesByName("first-contentful-paint").length > 0`)
	paint := value[float64](b, `performance.getEntriesByName("first-contentful-paint")[0].startTime`)
	b.run(script(`window.long = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) window.long = Math.max(window.long, e.duration); }).observe({type: "longtask"}); true`))
	b.run(script(`window.scrolling = setInterval(() => { const l = document.getElementById("list"); l.scrollTop += 4000; }, 50); true`))
	b.until(rowsShown + " === 10000")
	b.run(script("clearInterval(window.scrolling)"))
	ids := value[int](b, `new Set([...document.querySelectorAll(".chunk .row[data-id]")].map(r => r.dataset.id)).size`)
	if ids != 10_000 {
		t.Errorf("%d different rows", ids)
	}
	t.Logf("first paint after %.0f ms; the longest task while 10,000 rows were scrolled through took %.0f ms", paint, value[float64](b, "window.long"))
}
