// Package bench holds labelhook against other libraries. It is a module of its
// own, so that their weight never reaches who uses labelhook:
//
//	go test -bench .     every library side by side, on the same bodies
//	go run ./budgets     the budgets of labelhook, as ratios measured in one run
package bench

import (
	"bytes"
	"encoding/json"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

// Secret signs everything here.
const Secret = "benchmark-secret"

// Body is a payload to measure with.
type Body struct {
	Name  string
	Bytes []byte
}

// Bodies returns the two that budgets are stated for: the documentation's v2
// label (2.4 KB), and the same with its object repeated until it has 1 MB.
func Bodies() []Body {
	sample, found := samples.Find(payload.LabelCreated, payload.V2)
	if !found {
		panic("the v2 sample is gone")
	}
	small := sample.Body()
	start := []byte(`"objects": [`)
	before, rest, _ := bytes.Cut(small, start)
	object, after, found := bytes.Cut(rest, []byte("]")) // the one object holds no list
	if !found {
		panic("the v2 sample has another form")
	}
	var large bytes.Buffer
	large.Write(before)
	large.Write(start)
	for large.Len() < 1<<20 {
		large.Write(bytes.TrimRight(object, " \n"))
		large.WriteByte(',')
	}
	large.Write(object)
	large.WriteByte(']')
	large.Write(after)
	if !json.Valid(large.Bytes()) {
		panic("the large body is not JSON")
	}
	return []Body{{"2.4 KB", small}, {"1 MB", large.Bytes()}}
}
