package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/sender"
)

// sendReport is what send and replay print; its names in JSON are stable.
type sendReport struct {
	URL         string         `json:"url"`             // scheme and host
	Event       payload.Event  `json:"event,omitempty"` // if it is one
	Asked       int            `json:"asked"`           // deliveries that were to be sent
	Sent        int            `json:"sent"`            // of these, those that were answered or failed
	OK          int            `json:"ok"`              // of these, those answered 2xx
	Statuses    map[int]int    `json:"statuses"`        // answers by status
	Errors      map[string]int `json:"errors"`          // deliveries without an answer, by reason
	Retries     int            `json:"retries"`         // how many times one was sent again
	Interrupted bool           `json:"interrupted"`
	Seconds     float64        `json:"seconds"`
	PerSecond   float64        `json:"per_second"`
	Latency     milliseconds   `json:"latency_ms"` // of the answered ones

	// Delivery is the only one. Of several, FirstFailure is the first that was
	// not answered 2xx.
	Delivery     *sentDelivery `json:"delivery,omitempty"`
	FirstFailure *sentDelivery `json:"first_failure,omitempty"`

	// Of a replay, the keys of those that were not taken, and of those that are
	// not known to be: not sent, or under way when it was interrupted.
	Failed     []string `json:"failed,omitzero"`
	Unfinished []string `json:"unfinished,omitzero"`

	summary sender.Summary
	again   string         // how to send again what was not taken; "" where nothing keeps it
	lost    int            // under way when it was interrupted
	failed  *sender.Result // the first
	proxy   string         // that sees the requests in the clear, and may answer
	secrets []string       // parts of the URL that an answer might repeat
}

type milliseconds struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// sentDelivery is one delivery and the answer to it.
type sentDelivery struct {
	ID      string `json:"id"`
	IDBytes []byte `json:"id_base64,omitempty"` // if it is not UTF-8, of which ID has U+FFFD
	Status  int    `json:"status"`              // 0 without an answer
	Answer  string `json:"answer"`              // the body, or the beginning of a long one
	Error   string `json:"error"`               // why there is no answer
}

func newSendReport(to string, event payload.Event, asked int) *sendReport {
	r := &sendReport{URL: printable.URL(to), Event: event, Asked: asked}
	if u, err := url.Parse(to); err == nil {
		if u.Scheme == "http" {
			r.proxy = httpclient.Proxy(to)
		}
		password, _ := u.User.Password()
		query, _ := url.QueryUnescape(u.RawQuery)
		r.secrets = []string{u.RequestURI(), u.EscapedPath(), u.Path, u.RawQuery, query, u.User.Username(), password}
		for _, values := range u.Query() {
			r.secrets = append(r.secrets, values...)
		}
	}
	return r
}

// note remembers the results worth showing.
func (r *sendReport) note(result sender.Result) {
	if errors.Is(result.Err, context.Canceled) {
		r.lost++
	}
	if r.Asked == 1 {
		r.Delivery = r.delivery(result)
	}
	if result.OK() || r.failed != nil {
		return
	}
	r.failed = &result
	if r.Asked > 1 {
		r.FirstFailure = r.delivery(result)
	}
}

// delivery describes one result. A receiver that echoes what it gets must not
// make the signature or the URL's key appear here.
func (r *sendReport) delivery(result sender.Result) *sentDelivery {
	d := &sentDelivery{ID: result.Request.Header.Get(core.IDHeader), Status: result.Status}
	d.IDBytes = notUTF8(d.ID)
	if result.Err != nil {
		d.Error = httpclient.Reason(result.Err)
	}
	_, digest, _ := strings.Cut(result.Request.Header.Get(core.SignatureHeader), "=")
	d.Answer = strings.ToValidUTF8(string(result.Answer), "\ufffd")
	for _, secret := range append(r.secrets, digest) {
		if len(secret) > 3 { // shorter ones are no keys, but would tear words apart
			d.Answer = strings.ReplaceAll(d.Answer, secret, "…")
		}
	}
	return d
}

func (r *sendReport) sum(s sender.Summary) {
	r.summary = s
	r.Sent, r.OK, r.Statuses, r.Errors = s.Sent, s.OK, s.Statuses, s.Errors
	r.Retries = s.Retries
	r.Interrupted = s.Interrupted && (s.Sent < r.Asked || r.lost > 0)
	r.Seconds, r.PerSecond = s.Elapsed.Seconds(), s.PerSecond()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.Latency = milliseconds{ms(s.Latency.P50), ms(s.Latency.P90), ms(s.Latency.P99), ms(s.Latency.Max)}
}

func (r *sendReport) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return writeJSON(w, r)
	}
	var text strings.Builder
	switch {
	case r.Asked > 1:
		r.writeSummary(&text)
	case r.Delivery != nil:
		text.WriteString(r.Delivery.line())
		if r.Delivery.Status != 0 {
			fmt.Fprintf(&text, "  %s", rounded(r.summary.Latency.Max))
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(printable.Writer{To: w}, text.String())
	return err
}

func (r *sendReport) writeSummary(w io.Writer) {
	what := "deliveries"
	if r.Event != "" {
		what += " of " + string(r.Event)
	}
	fmt.Fprintf(w, "%d of %d %s sent in %s, %.0f a second: %d answered 2xx, %d not\n",
		r.Sent, r.Asked, what, rounded(r.summary.Elapsed), r.PerSecond, r.OK, r.Sent-r.OK)
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		fmt.Fprintf(w, "%9d  %s\n", r.Statuses[status], statusLine(status))
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Errors)) {
		fmt.Fprintf(w, "%9d  %s\n", r.Errors[reason], noAnswer(reason))
	}
	if l := r.summary.Latency; l.Max > 0 {
		fmt.Fprintf(w, "  latency  p50 %s  p90 %s  p99 %s  max %s\n", rounded(l.P50), rounded(l.P90), rounded(l.P99), rounded(l.Max))
	}
	if r.FirstFailure != nil {
		fmt.Fprintf(w, "first not 2xx: %s\n", r.FirstFailure.line())
	}
}

// line says in one line what became of the delivery.
func (d *sentDelivery) line() string {
	if d.Error != "" {
		return noAnswer(d.Error)
	}
	return strings.TrimRight(statusLine(d.Status)+"  "+short(d.Answer), " ")
}

// noAnswer says that there is no answer, and why.
func noAnswer(reason string) string {
	if reason == httpclient.NoAnswerInTime {
		return reason
	}
	return "no answer: " + printable.Text(reason)
}

// err says what went wrong and what to do about it.
func (r *sendReport) err() error {
	switch {
	case r.Interrupted && r.lost > 0:
		return failure(fmt.Errorf("interrupted after %d of %d deliveries; of these, %d were under way and not answered", r.Sent, r.Asked, r.lost), r.again)
	case r.Interrupted:
		return failure(fmt.Errorf("interrupted after %d of %d deliveries", r.Sent, r.Asked), r.again)
	case r.OK == r.Asked:
		return nil
	case r.Asked > 1:
		return failure(fmt.Errorf("%d of %d deliveries were not answered 2xx", r.Sent-r.OK, r.Sent), both(r.hint(), r.again))
	}
	return failure(fmt.Errorf("%s did not take the delivery: %s", r.URL,
		cmp.Or(r.Delivery.Error, statusLine(r.Delivery.Status))), r.hint())
}

// hint is that of the first failure, and of a proxy that may have answered
// itself: with TLS it could not.
func (r *sendReport) hint() string {
	if r.failed.Err != nil || r.proxy == "" {
		return sendHint(*r.failed)
	}
	return both(sendHint(*r.failed), "the answer may be that of the proxy "+r.proxy)
}

// both joins two hints, of which either may be empty.
func both(one, other string) string { return strings.Trim(one+"; "+other, "; ") }

// sendHint says what to do about a delivery that was not taken.
func sendHint(result sender.Result) string {
	switch status := result.Status; {
	case wayHint(result.Err) != "":
		return wayHint(result.Err)
	case errors.Is(result.Err, syscall.ECONNREFUSED):
		return "nothing listens there; start the receiver, such as labelhook listen"
	case status == http.StatusUnauthorized:
		return "the receiver has another secret than " + environment.SecretVariable + " or " + environment.FileVariable + " here; labelhook check explains more"
	case status >= 300 && status <= 399:
		return "redirects are not followed, by Labelbox neither; send to where it leads"
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return "is the path right? labelhook listen receives at " + defaultPath
	case status == http.StatusServiceUnavailable:
		return "the receiver cannot take deliveries now; its log says why"
	}
	return ""
}

func statusLine(status int) string {
	return strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))
}

// short makes an answer one line that fits on a screen.
func short(answer string) string {
	const most = 200 // characters
	line := []rune(oneLine(answer))
	if len(line) > most {
		return string(line[:most]) + "…"
	}
	return string(line)
}

// rounded is a duration with about three digits.
func rounded(d time.Duration) time.Duration {
	step := time.Microsecond
	for d >= 1000*step {
		step *= 10
	}
	return d.Round(step)
}
