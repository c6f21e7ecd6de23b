package inspector

import (
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// result is what became of a delivery that was sent again.
type result struct {
	To     string // without what may be secret in it
	OK     bool
	Status int
	Time   string
	Answer string
	Error  string
}

// maxAnswer is how much of an answer is shown, in bytes.
const maxAnswer = 4 << 10

func (p *page) replay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	to := strings.TrimSpace(r.PostFormValue("to"))
	d, err := p.record(r, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	view := result{To: printable.URL(to)}
	sent, err := p.Send(r.Context(), d, to)
	switch {
	case err != nil:
		view.Error = err.Error()
	case sent.Err != nil:
		view.Error = httpclient.Reason(sent.Err)
	default:
		answer := sent.Answer
		if len(answer) > maxAnswer {
			answer = append(answer[:maxAnswer:maxAnswer], "…"...)
		}
		view.OK, view.Status, view.Answer = sent.OK(), sent.Status, printable.Lines(string(answer))
		view.Time = fmt.Sprintf("%.1f ms", float64(sent.Latency.Microseconds())/1000)
	}
	p.render(w, r, http.StatusOK, "result", view)
}

// maxInline is how long a payload may be, in bytes, to stand in a command.
const maxInline = 64 << 10

// command answers with a command line that sends the delivery again. It holds the
// signature, so it is made only when it is asked for.
func (p *page) command(w http.ResponseWriter, r *http.Request) {
	d, err := p.record(r, r.PathValue("id"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	to := p.URL
	if p.Forward != "" {
		to = p.Forward
	}
	var line string
	switch r.PathValue("name") {
	case "curl":
		line = p.curl(d, to)
	case "send":
		line = fmt.Sprintf("%s | labelhook send %s --file - --to %s", p.show(d), quote(string(d.Event)), quote(to))
	case "replay":
		line = fmt.Sprintf("labelhook replay --inbox %s --id %s --to %s", quote(p.File), d.Key, quote(to))
	default:
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, line)
}

// show is the command that prints the exact bytes.
func (p *page) show(d inbox.Record) string {
	return fmt.Sprintf("labelhook events show %s --inbox %s --raw", d.Key, quote(p.File))
}

// curl is the delivery as it came. A payload that a command line cannot hold
// comes from the inbox.
func (p *page) curl(d inbox.Record, to string) string {
	var line strings.Builder
	data := "@-"
	switch body := string(d.Body); {
	case len(body) > maxInline, !utf8.ValidString(body), strings.ContainsRune(body, 0), strings.HasPrefix(body, "@"):
		line.WriteString(p.show(d) + " | ")
	default:
		data = quote(body)
	}
	line.WriteString("curl --request POST")
	for _, f := range d.Delivery().Header() {
		line.WriteString(" --header " + quote(f.Name+": "+f.Value))
	}
	if d.ContentType == "" {
		line.WriteString(" --header 'Content-Type:'") // else curl makes one up
	}
	line.WriteString(" --data-binary " + data + " " + quote(to))
	return line.String()
}

// quote makes one word of a POSIX shell of any text.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
