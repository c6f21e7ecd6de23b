package environment_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/samples"
)

// secret stands for what no message may hold.
const key = "the-secret-itself"

type variables map[string]string

func (v variables) get(name string) string { return v[name] }

// with returns v and more.
func (v variables) with(more variables) variables {
	all := maps.Clone(v)
	maps.Copy(all, more)
	return all
}

var withSecret = variables{"LABELBOX_WEBHOOK_SECRET": key}

// platform has a queue with a size limit and no bucket of its own.
func platform(v variables, out *bytes.Buffer) environment.Platform {
	return environment.Platform{
		Options: core.Options{Logger: slog.New(slog.DiscardHandler), Destinations: map[string]func(string) (core.Handler, error){
			"queue":  func(string) (core.Handler, error) { return new(queue), nil },
			"broken": func(string) (core.Handler, error) { return nil, errors.New("broken: the service is not there") },
		}},
		Getenv: v.get,
		Out:    out,
		Manager: func(id string) (secret.Source, error) {
			if id == "wrong" {
				return nil, errors.New("no secret has this id")
			}
			s, err := secret.New(key)
			if err != nil {
				return nil, err
			}
			return secret.Static(s)
		},
	}
}

// queue takes bodies up to 1000 bytes, as its messages are limited.
type queue struct {
	bucket destination.Bucket
	refs   []string
}

func (q *queue) OverflowTo(b destination.Bucket) { q.bucket = b }
func (q *queue) String() string                  { return "queue:test" }

func (q *queue) Handle(ctx context.Context, d *core.Delivery) error {
	if len(d.Body) <= 1000 {
		return nil
	}
	if q.bucket == nil {
		return core.Permanent(errors.New("larger than a message"))
	}
	if err := q.bucket.Handle(ctx, d); err != nil {
		return err
	}
	q.refs = append(q.refs, q.bucket.Locate(d))
	return nil
}

func signed(t testing.TB, key string, s samples.Sample) core.Request {
	proves, err := secret.New(key)
	if err != nil {
		t.Fatal(err)
	}
	return core.Request{Method: "POST", Body: s.Body(), Header: http.Header{
		core.SignatureHeader: {core.Sign(s.Body(), proves)},
		core.EventHeader:     {s.Header},
		core.IDHeader:        {"delivery"},
	}}
}

func find(t testing.TB, event payload.Event) samples.Sample {
	s, found := samples.Find(event, payload.V2)
	if !found {
		t.Fatalf("no sample of %s", event)
	}
	return s
}

// send sends a sample and returns the status and the status word or code.
func send(t testing.TB, r *core.Receiver, key string, event payload.Event) (int, string) {
	t.Helper()
	got := r.Receive(t.Context(), signed(t, key, find(t, event)))
	if got.Status == 200 {
		_, word, _ := strings.Cut(string(got.Body), `"status":"`)
		word, _, _ = strings.Cut(word, `"`)
		return got.Status, word
	}
	return got.Status, string(got.Code)
}
