package labelbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/internal/httpclient"
)

const (
	maxAnswer  = 8 << 20          // bytes; a page of webhooks has some tens of thousands
	maxPause   = 30 * time.Second // between two attempts, unless the server asks for more
	maxElapsed = 2 * time.Minute  // for all attempts of one request
)

// request is one GraphQL request.
type request struct {
	operation string // for errors
	wrong     error  // why it is not sent; nil if nothing is wrong with it
	document  string
	variables map[string]string
	secrets   []string // besides the key, what no error may contain
	once      bool     // not to be repeated unless it was certainly not carried out
}

// run sends a request, again where that may help and does no harm, and decodes
// the data of the answer. Its errors are of type *Error.
func run[Data any](ctx context.Context, c *Client, r request) (Data, error) {
	var data Data
	if r.wrong != nil {
		return data, refuse(r.operation, r.wrong)
	}
	raw, failed := c.repeat(ctx, r)
	if failed == nil {
		if err := json.Unmarshal(raw, &data, decoding); err != nil {
			failed = &Error{Kind: ErrUnexpected, Message: "the data have another shape than documented", Status: http.StatusOK, doubtful: true}
		}
	}
	if failed != nil {
		failed.Operation = r.operation
		return data, failed
	}
	return data, nil
}

// repeat sends a request until it is answered or must not be sent again.
func (c *Client) repeat(ctx context.Context, r request) (jsontext.Value, *Error) {
	var last *Error
	pauses := c.pauses()
	raw, err := backoff.Retry(ctx, func() (jsontext.Value, error) {
		raw, failed := c.send(ctx, r)
		if failed == nil {
			return raw, nil
		}
		last, pauses.atLeast = failed, failed.RetryAfter
		if !failed.temporary || r.once && failed.doubtful {
			return nil, backoff.Permanent(failed)
		}
		return nil, failed
	}, backoff.WithBackOff(pauses), backoff.WithMaxTries(c.attempts), backoff.WithMaxElapsedTime(maxElapsed),
		backoff.WithNotify(func(_ error, pause time.Duration) {
			if last.Operation = r.operation; c.onRetry != nil {
				c.onRetry(last, pause)
			}
		}))
	if err == nil {
		return raw, nil
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(last, cause) {
		last.cause = errors.Join(last.cause, cause)
		last.Message += "; given up while waiting to try again"
	}
	return nil, last
}

// pauses are how long to wait between attempts: jittered, each about twice as
// long as the one before, and none shorter than the server asks for.
type pauses struct {
	*backoff.ExponentialBackOff
	atLeast time.Duration
}

func (c *Client) pauses() *pauses {
	return &pauses{ExponentialBackOff: &backoff.ExponentialBackOff{
		InitialInterval:     c.pause,
		RandomizationFactor: 0.5,
		Multiplier:          2,
		MaxInterval:         maxPause,
	}}
}

// NextBackOff adds to what the server asks for, instead of taking the larger:
// all clients that it turned away would come back at the same moment.
func (p *pauses) NextBackOff() time.Duration {
	return p.atLeast + p.ExponentialBackOff.NextBackOff()
}

// send sends a request once and returns the data of the answer.
func (c *Client) send(ctx context.Context, r request) (jsontext.Value, *Error) {
	if ctx.Err() != nil {
		return nil, &Error{Kind: ErrTransport, Message: "not sent", cause: context.Cause(ctx)}
	}
	hide := conceal(append(r.secrets, c.key)...)
	attempt, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	httpRequest, err := c.encode(attempt, r)
	if err != nil {
		return nil, &Error{Kind: ErrInvalid, Message: tidy(hide.Replace(err.Error()))}
	}
	response, err := httpclient.Do(c.http, httpRequest)
	if err != nil {
		return nil, c.unanswered(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, c.unanswered(ctx, err)
	case len(body) > maxAnswer:
		return nil, &Error{Kind: ErrUnexpected, Message: fmt.Sprintf("the answer is longer than %d bytes", maxAnswer),
			Status: response.StatusCode, doubtful: true}
	}
	data, failed := readAnswer(response.StatusCode, response.Header, body)
	if failed != nil {
		failed.conceal(hide)
	}
	return data, failed
}

func (c *Client) encode(ctx context.Context, r request) (*http.Request, error) {
	body, err := json.Marshal(struct {
		Query     string            `json:"query"`
		Variables map[string]string `json:"variables"`
	}{r.document, r.variables}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", userAgent())
	return request, nil
}

// unanswered makes an Error of why no answer, or no whole one, came.
func (c *Client) unanswered(ctx context.Context, err error) *Error {
	failed := &Error{Kind: ErrTransport, Message: httpclient.Reason(err), cause: err, temporary: true, doubtful: !unsent(err)}
	switch {
	case ctx.Err() != nil:
		failed.Message, failed.cause, failed.temporary = "given up while waiting", context.Cause(ctx), false
	case errors.Is(err, context.DeadlineExceeded):
		failed.Message = strings.Replace(failed.Message, httpclient.NoAnswerInTime, fmt.Sprintf("nothing came within %v", c.timeout), 1)
	case httpclient.IsHopeless(err):
		failed.temporary = false
	}
	return failed
}

// unsent reports whether the request certainly did not leave: there was no
// connection to send it on.
func unsent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || httpclient.IsHopeless(err)
}
