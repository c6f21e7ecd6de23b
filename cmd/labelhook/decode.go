package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/docs/schema"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/printable"
)

func (t *tool) decodeCommand() *cobra.Command {
	var event string
	cmd := &cobra.Command{
		Use:   "decode [FILE|-]...",
		Short: "Print payloads or rows of an export in one form, a line of JSON for each",
		Long: `Print payloads or rows of an export in one form, a line of JSON for each.

FILE holds the payload of a webhook, v1 or v2, or any number of them one after
the other, as in an export of Labelbox (one row a line, or a list). Without FILE,
or with -, they are read from the standard input. No signature is asked for.

"labelhook schema" prints what the lines hold.`,
		Example: `  labelhook decode payload.json | jq .annotations.objects
  labelhook events show 2f6c1a9e --raw | labelhook decode
  labelhook decode export.ndjson > labels.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, known := payload.ParseEvent(event); event != "" && !known {
				return usage(fmt.Errorf("--event: no event is called %q", event), "write one of "+environment.EventNames())
			}
			if len(args) == 0 {
				args = []string{"-"}
			}
			out := bufio.NewWriterSize(t.out, 64<<10)
			for _, name := range args {
				_, err := interruptible(cmd.Context(), func() ([]byte, error) { return nil, t.decode(out, name, event) })
				switch {
				case err == errInterrupted:
					return err
				case err != nil:
					return errors.Join(err, written(out.Flush()))
				}
			}
			return written(out.Flush())
		},
	}
	cmd.Flags().StringVar(&event, "event", "", "what happened, where the payload does not say: a `name` as X-Labelbox-Event has it")
	return cmd
}

// decode prints all payloads of a file.
func (t *tool) decode(out io.Writer, name, event string) error {
	in, err := t.openInput("", name)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := utf8Text(in)
	if err != nil {
		return notJSON(name, 0, err)
	}

	values, header := jsontext.NewDecoder(text, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), http.Header{}
	if event != "" {
		header.Set(core.EventHeader, event)
	}
	for n, list := 0, false; ; n++ {
		switch kind := values.PeekKind(); {
		case kind == '[' && !list, kind == ']' && list:
			list = kind == '['
			if _, err := values.ReadToken(); err != nil {
				return notJSON(name, n, err)
			}
			n--
			continue
		}
		value, err := values.ReadValue()
		switch {
		case err == io.EOF && n == 0:
			return failure(fmt.Errorf("%s is empty", inputName(name)), "give the body of a webhook, or rows of an export")
		case err == io.EOF:
			return nil
		case err != nil:
			return notJSON(name, n, err)
		}
		line, err := decoded.Of(core.Identify(header, bytes.Clone(value))).MarshalJSON()
		if err != nil {
			return failure(fmt.Errorf("%s: payload %d: %w", inputName(name), n+1, err), "")
		}
		if _, err := out.Write(append(printable.JSON(line), '\n')); err != nil {
			return written(err)
		}
	}
}

// notJSON is the error of a file that ends in, or holds, something else than its
// n-th payload, from 0.
func notJSON(name string, n int, err error) error {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		err = fmt.Errorf("%s: payload %d is not JSON, at byte %d of the file", inputName(name), n+1, syntax.ByteOffset)
		return failure(err, "give the exact body of a webhook, or the rows of an export as Labelbox wrote them")
	}
	return failure(fmt.Errorf("reading %s: %w", inputName(name), err), "")
}

// utf8Text reads text of files as [inUTF8] does, and what is in UTF-8 without
// keeping all of it.
func utf8Text(in io.Reader) (io.Reader, error) {
	text := bufio.NewReaderSize(in, 64<<10)
	switch mark, _ := text.Peek(3); {
	case bytes.HasPrefix(mark, []byte("\ufeff")):
		text.Discard(len(mark))
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		all, err := io.ReadAll(text)
		return bytes.NewReader(inUTF8(all)), err
	}
	return text, nil
}

func (t *tool) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of what decode prints",
		Example: `  labelhook schema > decoded.schema.json`,
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := t.out.Write(schema.Decoded)
			return written(err)
		},
	}
}
