package core

import (
	"cmp"
	"context"
	"errors"
	"runtime/debug"
	"time"

	"github.com/labelhook/labelhook/core/secret"
)

// DefaultMaxBody is the largest body a [Receiver] accepts unless told
// otherwise, in bytes. It is above what any of the three clouds lets through.
const DefaultMaxBody = 10 << 20

// Request is an HTTP request without the HTTP. The adapter that makes one has
// undone what its host did to the body: Body holds the exact bytes Labelbox sent.
type Request struct {
	Method string
	Header Header
	Body   []byte // kept by the delivery, not copied

	// ReadBody takes the place of Body and BodyError where the body is yet to
	// come: it reads the whole of it, or says why it cannot. It is called at most
	// once, when all that can be said without a body has been said. Length is what
	// the sender has declared, in bytes, -1 if nothing.
	ReadBody func() ([]byte, error)
	Length   int64

	// BodyError says why there is no Body: [ErrBodyTooLarge] when reading was
	// given up at the limit, [ErrBodyEncoding] when the host's form of it could
	// not be undone, [ErrBodyIncomplete] when the sender broke off,
	// [ErrOverloaded] when there was no room for it.
	BodyError error
}

// Receiver answers requests. Its zero value refuses all of them with 503,
// having no secrets. The fields must not be changed once it is in use; Receive
// may be called concurrently.
type Receiver struct {
	Secrets    secret.Source // nil means none, so 503
	Handler    Handler       // takes what was verified; nil ignores everything
	DeadLetter Handler       // takes what Handler refuses for good; may be nil
	MaxBody    int           // bytes; 0 means [DefaultMaxBody]
	Unsigned   bool          // Take takes deliveries without a signature too
	Unverified bool          // Take leaves signatures unverified

	// Observe is told of every request. nil means [LogTo] with [slog.Default]; an
	// observer that is set replaces that log, unless it calls one of LogTo itself.
	Observe Observer
}

// Receive verifies a request, identifies it, has the handler take it, and says
// what to answer. The order is fixed: method, size, secret, form of the
// signature, the reading of a body that is yet to come, signature, hops,
// identity, handler. Nothing of the body is parsed before the signature holds.
//
// A panic is answered 500 and observed as a [*PanicError].
func (r *Receiver) Receive(ctx context.Context, req Request) (response Response) {
	began := time.Now()
	defer func() {
		if v := recover(); v != nil { // of a secret source or an observer; those of handlers are errors already
			response = r.crashed(ctx, v, len(req.Body), began)
		}
	}()
	if req.ReadBody != nil {
		if req.BodyError = r.admit(ctx, req); req.BodyError == nil {
			req.Body, req.BodyError = req.ReadBody()
			began = time.Now() // how long the sender takes is not ours
		}
	}
	hops := 0
	err := r.prove(ctx, req)
	if err == nil {
		hops, err = hopsOf(req.Header)
	}
	if err != nil {
		return r.refuse(ctx, err, len(req.Body), began)
	}
	d := identify(req.Header, req.Body, began)
	d.Hops = hops
	return r.conclude(ctx, d, began)
}

// Take is Receive for what comes out of a queue or a bucket. read makes the delivery
// again ([FromAttributes]), or says why it cannot. Only what is answered 200 may be taken
// off the queue. The signature that has travelled with the delivery is verified again.
func (r *Receiver) Take(ctx context.Context, read func() (*Delivery, error)) (response Response) {
	began, bytes := time.Now(), 0
	defer func() {
		if v := recover(); v != nil {
			response = r.crashed(ctx, v, bytes, began)
		}
	}()
	d, err := read()
	if err == nil {
		bytes = len(d.Body)
		err = r.believe(ctx, d)
	}
	if err != nil {
		return r.refuse(ctx, err, bytes, began)
	}
	d.Received = began
	return r.conclude(ctx, d, began)
}

// believe says why a delivery out of a queue cannot be believed, nil if it can.
// Of one that it has not verified, Origin says so.
func (r *Receiver) believe(ctx context.Context, d *Delivery) error {
	switch {
	case d.Signature == "" && r.Unsigned:
		d.Origin = cmp.Or(d.Origin, "unsigned")
		return nil
	case d.Signature != "" && r.Unverified:
		d.Origin = cmp.Or(d.Origin, "unverified")
		return nil
	}
	secrets, err := r.secrets(ctx)
	if err != nil {
		return err
	}
	return r.verify(ctx, d.Body, d.Signature, secrets)
}

func (r *Receiver) refuse(ctx context.Context, err error, bytes int, began time.Time) Response {
	response := refuse(err)
	r.observe(ctx, Observation{nil, Refused, response, err, bytes, began, time.Since(began)})
	return response
}

func (r *Receiver) conclude(ctx context.Context, d *Delivery, began time.Time) Response {
	outcome, err := r.deliver(ctx, d)
	response := answer(d, outcome)
	r.observe(ctx, Observation{d, outcome, response, err, len(d.Body), began, time.Since(began)})
	return response
}

func (r *Receiver) crashed(ctx context.Context, value any, bytes int, began time.Time) (response Response) {
	response = deliveryRejected.response()
	defer func() { _ = recover() }() // it may have been the observer
	r.observe(ctx, Observation{nil, Refused, response, &PanicError{value, debug.Stack()}, bytes, began, time.Since(began)})
	return response
}

// toDefault is the observer of a receiver that names none.
var toDefault = LogTo(nil)

func (r *Receiver) observe(ctx context.Context, o Observation) {
	if r.Observe != nil {
		r.Observe(ctx, o)
	} else {
		toDefault(ctx, o)
	}
}

// admit says why the request is refused with any body, nil if that is not
// known yet: bodies are read only for those who could be genuine.
func (r *Receiver) admit(ctx context.Context, req Request) error {
	switch {
	case req.Method != "POST":
		return errMethod
	case req.Length > int64(r.Limit()):
		return ErrBodyTooLarge
	case req.Length == 0:
		return errBodyEmpty
	}
	if _, err := r.secrets(ctx); err != nil {
		return err
	}
	signature, err := onlySignature(req.Header)
	if err == nil {
		_, err = parseSignature(signature)
	}
	return err
}

// secrets returns one at least.
func (r *Receiver) secrets(ctx context.Context) ([]secret.Secret, error) {
	if r.Secrets == nil {
		return nil, secret.ErrNone
	}
	secrets, err := r.Secrets.Secrets(ctx)
	switch {
	case errors.Is(err, ErrMisconfigured):
		return nil, err
	case err != nil, len(secrets) == 0:
		return nil, errors.Join(secret.ErrNone, err)
	}
	return secrets, nil
}

// prove says why the request cannot be believed, nil if it can.
func (r *Receiver) prove(ctx context.Context, req Request) error {
	switch {
	case req.Method != "POST":
		return errMethod
	case req.BodyError != nil:
		return req.BodyError
	case len(req.Body) > r.Limit():
		return ErrBodyTooLarge
	case len(req.Body) == 0:
		return errBodyEmpty
	}
	secrets, err := r.secrets(ctx)
	if err != nil {
		return err
	}
	signature, err := onlySignature(req.Header)
	if err != nil {
		return err
	}
	return r.verify(ctx, req.Body, signature, secrets)
}

// verify has the source look for other secrets where none of these fits.
func (r *Receiver) verify(ctx context.Context, body []byte, signature string, secrets []secret.Secret) error {
	err := Verify(body, signature, secrets)
	source, ok := r.Secrets.(secret.Rereader)
	// Twice, because the first look may be another's, begun before a rotation.
	for range 2 {
		if !ok || err != ErrSignatureMismatch {
			break
		}
		fresh, changed := source.Reread(ctx, secrets)
		if !changed {
			break
		}
		secrets = fresh
		err = Verify(body, signature, secrets)
	}
	return err
}

// Limit is the largest body accepted, in bytes. An adapter that reads bodies may stop
// one byte later.
func (r *Receiver) Limit() int {
	if r.MaxBody > 0 {
		return r.MaxBody
	}
	return DefaultMaxBody
}

// onlySignature returns the one signature of the request. Sent twice it must be
// the same both times, or proxy and receiver could believe different ones.
func onlySignature(header Header) (string, error) {
	if header == nil {
		return "", ErrSignatureMissing
	}
	values := header.Values(SignatureHeader)
	if len(values) == 0 {
		return "", ErrSignatureMissing
	}
	for _, v := range values[1:] {
		if v != values[0] {
			return "", isRepeated
		}
	}
	return values[0], nil
}

// deliver gives the delivery to the handler, and to the dead letter handler if
// that refuses it for good. It has failed for good only if both say so.
func (r *Receiver) deliver(ctx context.Context, d *Delivery) (outcome Outcome, err error) {
	if r.Handler == nil {
		return Ignored, nil
	}
	if err = Try(ctx, r.Handler, d); err == nil {
		return Accepted, nil
	}
	var panicked *PanicError
	switch {
	case errors.Is(err, ErrIgnored):
		return Ignored, err
	case errors.As(err, &panicked):
		return Rejected, err
	case !IsPermanent(err):
		return Failed, err
	case r.DeadLetter == nil:
		return Rejected, err
	}
	refused := Try(ctx, r.DeadLetter, d)
	switch {
	case refused == nil:
		return DeadLettered, err
	case errors.Is(refused, ErrIgnored), errors.As(refused, &panicked), IsPermanent(refused):
		return Rejected, errors.Join(err, refused)
	}
	return Failed, errors.Join(err, refused) // it may be taken yet
}
