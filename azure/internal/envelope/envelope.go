// Package envelope reads and writes the JSON documents in which Azure's Functions
// host passes on a request and takes the answer, for functions that are not
// forwarded requests as they came.
package envelope

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// The names of the two bindings, as function.json has them.
const (
	trigger = "req"
	output  = "res"
)

// An envelope may be this much larger than the largest body: JSON writes one
// byte as up to six, and the headers are in there too.
const (
	factor = 6
	rest   = 1 << 20
)

// Envelopes up to small bytes are read at once, larger ones one after the
// other: JSON and body are both in memory. The host has all of one before it
// sends it, so none comes slowly; and once it is read it is the next one's turn,
// however long it is handled.
const small = 256 << 10

var largeOnes = turns{make(chan struct{}, 1)}

type turns struct{ taken chan struct{} }

// enter waits five seconds at most, and reports whether it is one's turn.
func (t turns) enter(ctx context.Context) bool {
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	select {
	case t.taken <- struct{}{}:
		return true
	case <-wait.Done():
		return false
	}
}

func (t turns) leave() { <-t.taken }

// Open reports whether the request is an envelope, as far as its beginning tells,
// and leaves its body to be read from the start.
func Open(r *http.Request) bool {
	if !mayBeEnvelope(r) {
		return false
	}
	body := bufio.NewReader(r.Body)
	r.Body = readCloser{body, r.Body}
	beginning, _ := body.Peek(peeked)
	return isEnvelope(beginning)
}

type readCloser struct {
	io.Reader
	io.Closer
}

// mayBeEnvelope is about what is outside of the body: the host posts envelopes
// to a path of one segment, and the sender's headers are inside. What was passed on
// comes with the sender's signature, or else is refused anyway.
func mayBeEnvelope(r *http.Request) bool {
	return r.Method == http.MethodPost &&
		strings.Count(strings.TrimSuffix(r.URL.Path, "/"), "/") == 1 &&
		r.Header.Values(core.SignatureHeader) == nil
}

// isEnvelope reports whether a body begins as the host's envelopes do, with
// one of their two members: no payload of Labelbox's has either.
func isEnvelope(beginning []byte) bool {
	name, found := bytes.CutPrefix(trim(beginning), []byte("{"))
	if !found {
		return false
	}
	for _, member := range []string{`"Data"`, `"Metadata"`} {
		if rest, found := bytes.CutPrefix(trim(name), []byte(member)); found {
			return bytes.HasPrefix(trim(rest), []byte(":"))
		}
	}
	return false
}

func trim(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

const peeked = 64 // bytes; the host writes no white space

// Read finds the sender's request in the envelope that is r's body. A large one
// waits five seconds at most until it may be read. One that cannot be read, or
// whose body is over limit bytes or cannot be had, is a request with a BodyError.
func Read(r *http.Request, limit int) core.Request {
	if r.ContentLength >= 0 && r.ContentLength <= small {
		return read(r.Body, limit)
	}
	if !largeOnes.enter(r.Context()) {
		io.Copy(io.Discard, r.Body)
		return core.Request{Method: http.MethodPost, BodyError: core.ErrOverloaded}
	}
	defer largeOnes.leave()
	return read(r.Body, limit)
}

// read finds the sender's request in
//
//	{"Data":{"req":{"Url","Method","Query","Headers":{name:[value]},"Params","Identities","Body"}},"Metadata":…}
//
// and reads r to its end, or the host would take a broken connection for the
// answer. An envelope that cannot be read, or whose body cannot be had, is a
// request with a BodyError. Metadata repeats what the sender said and is not
// looked at.
func read(r io.Reader, limit int) core.Request {
	limited := &io.LimitedReader{R: r, N: factor*int64(limit) + rest}
	request, err := decode(limited)
	exhausted := limited.N == 0
	_, broken := io.Copy(io.Discard, r)
	switch {
	case broken != nil:
		err = errors.Join(core.ErrBodyIncomplete, broken)
	case err == nil:
		return request
	case exhausted:
		err = core.ErrBodyTooLarge
	case errors.Is(err, io.ErrUnexpectedEOF):
		err = errors.Join(core.ErrBodyIncomplete, err)
	default:
		err = errors.Join(core.ErrBodyEncoding, err)
	}
	return core.Request{Method: http.MethodPost, BodyError: err}
}

// decode reads as far as the end of the trigger.
func decode(r io.Reader) (request core.Request, err error) {
	d := jsontext.NewDecoder(r)
	if err := enter(d, "Data"); err != nil {
		return request, err
	}
	if err := enter(d, trigger); err != nil {
		return request, err
	}
	header := http.Header{}
	request.Header = header
	err = members(d, func(name string) error {
		switch name {
		case "Method":
			return json.UnmarshalDecode(d, &request.Method)
		case "Headers":
			return readHeaders(d, header)
		case "Body":
			request.Body, err = readBody(d)
			return err
		}
		return d.SkipValue()
	})
	if err == nil && inBase64(header.Get("Content-Type")) {
		request.Body, err = decodeBase64(request.Body)
	}
	return request, err
}

// enter goes into an object and on to the value of its member of that name.
func enter(d *jsontext.Decoder, wanted string) error {
	found := errors.New("found")
	err := members(d, func(name string) error {
		if name == wanted {
			return found
		}
		return d.SkipValue()
	})
	switch err {
	case found:
		return nil
	case nil:
		return fmt.Errorf("the envelope has no %s; call the trigger's binding %q", wanted, trigger)
	}
	return err
}

// members calls f for each member of an object; f reads the value.
func members(d *jsontext.Decoder, f func(name string) error) error {
	if kind := d.PeekKind(); kind != '{' && kind != 0 {
		return fmt.Errorf("the envelope has another value at %q than an object", d.StackPointer())
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return err
		}
		if err := f(name.String()); err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}

// readHeaders reads {name:[value,…]}, and a bare value as a list of one.
func readHeaders(d *jsontext.Decoder, header http.Header) error {
	return members(d, func(name string) error {
		var values []string
		if d.PeekKind() == '"' {
			values = make([]string, 1)
			if err := json.UnmarshalDecode(d, &values[0]); err != nil {
				return err
			}
		} else if err := json.UnmarshalDecode(d, &values); err != nil {
			return err
		}
		for _, v := range values {
			header.Add(name, v)
		}
		return nil
	})
}

// readBody reads the body as UTF-8, nil if it is null.
func readBody(d *jsontext.Decoder) ([]byte, error) {
	value, err := d.ReadValue()
	switch {
	case err != nil, value.Kind() == 'n':
		return nil, err
	case value.Kind() != '"':
		return nil, errors.New("the body in the envelope is not a string, so its bytes cannot be had")
	}
	return jsontext.AppendUnquote(nil, value)
}

// decodeBase64 undoes what the host does to some bodies.
func decodeBase64(text []byte) ([]byte, error) {
	body := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Strict().Decode(body, text)
	if err != nil {
		return nil, errors.New("the body in the envelope is not base64, in which its type comes")
	}
	return body[:n], nil
}

// inBase64 reports whether the host writes bodies of this type in base64.
// Nothing in the envelope says whether it did.
func inBase64(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	return media == "application/octet-stream" || strings.HasPrefix(media, "multipart/")
}

// reply is an answer as the host wants it.
type reply struct {
	Outputs     map[string]replied
	Logs        []string // we log to stdout; what is here loses its level
	ReturnValue any
}

type replied struct {
	StatusCode string            `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// Write answers the host with what to answer the sender.
func Write(w http.ResponseWriter, response core.Response) {
	r := replied{strconv.Itoa(response.Status), map[string]string{}, string(response.Body)}
	for _, h := range response.Headers {
		r.Headers[h.Name] = h.Value
	}
	text, err := json.Marshal(reply{Outputs: map[string]replied{output: r}, Logs: []string{}})
	if err != nil {
		panic(err) // our own answers are text
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.Write(text) // an error means the host is gone
}
