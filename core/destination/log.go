package destination

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/internal/printable"
)

// Log writes one line of JSON for each delivery: its CloudEvents attributes and
// the payload under "data", without the white space between its tokens. A
// payload that is not JSON which every reader takes (RFC 7493, nested up to 200
// deep) stands under "data_base64", as the CloudEvents JSON format has it, and an
// attribute that is not UTF-8 once more under its name with "_base64". The
// signature is left out: a log is no place for it.
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
		if a.Name == "labelboxsignature" {
			continue
		}
		line = member(line, a.Name, a.Value)
		if !utf8.ValidString(a.Value) {
			line = member(line, a.Name+"_base64", base64.StdEncoding.EncodeToString([]byte(a.Value)))
		}
	}
	line = member(line, "received", d.Received.UTC().Format(time.RFC3339Nano))
	if data, ok := printable.Payload(d.Body); ok {
		line = append(append(line, `,"data":`...), data...)
	} else {
		line = member(line, "data_base64", base64.StdEncoding.EncodeToString(d.Body))
	}
	line = append(line, "}\n"...)

	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(printable.JSON(line)); err != nil {
		return fmt.Errorf("log: %w", err)
	}
	return nil
}
