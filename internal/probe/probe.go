// Package probe says whether a deployed receiver is alive and refuses forgeries:
// it sends what must be refused and what must be accepted, and explains answers
// that are others than labelhook's.
package probe

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/forgery"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
)

// Timeout is how long one request may take, a cold start included.
const Timeout = 10 * time.Second

// Options are how a receiver is judged.
type Options struct {
	Key *secret.Secret // to sign with; nil skips what needs it

	// Foreign is for a receiver that is not labelhook: what it says is not compared,
	// and of the status only whether the request was taken (2xx) or refused (4xx).
	Foreign bool
}

// ErrNoAnswer is matched when nothing answered the first request, so that no other
// was sent.
var ErrNoAnswer = errors.New("no answer")

// Run sends all requests to the target. onRow is called with each result. The error
// is ctx's, or matches [ErrNoAnswer] and says why none came; the report has that one
// failure then, which onRow is not told of.
func Run(ctx context.Context, target string, o Options, client *http.Client, onRow func(Row)) (Report, error) {
	key := o.Key
	id := sender.NewID()
	report := Report{URL: printable.URL(target), DeliveryID: id, OK: true}
	defer client.CloseIdleConnections()
	for _, q := range requests(id, key) {
		row := q.row()
		if o.Foreign {
			row.Expected = q.inWords()
		}
		switch {
		case q.skip != "":
			row.skip(q.skip)
		default:
			result := sender.Do(ctx, client, target, q.Request)
			if ctx.Err() != nil {
				return report, ctx.Err()
			}
			seen := read(target, result)
			if o.Foreign {
				row.judge(q, seen, report.Checks)
			} else {
				row.compare(q, seen, report.Checks)
			}
			if result.Err != nil && len(report.Checks) == 0 {
				report.add(row)
				return report, noAnswer{seen.reason, unanswered(seen.reason)}
			}
		}
		report.add(row)
		onRow(row)
	}
	return report, nil
}

// request is what is sent, and the answer that it must get.
type request struct {
	sender.Request
	name    string
	status  int
	code    core.Code // of the problem, or the status member of a 200
	genuine bool      // to be accepted; anything else must not be
	skip    string    // why it cannot be sent
}

// requests returns them in the order in which they are sent: first the one that
// tells whether a server is there, and each chunked one right after its twin.
func requests(id string, key *secret.Secret) []request {
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
	post := func(name string, status int, code core.Code, signatures []string, body []byte) request {
		r := request{name: name, Request: sender.Signed(body, sample.Header, strange), status: status, code: code}
		r.Header.Set(core.IDHeader, id)
		r.Header[core.SignatureHeader] = signatures
		return r
	}
	right, wrong := core.Sign(body, ours), core.Sign(body, strange)
	get := sender.Request{Method: http.MethodGet, Header: http.Header{"User-Agent": {"labelhook"}}}
	all := []request{{name: "get", Request: get, status: 405, code: core.CodeMethodNotAllowed}}
	twice := func(r request) {
		all = append(all, r)
		r.Chunked = true
		all = append(all, r)
	}
	for _, f := range forgery.Usual() {
		signatures, sent := f.Make(body, right, wrong)
		r := post(f.Word, 401, f.Code, signatures, sent)
		if f.NeedsSecret() {
			r.skip = noSecret
		}
		twice(r)
	}
	signed := post("signed", 200, "accepted", []string{right}, body)
	signed.genuine, signed.skip = true, noSecret
	twice(signed)
	return all
}

// markAsTest adds a member to the JSON object that says where it came from.
func markAsTest(object []byte, id string) []byte {
	return slices.Concat([]byte(`{"labelhook_check":"test delivery `+id+`, to be ignored",`), object[len("{"):])
}
