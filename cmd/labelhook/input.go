package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf16"
)

// bodyHint says what a body can be read from.
const bodyHint = "give a file that holds the exact bytes of the request's body, or - for the standard input"

// readBody reads the exact bytes of a file, - being the standard input. option is
// put before what is wrong with it. A file that is too large or cannot be read
// is wrong usage.
func (t *tool) readBody(ctx context.Context, option, file string, limit int64) ([]byte, error) {
	in, err := t.openInput(option, file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	body, err := readAll(ctx, in, limit)
	switch {
	case err == errInterrupted:
		return nil, err
	case err == errTooLarge:
		return nil, usage(fmt.Errorf("%s%s is larger than %d MiB", option, inputName(file), limit>>20), "no receiver takes such a body; is it the right file?")
	case err != nil:
		return nil, usage(fmt.Errorf("%sreading %s: %w", option, inputName(file), err), bodyHint)
	}
	return body, nil
}

// openInput opens a file, - being the standard input. option is put before what
// is wrong with it.
func (t *tool) openInput(option, file string) (io.ReadCloser, error) {
	if file == "-" {
		return io.NopCloser(t.in), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, usage(fmt.Errorf("%s%w", option, err), bodyHint)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, usage(fmt.Errorf("%s%s is a directory", option, file), bodyHint)
	}
	return f, nil
}

func inputName(file string) string {
	if file == "-" {
		return "the standard input"
	}
	return file
}

// readAll reads r to its end, but gives up beyond limit bytes with
// [errTooLarge] and on an interrupt with [errInterrupted].
func readAll(ctx context.Context, r io.Reader, limit int64) ([]byte, error) {
	return interruptible(ctx, func() ([]byte, error) {
		data, err := io.ReadAll(io.LimitReader(r, limit+1))
		if err == nil && int64(len(data)) > limit {
			return nil, errTooLarge
		}
		return data, err
	})
}

var errTooLarge = errors.New("too large")

// inUTF8 returns the text of a file in UTF-8, without a byte order mark: on
// Windows, PowerShell's > writes UTF-16, and editors put a mark in front.
func inUTF8(text []byte) []byte {
	if marked, found := bytes.CutPrefix(text, []byte("\ufeff")); found {
		return marked
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		order = binary.LittleEndian
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		order = binary.BigEndian
	default:
		return text
	}
	var units []uint16
	for text = text[2:]; len(text) >= 2; text = text[2:] {
		units = append(units, order.Uint16(text))
	}
	return []byte(string(utf16.Decode(units)))
}
