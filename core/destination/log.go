package destination

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/labelhook/labelhook/core"
)

// Log writes one line of JSON for each delivery: its CloudEvents attributes and
// the payload under "data". A payload that is not JSON stands under
// "data_base64", as the CloudEvents JSON format has it. The signature is left
// out: a log is no place for it.
type Log struct {
	mu sync.Mutex
	w  io.Writer
}

// NewLog makes a log destination. Lines are written whole, one Write each.
func NewLog(w io.Writer) *Log { return &Log{w: w} }

// Handle implements [core.Handler]. It fails when the line cannot be written.
func (l *Log) Handle(_ context.Context, d *core.Delivery) error {
	line := append([]byte(nil), `{"msg":"delivery"`...)
	for _, a := range d.Attributes() {
		if a.Name != "labelboxsignature" {
			line = member(line, a.Name, a.Value)
		}
	}
	line = member(line, "received", d.Received.UTC().Format(time.RFC3339Nano))
	data := jsontext.Value(d.Body).Clone()
	if data.Compact(jsontext.AllowDuplicateNames(true)) == nil {
		line = append(append(line, `,"data":`...), data...)
	} else {
		line = member(line, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
	}
	line = append(line, "}\n"...)

	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(line); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}

func member(line []byte, name, value string) []byte {
	line = append(append(append(line, `,"`...), name...), `":`...)
	line, _ = jsontext.AppendQuote(line, value) // an error would mean invalid UTF-8, replaced by U+FFFD
	return line
}
