package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/aws"
	"github.com/labelhook/labelhook/bench"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
)

// work is what the budgets of core are stated for, on one body.
type work struct {
	body    []byte
	secrets []secret.Secret
	header  http.Header
	receive func() core.Response // to a handler that does nothing, without a log
	deploy  func() core.Response // as a deployed receiver does it
	mac     func()               // what of it is hashing: the signature
	key     func()               // and the key
}

func newWork(body []byte) *work {
	w := &work{body: body, secrets: []secret.Secret{bench.Key()}, header: bench.Header(body)}
	quiet := bench.Receiver(core.HandlerFunc(func(context.Context, *core.Delivery) error { return nil }))
	deployed := bench.Receiver(core.HandlerFunc(func(_ context.Context, d *core.Delivery) error {
		if len(d.Attributes()) == 0 {
			return errors.New("a delivery without attributes")
		}
		return nil
	}))
	deployed.Observe = core.LogTo(aws.NewLogger(io.Discard, slog.LevelInfo), "sqs")
	request := core.Request{Method: http.MethodPost, Header: w.header, Body: body}
	w.receive = func() core.Response { return quiet.Receive(context.Background(), request) }
	w.deploy = func() core.Response { return deployed.Receive(context.Background(), request) }

	mac := hmac.New(sha1.New, []byte(bench.Secret))
	var sum [sha1.Size]byte
	w.mac = func() {
		mac.Reset()
		mac.Write(body)
		mac.Sum(sum[:0])
	}
	digest := sha256.New()
	var keySum [sha256.Size]byte
	w.key = func() {
		digest.Reset()
		io.WriteString(digest, string(payload.LabelCreated)+"\n")
		digest.Write(body)
		digest.Sum(keySum[:0])
	}
	return w
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
	for _, receive := range []func() core.Response{w.receive, w.deploy} {
		if r := receive(); r.Status != http.StatusOK {
			return fmt.Errorf("the receiver answers %d %s", r.Status, r.Body)
		}
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

// coreBudget is what one body may cost. How fast a CPU hashes has little to do
// with how fast it does everything else: there are units for it, or not. So
// hashing is held against hashing, and the rest against what is like it:
// json.Valid of the same body.
type coreBudget struct {
	verify   float64 // Verify without its HMAC, in times of json.Valid
	receive  float64 // Receive without its HMAC
	deploy   float64 // the whole path without its two hashes
	decode   float64 // encoding/json in times of decoding without the HMAC
	allocate float64 // allocations of the whole path
}

var coreBudgets = map[string]coreBudget{
	"2.4 KB": {verify: 0.04, receive: 0.37, deploy: 0.65, decode: 3, allocate: 10},
	"1 MB":   {verify: 0.03, receive: 0.045, deploy: 0.06, decode: 4, allocate: 10},
}

// measureCore checks the budgets of core on every body.
func measureCore(_ context.Context, t *table, _ string) error {
	for _, body := range bench.Bodies() {
		w := newWork(body.Bytes)
		if err := w.check(); err != nil {
			return fmt.Errorf("%s: %w", body.Name, err)
		}
		budget := coreBudgets[body.Name]
		verify := func() { w.verify() }
		valid := func() { json.Valid(w.body) }

		for _, row := range []struct {
			what  string
			do    func()
			most  float64
			parts []func()
		}{
			{"Verify without its HMAC", verify, budget.verify, []func(){w.mac}},
			{"Receive without its HMAC", func() { w.receive() }, budget.receive, []func(){w.mac}},
			{"Receive, log and destination without HMAC and key", func() { w.deploy() }, budget.deploy, []func(){w.mac, w.key}},
		} {
			measured := inTurns(append([]func(){row.do, valid}, row.parts...)...)
			ratio := measured.figure(func(r []time.Duration) float64 { return beyond(r[0], r[1], r[2:]...) })
			var hashing []string
			for i := range row.parts {
				hashing = append(hashing, measured.typical(2+i).String())
			}
			t.atMost(row.what+", in times of json.Valid, "+body.Name, ratio, row.most,
				fmt.Sprintf("of %s hashing %s; %s", measured.typical(0), strings.Join(hashing, " and "), measured.typical(1)))
		}
		t.atMost("Verify, allocations, "+body.Name, testing.AllocsPerRun(200, verify), 0, "")
		t.atMost("Receive, log and destination, allocations, "+body.Name, testing.AllocsPerRun(200, func() { w.deploy() }), budget.allocate, "")

		measured := inTurns(func() { w.encodingJSON() }, func() { w.decode() }, w.mac)
		ratio := measured.figure(func(r []time.Duration) float64 { return 1 / beyond(r[1], r[0], r[2]) })
		t.atLeast("Verify and decode without the HMAC, times as fast as encoding/json, "+body.Name, ratio, budget.decode,
			fmt.Sprintf("%s to %s, of which %s hashing", measured.typical(0), measured.typical(1), measured.typical(2)))
	}
	return nil
}
