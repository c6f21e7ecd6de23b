package aws

import (
	"bytes"
	"encoding/base64"
	"unicode/utf8"

	"github.com/labelhook/labelhook/core"
)

// sent is the body of an event before the trigger's form of it is undone.
type sent struct {
	text    []byte // the JSON string's; nil if there is none
	shared  bool   // text is in the event's memory
	faulty  bool   // the string holds what cannot have been text; not known where shared
	encoded bool   // the text is base64
}

// exact gives the bytes that the sender sent, in memory of their own.
//
// A trigger puts a body into the event as text, in which case the bytes are
// the text's UTF-8, or as base64. Text with half a surrogate pair in it, or with
// bytes that are not UTF-8, comes from neither: encoding/json reads U+FFFD
// there, which is not what was sent, so it is refused rather than guessed at.
func (s sent) exact() ([]byte, error) {
	if !s.encoded {
		if s.faulty || s.shared && !utf8.Valid(s.text) {
			return nil, core.ErrBodyEncoding
		}
		if s.shared {
			return bytes.Clone(s.text), nil
		}
		return s.text, nil
	}
	body := make([]byte, strict.DecodedLen(len(s.text)))
	n, err := strict.Decode(body, s.text)
	// Package base64 passes over line breaks, so with some the length is no
	// multiple of four, or there is less than it promises.
	if padding := len(s.text) - len(bytes.TrimRight(s.text, "=")); err != nil || len(s.text)%4 != 0 || n != len(body)-padding {
		return nil, core.ErrBodyEncoding
	}
	return body[:n], nil
}

var strict = base64.StdEncoding.Strict()
