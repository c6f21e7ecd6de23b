package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/sender"
)

const maxKeysFile = 256 << 20 // bytes; eight million keys

// listedIDs replaces each @FILE among the ids by the lines of that file.
func (t *tool) listedIDs(ctx context.Context, ids []string) (all []string, err error) {
	for _, id := range ids {
		file, listed := strings.CutPrefix(id, "@")
		if !listed {
			all = append(all, strings.TrimSpace(id))
			continue
		}
		lines, err := t.readKeys(ctx, file)
		if err != nil {
			return nil, usage(fmt.Errorf("--id: %w", err), "name a file with one key or delivery id a line, such as --failed-to writes, or @- for the standard input")
		}
		all = append(all, lines...)
	}
	return all, nil
}

func (t *tool) readKeys(ctx context.Context, file string) (keys []string, err error) {
	if file == "" {
		return nil, errors.New("@ names no file")
	}
	in, err := t.openInput("", file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	text, err := readAll(ctx, in, maxKeysFile)
	if err != nil {
		return nil, fmt.Errorf("reading @%s: %w", file, err)
	}
	for line := range strings.Lines(string(inUTF8(text))) {
		if key := strings.TrimSpace(line); key != "" {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("@%s names no delivery", file)
	}
	return keys, nil
}

const keyDigits = 32

var wholeKey = regexp.MustCompile(fmt.Sprintf(`^[0-9a-f]{%d}$`, keyDigits))

// keysOf gives the keys that the ids stand for: an id that stands for nothing
// must not go unnoticed among others. Whole keys are looked up together, for
// there may be many.
func keysOf(ctx context.Context, reader *inbox.Reader, ids []string) (keys []string, err error) {
	const hint = "labelhook events lists the deliveries"
	missing := map[string]bool{}
	for _, id := range ids {
		if wholeKey.MatchString(id) {
			missing[id] = true
			keys = append(keys, id)
			continue
		}
		records, err := reader.Get(ctx, id)
		if err != nil {
			return nil, failure(fmt.Errorf("--id: %w", err), hint)
		}
		for _, r := range records {
			keys = append(keys, r.Key)
		}
	}
	if len(missing) == 0 {
		return keys, nil
	}
	for r, err := range reader.Heads(ctx, inbox.Query{IDs: keys}) {
		if err != nil {
			return nil, err
		}
		delete(missing, r.Key)
		delete(missing, r.ID)
	}
	for _, key := range keys {
		if missing[key] {
			return nil, failure(fmt.Errorf("--id: %d of the keys are not in the inbox; the first is %q", len(missing), key), hint)
		}
	}
	return keys, nil
}

// outcomes are what is known of each delivery of a replay, in the order of
// arrival and in some 40 bytes for each: there may be a million.
type outcomes struct {
	seqs   []int64
	keys   []byte // each with a line break behind it
	states []outcome
}

type outcome byte

const (
	unfinished outcome = iota // not sent, or under way when the replay was interrupted
	refused
	acknowledged
)

// newOutcomes makes room for so many deliveries.
func newOutcomes(n int) *outcomes {
	return &outcomes{make([]int64, 0, n), make([]byte, 0, n*(keyDigits+1)), make([]outcome, 0, n)}
}

func (o *outcomes) add(r inbox.Record) {
	o.seqs = append(o.seqs, r.Seq)
	o.keys = append(append(o.keys, r.Key...), '\n')
	o.states = append(o.states, unfinished)
}

func (o *outcomes) note(result sender.Result) {
	switch {
	case result.OK():
		o.states[result.Request.Index] = acknowledged
	case !errors.Is(result.Err, context.Canceled):
		o.states[result.Request.Index] = refused
	}
}

// left are the keys of those not taken, and of those of which nobody knows.
func (o *outcomes) left() (failed, unknown []string) {
	failed, unknown = []string{}, []string{}
	keys := o.keys
	for _, state := range o.states {
		key, rest, _ := bytes.Cut(keys, []byte("\n"))
		keys = rest
		switch state {
		case refused:
			failed = append(failed, string(key))
		case unfinished:
			unknown = append(unknown, string(key))
		}
	}
	return failed, unknown
}
