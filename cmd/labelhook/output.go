package main

import (
	jsonv1 "encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	semantics "github.com/go-json-experiment/json/v1"

	"github.com/labelhook/labelhook/internal/printable"
)

// jsonLines prints values as JSON, each in a line.
func (t *tool) jsonLines() *jsonv1.Encoder { return jsonLinesTo(t.out) }

func jsonLinesTo(out io.Writer) *jsonv1.Encoder {
	lines := jsonv1.NewEncoder(printable.JSONWriter{To: out})
	lines.SetEscapeHTML(false)
	return lines
}

// printJSON prints one value as one line.
func (t *tool) printJSON(v any) error { return written(t.jsonLines().Encode(v)) }

// printDocument prints one value of any length while it is being made.
func (t *tool) printDocument(v any, layout jsontext.Options) error {
	err := json.MarshalWrite(printable.JSONWriter{To: t.out}, v, semantics.DefaultOptionsV1(), jsontext.EscapeForHTML(false), layout)
	if err == nil {
		_, err = fmt.Fprintln(t.out)
	}
	return written(err)
}

func written(err error) error {
	if err != nil {
		return failure(fmt.Errorf("writing: %w", err), "")
	}
	return nil
}

// writeJSON writes one value as one line, in which a list is never null.
func writeJSON(w io.Writer, v any) error {
	line, err := json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(printable.JSON(line), '\n'))
	return err
}

// notUTF8 returns the bytes of a text that JSON cannot hold, nil of any other.
func notUTF8(text string) []byte {
	if utf8.ValidString(text) {
		return nil
	}
	return []byte(text)
}
