package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/explain"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

// How many refused requests listen keeps, unless told otherwise, and at most.
const (
	defaultRefused = 100
	maxRefused     = 100_000
)

// refusedView is a refused request in JSON, as users' programs rely on it.
type refusedView struct {
	ID       string            `json:"id"`
	Received time.Time         `json:"received"`
	Status   int               `json:"status"`
	Code     core.Code         `json:"code"`
	Method   string            `json:"method"`
	Bytes    int64             `json:"bytes"`
	Headers  map[string]string `json:"headers"` // without the signature
}

func viewOfRefused(r inbox.Refusal) refusedView {
	v := refusedView{ID: r.ID(), Received: r.Received, Status: r.Status, Code: r.Code, Method: r.Method, Bytes: r.Size, Headers: map[string]string{}}
	for _, f := range shownHeaders(r) {
		if before, twice := v.Headers[f.Name]; twice {
			f.Value = before + ", " + f.Value
		}
		v.Headers[f.Name] = f.Value
	}
	return v
}

// shownHeaders are the headers without signatures: what is shown gets pasted.
func shownHeaders(r inbox.Refusal) []core.HeaderField {
	return slices.DeleteFunc(slices.Clone(r.Headers), func(f core.HeaderField) bool {
		return strings.HasPrefix(strings.ToLower(f.Name), strings.ToLower(core.SignatureHeader))
	})
}

// listRefused prints the refused requests of an inbox, the last to arrive last.
func (t *tool) listRefused(ctx context.Context, s selection, asJSON bool) error {
	if s.event != "" || s.status != "" || s.since != "" || s.project != "" {
		return usage(errors.New("--refused excludes --event, --project, --status and --since"), "nothing that a refused request says is proven, so it has none of them")
	}
	reader, err := s.open()
	if err != nil {
		return err
	}
	defer reader.Close()
	list, err := reader.Refusals(ctx, inbox.RefusedQuery{Limit: s.limit})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if asJSON {
		lines := jsonLinesTo(t.out)
		for _, r := range list {
			if err := lines.Encode(viewOfRefused(r)); err != nil {
				return written(err)
			}
		}
		return nil
	}
	table := t.table(columnsOf("RECEIVED", "STATUS", "CODE", "METHOD", "BYTES", "ID")...)
	for _, r := range list {
		if err := table.row(r.Received.Local().Format(time.DateTime), strconv.Itoa(r.Status), orDash(string(r.Code)), orDash(r.Method),
			strconv.FormatInt(r.Size, 10), r.ID()); err != nil {
			return written(err)
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(t.err, "labelhook: no refused request is kept; listen --keep-refused says how many are")
	}
	return written(table.flush())
}

// showRefused prints one refused request.
func (t *tool) showRefused(r inbox.Refusal, raw, asJSON bool) error {
	switch {
	case raw:
		_, err := t.out.Write(r.Body)
		return err
	case asJSON:
		v := struct {
			refusedView
			Body []byte `json:"body_base64"`
		}{viewOfRefused(r), r.Body}
		return t.printDocument(v, jsontext.WithIndent("  "))
	}
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	printRows(table, [][2]string{
		{"id", r.ID()}, {"received", moment(r.Received)}, {"refused", fmt.Sprintf("%d %s", r.Status, r.Code)}, {"method", r.Method}, {"bytes", fmt.Sprint(r.Size)},
	})
	for _, f := range shownHeaders(r) {
		fmt.Fprintf(table, "%s\t%s\n", printable.Text(f.Name), orDash(f.Value))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\nNothing in it is proven. To see why it was refused: labelhook verify --id %s\n--raw prints its body.\n", r.ID())
	return nil
}

// oneRefusal reads the refused request with this id.
func oneRefusal(ctx context.Context, reader *inbox.Reader, number int64) (inbox.Refusal, error) {
	r, err := reader.Refusal(ctx, number)
	if errors.Is(err, inbox.ErrNotFound) {
		return r, failure(err, "labelhook events --refused lists them")
	}
	return r, err
}

// explainRefusal says why a request was refused, as verify prints it.
func explainRefusal(ctx context.Context, w io.Writer, r inbox.Refusal, secrets []rawSecret) (verdict, error) {
	signature := r.Signature()
	if !slices.Contains([]core.Code{core.CodeSignatureMissing, core.CodeSignatureMalformed, core.CodeSignatureMismatch}, r.Code) || signature == "" || len(r.Body) == 0 {
		v := verdict{Refusal: r.Code, Reason: whyRefused(r), Causes: []explain.Cause{}}
		fmt.Fprintf(w, "refused: %s: %s\n", r.Code, v.Reason)
		return v, nil
	}
	var texts []string
	for _, s := range secrets {
		texts = append(texts, s.text)
	}
	found, err := explain.Explain(ctx, r.Body, signature, texts)
	if err != nil {
		return verdict{}, failure(errInterrupted, "")
	}
	v := newVerdict(found, secrets)
	v.print(w, found.Tried, len(r.Body))
	if v.Match {
		fmt.Fprintln(w, "It was refused all the same, so the receiver had another secret then. Restart it with this one, or send the delivery again.")
	}
	return v, nil
}

// whyRefused says why, where there is no signature to compare with a body.
func whyRefused(r inbox.Refusal) string {
	switch {
	case r.Code == core.CodeSignatureMissing:
		for _, f := range r.Headers {
			if strings.HasPrefix(strings.ToLower(f.Name), strings.ToLower(core.SignatureHeader)+"-") {
				return "there is no " + core.SignatureHeader + " header, only " + printable.Text(f.Name) + ", which Labelbox does not send; is it another service's webhook?"
			}
		}
		return "there is no " + core.SignatureHeader + " header; Labelbox always sends it, so either something else sent this, or a proxy on the way took it off"
	case r.Code == core.CodeSignatureMalformed && r.Signature() == "":
		return "the " + core.SignatureHeader + " header is there more than once, or empty; a proxy on the way may have added one"
	case r.Code == core.CodeMethodNotAllowed:
		return "the method was " + printable.Text(r.Method) + "; Labelbox sends POST. A redirect on the way turns POST into GET: register the address that it leads to"
	case r.Code == core.CodeBodyEmpty:
		return "the body was empty; a proxy on the way that takes no chunked bodies drops them"
	case r.Code == core.CodeBodyTooLarge:
		return "the body is larger than the receiver takes; LABELHOOK_MAX_BODY sets how much that is"
	case r.Code == core.CodeBodyIncomplete:
		return "the connection ended before the whole body had come; a tunnel or proxy broke it off"
	case r.Code == core.CodeLoopDetected:
		return "it has come through too many receivers; one of them passes deliveries on to itself"
	case r.Code == core.CodeSecretUnavailable:
		return "the receiver had no usable secret; its log says why"
	case len(r.Body) == 0:
		return "its body was not kept, so there is nothing to compare"
	}
	return "the log of the receiver says why"
}

// refusedHint tells how to find out why a request was refused, at most once a
// second: a stranger may cause any number.
type refusedHint struct {
	out    io.Writer
	inbox  string
	keeper *inbox.Refusals
	mu     sync.Mutex
	next   time.Time
}

// keep is for [server.Server.Refused].
func (h *refusedHint) keep(r *http.Request, body []byte, answer core.Response) {
	id := h.keeper.Add(inbox.NewRefusal(r, body, answer))
	if id == "" || answer.Status != http.StatusUnauthorized {
		return
	}
	if h.due(time.Now()) {
		of := ""
		if h.inbox != defaultInbox {
			of = " --inbox " + printable.Text(h.inbox)
		}
		fmt.Fprintf(h.out, "labelhook: to see why: labelhook verify --id %s%s\n", id, of)
	}
}

func (h *refusedHint) due(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now.Before(h.next) {
		return false
	}
	h.next = now.Add(time.Second)
	return true
}
