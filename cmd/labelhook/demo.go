package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/forgery"
	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/inspector"
	"github.com/labelhook/labelhook/internal/local"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/server"
)

func (t *tool) demoCommand() *cobra.Command {
	var keep, withAPI, asJSON bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Send genuine and forged deliveries to a receiver of its own, and show what becomes of them",
		Long: `Send genuine and forged deliveries to a receiver of its own, and show what
becomes of them.

The receiver listens on a free port of this machine, with a secret made up for
the occasion and an inbox in a temporary folder. It gets the eight payloads that
Labelbox documents, correctly signed; one of them again; and one in every way
that a forger might try. The exit code is 0 only if every verdict is right.

With --with-api the genuine ones come from a stand-in of Labelbox's API, at which
the receiver is registered first and switched off in the end.

It needs no secret, no network and no set-up.`,
		Example: `  labelhook demo
  labelhook demo --with-api
  labelhook demo --keep`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.demo(cmd.Context(), keep, withAPI, asJSON) },
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "leave the receiver running, and say how to talk to it")
	cmd.Flags().BoolVar(&withAPI, "with-api", false, "register the receiver at a stand-in of Labelbox's API, and have that deliver")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each request")
	return cmd
}

// attempt is one request of the demo and what must become of it.
type attempt struct {
	name    string
	sample  samples.Sample
	request sender.Request
	status  int
	code    core.Code // of the refusal; "" for a genuine delivery
	repeats int       // as the inbox must count them
	again   bool      // it is the first one once more
}

// attempts returns all requests of the demo, in their order.
func attempts(key secret.Secret) []attempt {
	var all []attempt
	for _, s := range samples.Documented() {
		all = append(all, attempt{name: "signed", sample: s, request: sender.Signed(s.Body(), s.Header, key), status: 200})
	}
	all[0].repeats = 1
	again := all[0]
	again.name, again.again = "sent again", true
	all = append(all, again)

	forger, _ := secret.New("a guess")
	s := samples.Documented()[1]
	right := sender.Signed(s.Body(), s.Header, key)
	for _, f := range forgery.Usual() {
		if f.Word == "sha256" { // shows no more than truncated does
			continue
		}
		a := attempt{name: f.Word, sample: s, request: sender.Signed(s.Body(), s.Header, key), status: 401, code: f.Code}
		a.request.Header[core.SignatureHeader], a.request.Body = f.Make(right.Body, right.Header.Get(core.SignatureHeader), core.Sign(right.Body, forger))
		all = append(all, a)
	}
	return all
}

func (t *tool) demo(ctx context.Context, keep, withAPI, asJSON bool) (err error) {
	text := rand.Text()
	key, err := secret.New(text)
	if err != nil {
		return err
	}
	secrets, err := secret.Static(key)
	if err != nil {
		return err
	}
	level, err := environment.LogLevel(t.getenv)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "labelhook-demo-")
	if err != nil {
		return failure(err, "set TMPDIR to a folder that can be written to")
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, defaultInbox)
	box, err := inbox.Open(file)
	if err != nil {
		return err
	}
	defer closing(&err, box)
	refused, err := inbox.OpenRefusals(file, defaultRefused)
	if err != nil {
		return err
	}
	defer closing(&err, refused)
	var verbosity slog.LevelVar
	verbosity.Set(math.MaxInt) // the table says it all
	log := t.deliveryLog(&verbosity, asJSON)
	receiver := &core.Receiver{Secrets: secrets, Handler: box, Observe: core.LogTo(log, "inbox")}

	sock, err := local.Listen("127.0.0.1:0", false)
	if err != nil {
		return listenError(err)
	}
	url := "http://" + sock.Addr().String() + defaultPath
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		s := &server.Server{Receiver: receiver, Path: defaultPath, Logger: log}
		if keep {
			s.Refused = func(r *http.Request, body []byte, answer core.Response) {
				refused.Add(inbox.NewRefusal(r, body, answer))
			}
			s.Other = t.pageOf(serving, box, inspector.Options{File: file, URL: url}, nil, func() ([]rawSecret, error) {
				return []rawSecret{{"current", "the secret of the demo", text}}, nil
			})
		}
		served <- s.Serve(serving, sock)
	}()
	defer func() {
		stop()
		if broke := <-served; broke != nil && err == nil {
			err = failure(broke, "")
		}
	}()

	fmt.Fprintf(t.err, "labelhook: a receiver listens on %s, its inbox is empty, its secret is new\n", url)
	client := sender.NewClient(1, sender.Timeout, nil)
	defer client.CloseIdleConnections()
	send := func(ctx context.Context, a attempt) (sender.Result, error) {
		return sender.Do(ctx, client, url, a.request), nil
	}
	var rows []demoRow
	if withAPI {
		rows, err = tryAllWithAPI(ctx, attempts(key), url, text, send, box)
	} else {
		rows, err = tryAll(ctx, attempts(key), send, box)
	}
	if err != nil {
		return err
	}
	if err := t.printDemo(rows, asJSON); err != nil || !keep {
		return err
	}
	secretFile := filepath.Join(folder, "secret")
	if err := os.WriteFile(secretFile, []byte(text+"\n"), 0o600); err != nil {
		return err
	}
	verbosity.Set(level)
	fmt.Fprintf(t.err, `labelhook: it goes on listening; stop with Ctrl-C, which deletes the inbox. In another terminal:
  %s=%s labelhook send label.created --to %s
  labelhook events --inbox %s
The inbox is shown at http://%s/
`, environment.FileVariable, secretFile, url, file, sock.Addr())
	<-ctx.Done()
	return nil
}

// demoRow is one line of the demo's result.
type demoRow struct {
	Request     string          `json:"request"`
	Event       payload.Event   `json:"event"` // as the inbox holds it; "" if it must not
	Version     payload.Version `json:"version"`
	ProjectID   string          `json:"project_id"`
	Subject     string          `json:"subject"`
	Annotations int             `json:"annotations"`
	Status      int             `json:"status"`
	Code        core.Code       `json:"code,omitempty"`
	Verdict     string          `json:"verdict"`
	OK          bool            `json:"ok"`
}

// tryAll makes every attempt and judges it by the answer and by what the inbox
// holds when all are done.
func tryAll(ctx context.Context, all []attempt, send func(context.Context, attempt) (sender.Result, error), box *inbox.Inbox) ([]demoRow, error) {
	var results []sender.Result
	for _, a := range all {
		r, err := send(ctx, a)
		if err != nil {
			return nil, err
		}
		if r.Err != nil {
			return nil, failure(fmt.Errorf("sending to the demo's own receiver: %s", httpclient.Reason(r.Err)), "")
		}
		results = append(results, r)
	}
	kept := make(map[string]inbox.Record)
	for r, err := range box.List(ctx, inbox.Query{}) {
		if err != nil {
			return nil, err
		}
		kept[r.ID] = r
	}
	var rows []demoRow
	for i, a := range all {
		r, stored := kept[results[i].Request.Header.Get(core.IDHeader)]
		rows = append(rows, rowOf(a, results[i], r, stored))
	}
	return rows, nil
}

// rowOf compares what must become of an attempt with what has.
func rowOf(a attempt, result sender.Result, r inbox.Record, stored bool) demoRow {
	var answer struct{ Code core.Code }
	_ = json.Unmarshal(result.Answer, &answer) // an answer that is not JSON has no code
	row := demoRow{Request: a.name, Status: result.Status, Code: answer.Code}
	if stored {
		row.Event, row.Version, row.ProjectID, row.Subject = r.Event, r.Version, r.ProjectID, r.Subject
		row.Annotations, _ = r.Annotations()
	}
	genuine := a.code == ""
	switch {
	case result.Status != a.status || answer.Code != a.code:
		row.Verdict = fmt.Sprintf("WRONG: must be answered %d %s", a.status, a.code)
	case stored != genuine:
		row.Verdict = "WRONG: " + map[bool]string{true: "it is in the inbox", false: "it is not in the inbox"}[stored]
	case !genuine:
		row.Verdict, row.OK = "refused: "+string(a.code), true
	case !bytes.Equal(r.Body, result.Request.Body):
		row.Verdict = "WRONG: the inbox holds other bytes than were sent"
	case r.Event != a.sample.Event || r.Version != a.sample.Version && r.Event.IsLabel():
		row.Verdict = fmt.Sprintf("WRONG: must be %s %s", a.sample.Event, a.sample.Version)
	case r.Repeats != a.repeats:
		row.Verdict = fmt.Sprintf("WRONG: the inbox counts %d repeats, not %d", r.Repeats, a.repeats)
	case a.again:
		row.Verdict, row.OK = "accepted, kept once", true
	default:
		row.Verdict, row.OK = "accepted, kept byte for byte", true
	}
	return row
}

func (t *tool) printDemo(rows []demoRow, asJSON bool) error {
	right := 0
	lines := t.jsonLines()
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	if !asJSON {
		fmt.Fprintln(table, "REQUEST\tEVENT\tVERSION\tPROJECT\tSUBJECT\tANNOTATIONS\tSTATUS\tVERDICT")
	}
	for _, r := range rows {
		if r.OK {
			right++
		}
		if asJSON {
			if err := lines.Encode(r); err != nil {
				return written(err)
			}
			continue
		}
		annotations := "-"
		if r.Event.IsLabel() {
			annotations = fmt.Sprint(r.Annotations)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", r.Request, orDash(string(r.Event)), orDash(string(r.Version)),
			orDash(r.ProjectID), orDash(r.Subject), annotations, r.Status, r.Verdict)
	}
	if err := table.Flush(); err != nil {
		return written(err)
	}
	if right < len(rows) {
		return failure(fmt.Errorf("%d of %d verdicts are wrong", len(rows)-right, len(rows)), "this is a bug in labelhook; please report it with the table")
	}
	fmt.Fprintf(t.err, "labelhook: all %d verdicts are right\n", right)
	return nil
}
