package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
)

// checkTimeout is how long one request of a check may take, a cold start included.
const checkTimeout = 10 * time.Second

func (t *tool) checkCommand() *cobra.Command {
	var way network
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Say whether a deployed receiver is alive and refuses forgeries",
		Long: `Check sends a deployed receiver what it must refuse (unsigned, forged, cut and
altered deliveries) and what it must accept (a signed one), each once with a
Content-Length and once in chunks, and compares the answers with those that
labelhook gives. A receiver of another make that refuses in other words fails
the rows in question; the notes say what was different.

The signed deliveries are the built-in event "unknown" with a labelhook_check
member that calls itself a test. THEY REACH THE RECEIVER'S DESTINATIONS, and so
does a forgery that the receiver wrongly accepts.

The secret comes from ` + environment.SecretVariable + ` or ` + environment.FileVariable + `.
Without one the rows that need a right signature are skipped; the others still
show whether the receiver fails closed.

A row is a warning, not a failure, when a delivery is answered as it should with
a Content-Length and turned away in chunks: something in front of the receiver
drops chunked bodies.

The exit code is 0 when no row failed, 1 when one did.`,
		Example: "  LABELBOX_WEBHOOK_SECRET_FILE=secret.txt labelhook check https://example.com/webhook-endpoint\n" +
			"  labelhook check --json \"$URL\" | jq '.checks[] | select(.ok | not)'",
		Args: oneArg("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.check(cmd.Context(), args[0], way, asJSON)
		},
	}
	way.addTimeout(cmd.Flags(), checkTimeout)
	way.addCAFile(cmd.Flags(), "the receiver")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the checks as JSON")
	return cmd
}

func (t *tool) check(ctx context.Context, target string, way network, asJSON bool) error {
	if err := checkTarget(target); err != nil {
		return err
	}
	roots, err := way.check()
	if err != nil {
		return err
	}
	key, err := t.checkSecret(ctx)
	if err != nil {
		return err
	}
	onRow := func(checkRow) {}
	if !asJSON {
		printCheckHead(t.shown(), target)
		onRow = func(row checkRow) { row.print(t.shown()) }
	}
	report, err := inspect(ctx, target, key, sender.NewClient(1, way.timeout, roots), onRow)
	if err != nil {
		return err
	}
	if asJSON {
		if err := writeJSON(t.out, report); err != nil {
			return err
		}
	} else {
		report.printNotes(t.shown())
	}
	if !report.OK {
		return errSilent
	}
	return nil
}

// inspect sends all checks to the target; secret is nil where there is none to
// sign with. onRow is called for each as it is judged.
func inspect(ctx context.Context, target string, key *secret.Secret, client *http.Client, onRow func(checkRow)) (checkReport, error) {
	id := sender.NewID()
	report := checkReport{URL: printable.URL(target), DeliveryID: id, OK: true}
	defer client.CloseIdleConnections()
	var unreachable bool
	for _, c := range checksOf(id, key) {
		row := c.row()
		switch {
		case c.skip != "":
			row.skip(c.skip)
		case unreachable:
			row.skip("not sent, as the first request got no answer")
		default:
			result := sender.Do(ctx, client, target, c.request)
			if ctx.Err() != nil {
				return report, failure(errInterrupted, "")
			}
			row.judge(c, readAnswer(target, result), report.Checks)
			unreachable = result.Err != nil && len(report.Checks) == 0
		}
		report.add(row)
		onRow(row)
	}
	return report, nil
}

// checkTarget refuses what is not an HTTP URL. Its errors do not repeat it: the
// query may hold a function key.
func checkTarget(target string) error {
	u, err := url.Parse(target)
	switch {
	case err != nil, u.Host == "" && u.Scheme == "":
		return usage(errors.New("the argument is not a URL"), "write the whole URL, such as https://example.com/webhook-endpoint")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return usage(errors.New("the URL does not begin with https:// or http:// and a host"), "write the whole URL, such as https://example.com/webhook-endpoint")
	}
	return nil
}

// checkSecret returns the current secret of the environment, nil if there is
// none.
func (t *tool) checkSecret(ctx context.Context) (*secret.Secret, error) {
	source, err := environment.Secrets(t.getenv, nil)
	if errors.Is(err, environment.ErrNoSecretVariable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	secrets, err := source.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	return &secrets[0], nil
}

// check is one request and the answer it must get.
type check struct {
	name    string
	request sender.Request
	status  int
	code    core.Code // of the problem, or the status member of a 200
	genuine bool      // to be accepted; anything else must not be
	skip    string    // why it cannot be sent
}

// checksOf returns the checks in the order in which they are sent: first what
// tells whether anybody is there, and each chunked one right after its twin.
func checksOf(id string, key *secret.Secret) []check {
	sample, ok := samples.Find(payload.Unknown, payload.NoVersion)
	if !ok {
		panic("no sample of the event unknown")
	}
	body := markAsTest(sample.Body(), id)
	strange, err := secret.New(rand.Text())
	if err != nil {
		panic(err) // random text is neither empty nor has it white space
	}
	ours, noSecret := strange, "needs the receiver's secret: set "+environment.SecretVariable
	if key != nil {
		ours, noSecret = *key, ""
	}
	post := func(signature string, body []byte) sender.Request {
		r := sender.Signed(body, sample.Header, strange)
		r.Header.Set(core.IDHeader, id)
		r.Header.Set(core.SignatureHeader, signature)
		if signature == "" {
			r.Header.Del(core.SignatureHeader)
		}
		return r
	}
	signature := core.Sign(body, ours)
	altered := bytes.Replace(body, []byte("test"), []byte("tEST"), 1)
	checks := []check{{name: "get", request: sender.Request{Method: http.MethodGet, Header: http.Header{"User-Agent": {"labelhook"}}}, status: 405, code: core.CodeMethodNotAllowed}}
	for _, c := range []check{
		{name: "unsigned", request: post("", body), status: 401, code: core.CodeSignatureMissing},
		{name: "forged", request: post(core.Sign(body, strange), body), status: 401, code: core.CodeSignatureMismatch},
		{name: "truncated", request: post(signature[:len(signature)/2], body), status: 401, code: core.CodeSignatureMalformed},
		{name: "sha256", request: post("sha256="+strings.Repeat("0f", 32), body), status: 401, code: core.CodeSignatureMalformed},
		{name: "altered", request: post(signature, altered), status: 401, code: core.CodeSignatureMismatch, skip: noSecret},
		{name: "signed", request: post(signature, body), status: 200, code: "accepted", genuine: true, skip: noSecret},
	} {
		chunked := c
		chunked.request.Chunked = true
		checks = append(checks, c, chunked)
	}
	return checks
}

// markAsTest adds a member to the JSON object that says where it came from.
func markAsTest(object []byte, id string) []byte {
	return slices.Concat([]byte(`{"labelhook_check":"test delivery `+id+`, to be ignored",`), object[len("{"):])
}

// The levels of a row.
const (
	levelOK      = "ok"
	levelWarning = "warning"
	levelFail    = "fail"
	levelSkipped = "skipped"
)

// checkReport is what check prints; its names in JSON are stable.
type checkReport struct {
	URL        string     `json:"url"` // scheme and host
	DeliveryID string     `json:"delivery_id"`
	OK         bool       `json:"ok"` // no check failed
	Checks     []checkRow `json:"checks"`
}

type checkRow struct {
	Name     string    `json:"name"`
	Framing  string    `json:"framing"`  // none, content-length, chunked
	Expected string    `json:"expected"` // status and code
	Status   int       `json:"status"`   // seen; 0 without an answer
	Code     core.Code `json:"code"`     // seen
	OK       bool      `json:"ok"`       // seen as expected
	Level    string    `json:"level"`    // ok, warning, fail, skipped
	Note     string    `json:"note"`     // what is wrong, and what to do
}

func (c check) row() checkRow {
	framing := "content-length"
	switch {
	case c.request.Method == http.MethodGet:
		framing = "none"
	case c.request.Chunked:
		framing = "chunked"
	}
	return checkRow{Name: c.name, Framing: framing, Expected: fmt.Sprint(c.status, " ", c.code)}
}

func (r *checkRow) skip(why string) { r.Level, r.Note = levelSkipped, why }

// judge compares the answer with the one expected. before are the rows judged
// so far.
func (r *checkRow) judge(c check, a seenAnswer, before []checkRow) {
	r.Status, r.Code = a.status, a.code
	twin := slices.ContainsFunc(before, func(b checkRow) bool { return b.Name == r.Name && b.OK })
	switch {
	case a.status == c.status && (a.code == c.code || c.genuine && a.code == "ignored"):
		r.OK, r.Level = true, levelOK
		if a.code == "ignored" {
			r.Note = "verified, but the receiver's filter (LABELHOOK_EVENTS) or handlers ignore the event"
		}
	case c.request.Chunked && twin && a.dropsChunks():
		r.Level, r.Note = levelWarning, "the same delivery with a Content-Length is answered as it should: a proxy or platform in front drops or refuses chunked bodies, "+
			"and a sender that sends chunks would lose its deliveries (on Azure turn on the proxying of HTTP requests; elsewhere let the proxy buffer requests)"
	default:
		r.Level, r.Note = levelFail, diagnose(c, a)
	}
}

func (r *checkReport) add(row checkRow) {
	r.Checks = append(r.Checks, row)
	if row.Level == levelFail {
		r.OK = false
	}
}

const checkColumns = "%-8s %-10s %-15s %-25s %s\n"

func printCheckHead(w io.Writer, target string) {
	fmt.Fprintf(w, "%s\n\n", printable.URL(target))
	fmt.Fprintf(w, checkColumns, "VERDICT", "CHECK", "FRAMING", "EXPECTED", "SEEN")
}

func (r checkRow) print(w io.Writer) {
	seen := "no answer"
	switch {
	case r.Level == levelSkipped:
		seen = "-"
	case r.Status != 0:
		seen = strings.TrimSpace(fmt.Sprint(r.Status, " ", r.Code))
	}
	fmt.Fprintf(w, checkColumns, levelInTable(r.Level), r.Name, r.Framing, r.Expected, seen)
}

// levelInTable makes the failures stand out.
func levelInTable(level string) string {
	if level == levelFail {
		return "FAIL"
	}
	return level
}

// printNotes prints each note once, with the checks that it belongs to, and
// the sum of it all.
func (r *checkReport) printNotes(w io.Writer) {
	var notes []string
	about, counts := map[string][]string{}, map[string]int{}
	for _, row := range r.Checks {
		counts[row.Level]++
		if row.Note == "" {
			continue
		}
		name := row.Name
		if row.Framing == "chunked" {
			name += " (chunked)"
		}
		key := levelInTable(row.Level) + ": " + row.Note
		if about[key] == nil {
			notes = append(notes, key)
		}
		about[key] = append(about[key], name)
	}
	fmt.Fprintln(w)
	for _, note := range notes {
		fmt.Fprintf(w, "%s\n    %s\n", strings.Join(about[note], ", "), note)
	}
	if len(notes) > 0 {
		fmt.Fprintln(w)
	}
	var sums []string
	for _, level := range []string{levelOK, levelWarning, levelFail, levelSkipped} {
		if n := counts[level]; n > 0 {
			sums = append(sums, fmt.Sprint(n, " ", levelInTable(level)))
		}
	}
	fmt.Fprintf(w, "%d checks: %s\n", len(r.Checks), strings.Join(sums, ", "))
	if slices.ContainsFunc(r.Checks, func(row checkRow) bool { return row.Name == "signed" && row.OK }) {
		fmt.Fprintf(w, "the signed test delivery is event unknown, id %s; look for it at the destination\n", r.DeliveryID)
	}
}
