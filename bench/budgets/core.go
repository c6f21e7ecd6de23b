package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
)

// work is what the budgets of core are stated for, on one body.
type work struct {
	body    []byte
	secrets []core.Secret
	header  http.Header
	receive func() core.Response
	mac     func()
}

func newWork(body []byte) (*work, error) {
	secret, err := core.NewSecret(bench.Secret)
	if err != nil {
		return nil, err
	}
	w := &work{body: body, secrets: []core.Secret{secret}}
	w.header = http.Header{
		core.SignatureHeader: {core.Sign(body, secret)},
		core.EventHeader:     {"LABEL_CREATED"},
		core.IDHeader:        {"5d1f3a9a-3f0c-4d6e-9e39-4b0a3f6f2c11"},
		"Content-Type":       {"application/json"},
	}
	source, err := core.StaticSecrets(secret)
	if err != nil {
		return nil, err
	}
	receiver := &core.Receiver{
		Secrets: source,
		Handler: core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }),
		Logger:  slog.New(slog.DiscardHandler),
	}
	request := core.Request{Method: http.MethodPost, Header: w.header, Body: body}
	w.receive = func() core.Response { return receiver.Receive(context.Background(), request) }

	mac := hmac.New(sha1.New, []byte(bench.Secret))
	var sum [sha1.Size]byte
	w.mac = func() {
		mac.Reset()
		mac.Write(body)
		mac.Sum(sum[:0])
	}
	return w, nil
}

func (w *work) verify() error {
	return core.Verify(w.body, w.header.Get(core.SignatureHeader), w.secrets)
}

func (w *work) decode() (*payload.LabelEvent, error) {
	if err := w.verify(); err != nil {
		return nil, err
	}
	return core.Identify(w.header, w.body).Label()
}

// encodingJSON reads the same struct, and verifies nothing.
func (w *work) encodingJSON() (*payload.LabelEvent, error) {
	var e payload.LabelEvent
	return &e, json.Unmarshal(w.body, &e)
}

// check makes sure that the work gets done before it is timed.
func (w *work) check() error {
	if err := w.verify(); err != nil {
		return err
	}
	if r := w.receive(); r.Status != http.StatusOK {
		return fmt.Errorf("the receiver answers %d %s", r.Status, r.Body)
	}
	ours, err := w.decode()
	if err != nil {
		return err
	}
	theirs, err := w.encodingJSON()
	if err != nil {
		return err
	}
	if ours.DataRow.ID == "" || ours.DataRow.ID != theirs.DataRow.ID || len(ours.Projects) != len(theirs.Projects) {
		return fmt.Errorf("the two decoders disagree: %+v, %+v", ours.DataRow, theirs.DataRow)
	}
	return nil
}

// measureCore checks the budgets of core on every body.
func measureCore(t *table) error {
	receiveBudget := map[string]float64{"2.4 KB": 2.5, "1 MB": 1.2}
	for _, body := range bench.Bodies() {
		w, err := newWork(body.Bytes)
		if err != nil {
			return err
		}
		if err := w.check(); err != nil {
			return fmt.Errorf("%s: %w", body.Name, err)
		}
		verify := func() { w.verify() }
		decode := func() { w.decode() }

		c := interleave(verify, w.mac)
		t.atMost("Verify, in times of a reused HMAC, "+body.Name, c.ratio(), 1.15, c.String())
		allocations := testing.AllocsPerRun(200, verify)
		t.atMost("Verify, allocations, "+body.Name, allocations, 0, "")
		c = interleave(func() { w.receive() }, w.mac)
		t.atMost("Receive, in times of a reused HMAC, "+body.Name, c.ratio(), receiveBudget[body.Name], c.String())
		c = interleave(func() { w.encodingJSON() }, decode)
		t.atLeast("Verify and decode, times as fast as encoding/json alone, "+body.Name, c.ratio(), 2.5, c.String())
	}
	return nil
}
