package explain

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// signedBody is what the sender may have signed, given the bytes we have.
type signedBody struct {
	bytes  []byte
	causes []Cause
}

const byteOrderMark = "\uFEFF"

const rawBytes = "verify the raw bytes of the request, before anything decodes, edits or prints them"

var (
	// Ways in which a body travels.
	causeBase64 = Cause{"body_base64", "the bytes are base64 that was not decoded",
		"decode the body before verifying (Lambda marks such bodies isBase64Encoded)"}
	causeQuoted = Cause{"body_json_string", "the bytes are the body quoted as a JSON string that was not undone",
		"decode the JSON string before verifying (jq -r, JSON.parse)"}
	causeEscaped = Cause{"body_json_escaped", "the bytes are the body with the escaping of a JSON string left in",
		"decode the JSON string before verifying (jq -r, JSON.parse)"}
	causeLambda = Cause{"body_in_lambda_event", `the bytes are a whole Lambda event; the signed ones are in its "body"`,
		`verify the value of "body", decoded from base64 if isBase64Encoded is true`}
	causeUTF16 = Cause{"body_utf16", "the bytes are UTF-16, but UTF-8 was signed",
		"save the body as UTF-8 (older PowerShells write UTF-16 with > and Out-File); better: " + rawBytes}

	// Changes to its text.
	causeNewlineAdded = Cause{"newline_added", "a trailing newline was added that was not signed",
		rawBytes + " (an editor, echo or a shell adds a newline; printf '%s' does not)"}
	causeNewlineLost = Cause{"newline_lost", "the trailing newline that was signed is lost",
		rawBytes + " (a shell's $(…), curl -d @file and many editors drop newlines; curl --data-binary does not)"}
	causeSpaceAdded = Cause{"white_space_added", "white space was added around the body that was not signed", rawBytes}
	causeCRLFAdded  = Cause{"crlf_for_lf", "the line ends are CRLF, but LF was signed",
		rawBytes + " (git's autocrlf and Windows editors change line ends)"}
	causeCRLFLost = Cause{"lf_for_crlf", "the line ends are LF, but CRLF was signed",
		rawBytes + " (git's autocrlf and text mode change line ends)"}
	causeMarkAdded = Cause{"byte_order_mark_added", "a UTF-8 byte order mark was added that was not signed",
		rawBytes + " (Windows editors and PowerShell add the mark)"}
	causeMarkLost = Cause{"byte_order_mark_lost", "the UTF-8 byte order mark that was signed is lost", rawBytes}
	causeTwice    = Cause{"utf8_twice", "the bytes were encoded as UTF-8 twice: the UTF-8 that was signed was read as Latin-1 in between",
		"read the body as bytes or as UTF-8, never as Latin-1"}
	causeLatin1 = Cause{"latin1", "the bytes are Latin-1, but UTF-8 was signed",
		"keep the body's bytes, or write them as UTF-8"}
	causeSignedTwice = Cause{"utf8_once", "the sender signed the UTF-8 of its UTF-8 read as Latin-1",
		"make the sender sign the bytes that it sends"}
	causeSignedBase64 = Cause{"body_base64_signed", "the sender signed the base64 of the body: encoded once too often",
		"make the sender sign the bytes that it sends"}
	causeSignedQuoted = Cause{"body_json_string_signed", "the sender signed the body quoted as a JSON string: encoded once too often",
		"make the sender sign the bytes that it sends"}
	causeEmpty = Cause{"body_empty_signed", "the signature is that of an empty body: the body was dropped before it was signed",
		"make the sender sign the bytes that it sends; a chunked body may have been dropped on its way to the signer"}
)

// signedBodies walks over everything the sender may have signed, the body as it
// is first, no bytes twice. The bytes are valid until the next step.
func signedBodies(body []byte) func(yield func(signedBody) bool) {
	return func(yield func(signedBody) bool) {
		seed, seen := maphash.MakeSeed(), map[uint64]bool{}
		fresh := func(b []byte) bool {
			h := maphash.Bytes(seed, b)
			known := seen[h]
			seen[h] = true
			return !known
		}
		for _, text := range unpack(body) {
			ok := changes(text.bytes, func(signed []byte, causes ...Cause) bool {
				return !fresh(signed) || yield(signedBody{signed, slices.Concat(text.causes, causes)})
			})
			if !ok {
				return
			}
		}
		if fresh(nil) {
			yield(signedBody{nil, []Cause{causeEmpty}})
		}
	}
}

// unpack returns the body as it is, what it carries if it is an envelope of
// some kind, and what that carries.
func unpack(body []byte) []signedBody {
	all := []signedBody{{body, nil}}
	for _, outer := range carried(body) {
		all = append(all, outer)
		for _, inner := range carried(outer.bytes) {
			inner.causes = slices.Concat(outer.causes, inner.causes)
			all = append(all, inner)
		}
	}
	return all
}

func carried(body []byte) []signedBody {
	var found []signedBody
	add := func(b []byte, c Cause) {
		if len(b) > 0 {
			found = append(found, signedBody{b, []Cause{c}})
		}
	}
	for _, text := range [...][]byte{body, removeSpace(body)} { // base64 comes in lines, too
		if b, ok := decodeBase64(text); ok {
			add(b, causeBase64)
			break
		}
	}
	text := bytes.TrimSpace(body)
	if s, ok := unquoteJSON(text); ok {
		add([]byte(s), causeQuoted)
	} else if s, ok := unquoteJSON(append(append([]byte{'"'}, text...), '"')); ok && s != string(text) {
		add([]byte(s), causeEscaped)
	}
	var event struct {
		body    string
		encoded bool
	}
	if len(text) > 0 && text[0] == '{' {
		if t, err := parse(text); err == nil {
			for _, m := range t.members {
				switch {
				case m.name.text() == "body" && m.value.kind == jsontext.KindString:
					event.body = m.value.text()
				case m.name.text() == "isBase64Encoded":
					event.encoded = m.value.kind == jsontext.KindTrue
				}
			}
		}
	}
	if event.encoded {
		b, _ := decodeBase64([]byte(event.body))
		add(b, causeLambda)
	} else {
		add([]byte(event.body), causeLambda)
	}
	if s, ok := decodeUTF16(body); ok {
		add([]byte(s), causeUTF16)
	}
	return found
}

// changes calls yield with the text as it was before each of the accidents
// that can have befallen it, until yield returns false, which it passes on.
func changes(b []byte, yield func(signed []byte, causes ...Cause) bool) bool {
	withoutNewline := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	lf := bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n"))
	crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
	joined := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	newline := []byte("\n")
	return yield(b) &&
		yield(withoutNewline, causeNewlineAdded) &&
		yield(joined(b, newline), causeNewlineLost) &&
		yield(joined(b, []byte("\r\n")), causeNewlineLost) &&
		yield(lf, causeCRLFAdded) &&
		yield(bytes.TrimSuffix(lf, newline), causeCRLFAdded, causeNewlineAdded) &&
		yield(joined(lf, newline), causeCRLFAdded, causeNewlineLost) &&
		yield(crlf, causeCRLFLost) &&
		yield(bytes.TrimSuffix(crlf, []byte("\r\n")), causeCRLFLost, causeNewlineAdded) &&
		yield(joined(crlf, []byte("\r\n")), causeCRLFLost, causeNewlineLost) &&
		yield(bytes.TrimSpace(b), causeSpaceAdded) &&
		yield(bytes.TrimPrefix(b, []byte(byteOrderMark)), causeMarkAdded) &&
		yield(joined([]byte(byteOrderMark), b), causeMarkLost) &&
		reprinted(b, yield) &&
		recoded(b, yield) &&
		yield([]byte(base64.StdEncoding.EncodeToString(b)), causeSignedBase64) &&
		yield(quoteJSON(b), causeSignedQuoted)
}

// reprinted yields the JSON in every form that the sender may have printed it
// in, with and without a newline at the end.
func reprinted(b []byte, yield func([]byte, ...Cause) bool) bool {
	t, err := parse(bytes.TrimPrefix(b, []byte(byteOrderMark)))
	if err != nil || t.kind != jsontext.KindBeginObject && t.kind != jsontext.KindBeginArray {
		return true
	}
	var out []byte
	for name, p := range printers {
		out = p.print(out[:0], t, 0)
		remedy := rawBytes + " (a framework's parsed body, printed again, is not what was signed)"
		what := "the JSON was parsed and printed again: what was signed is " + name
		if !yield(out, Cause{"json_reprinted", what, remedy}) {
			return false
		}
		out = append(out, '\n')
		if !yield(out, Cause{"json_reprinted", what + ", and a newline", remedy}) {
			return false
		}
	}
	return true
}

// recoded yields the text before Latin-1 was mistaken for UTF-8 or the other
// way round.
func recoded(b []byte, yield func([]byte, ...Cause) bool) bool {
	if narrow, ok := toLatin1(b); ok && !yield(narrow, causeTwice) {
		return false
	}
	cause := causeSignedTwice
	if !utf8.Valid(b) {
		cause = causeLatin1
	}
	return yield(fromLatin1(b), cause)
}

// toLatin1 writes each code point of UTF-8 text as one byte.
func toLatin1(b []byte) (narrow []byte, ok bool) {
	narrow = make([]byte, 0, len(b))
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r > unicode.MaxLatin1 {
			return nil, false // utf8.RuneError is also larger
		}
		narrow, b = append(narrow, byte(r)), b[size:]
	}
	return narrow, true
}

// fromLatin1 writes each byte as one code point of UTF-8 text.
func fromLatin1(b []byte) []byte {
	wide := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		wide = utf8.AppendRune(wide, rune(c))
	}
	return wide
}

func decodeBase64(text []byte) ([]byte, bool) {
	for _, encoding := range base64Encodings {
		if b, err := encoding.AppendDecode(nil, text); err == nil {
			return b, true
		}
	}
	return nil, false
}

func removeSpace(b []byte) []byte { return bytes.Join(bytes.Fields(b), nil) }

func unquoteJSON(literal []byte) (string, bool) {
	if len(literal) < 2 || literal[0] != '"' {
		return "", false
	}
	t, err := parse(literal)
	if err != nil {
		return "", false
	}
	return t.text(), true
}

func quoteJSON(b []byte) []byte {
	out := []byte{'"'}
	for _, r := range string(b) {
		out = plainText(out, r)
	}
	return append(out, '"')
}

// decodeUTF16 reads UTF-16 of either byte order that begins with its mark.
func decodeUTF16(b []byte) (string, bool) {
	if len(b) < 4 || len(b)%2 != 0 {
		return "", false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 0xfe {
		order = binary.BigEndian
	}
	if order.Uint16(b) != 0xfeff {
		return "", false
	}
	units := make([]uint16, 0, len(b)/2)
	for b = b[2:]; len(b) > 0; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units)), true
}
