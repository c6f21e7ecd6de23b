package core

import (
	"crypto/sha1"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/labelhook/labelhook/core/secret"
)

// The headers of a delivery (https://docs.labelbox.com/reference/webhook).
// Only the first is bound to the body; the other two are not signed.
const (
	SignatureHeader = "X-Hub-Signature"
	IDHeader        = "X-Labelbox-Id"
	EventHeader     = "X-Labelbox-Event"
)

// What [Verify] refuses. The text of an error that matches
// [ErrSignatureMalformed] says in which way.
var (
	ErrSignatureMissing   = errors.New("no " + SignatureHeader + " header")
	ErrSignatureMalformed = errors.New("malformed signature")
	ErrSignatureMismatch  = errors.New("the signature does not match the body under any live secret")
)

// The ways in which a signature is malformed.
const (
	hasSpace       malformed = "white space in the signature"
	isList         malformed = "a comma in the signature: a list, or two headers joined"
	isRepeated     malformed = "two different signatures in one request"
	isBare         malformed = "no algorithm in front of the digest"
	otherAlgorithm malformed = "an algorithm other than sha1"
	otherLength    malformed = "not 40 hexadecimal digits"
	otherDigit     malformed = "a character that is not a hexadecimal digit"
)

type malformed string

func (m malformed) Error() string { return "malformed signature: " + string(m) }
func (malformed) Unwrap() error   { return ErrSignatureMalformed }

// Sign returns the value of the X-Hub-Signature header for body: "sha1=" and
// the lower-case hexadecimal HMAC-SHA1 (RFC 2104) of the exact bytes. The zero
// Secret signs nothing: its signature is "", which [Verify] refuses.
func Sign(body []byte, key secret.Secret) string {
	if key.IsZero() {
		return ""
	}
	mac := key.MAC(body)
	return "sha1=" + hex.EncodeToString(mac[:])
}

// Verify reports whether signature, the value of the X-Hub-Signature header,
// proves that body was signed with one of the secrets. It returns nil,
// [secret.ErrNone], [ErrSignatureMissing] for an empty value, an error matching
// [ErrSignatureMalformed], or [ErrSignatureMismatch].
//
// The only accepted form is "sha1=" and 40 hexadecimal digits of either case.
// All secrets are tried, each compared in constant time, so the time taken
// says neither which one matched nor how nearly. Verify allocates nothing in
// steady state and may be called concurrently.
func Verify(body []byte, signature string, secrets []secret.Secret) error {
	if len(secrets) == 0 {
		return secret.ErrNone
	}
	for _, s := range secrets {
		if s.IsZero() {
			return secret.ErrNone
		}
	}
	claimed, err := parseSignature(signature)
	if err != nil {
		return err
	}
	matches := 0
	for _, s := range secrets {
		mac := s.MAC(body)
		matches |= subtle.ConstantTimeCompare(mac[:], claimed[:])
	}
	if matches == 0 {
		return ErrSignatureMismatch
	}
	return nil
}

func parseSignature(value string) (digest [sha1.Size]byte, err error) {
	algorithm, digits, found := strings.Cut(value, "=")
	if algorithm == "sha1" && len(digits) == hex.EncodedLen(sha1.Size) {
		var text [2 * sha1.Size]byte
		copy(text[:], digits)
		if _, err := hex.Decode(digest[:], text[:]); err == nil {
			return digest, nil
		}
	}
	return digest, malformation(value, algorithm, digits, found)
}

// malformation says what is wrong with a signature that is not well formed.
func malformation(value, algorithm, digits string, found bool) error {
	if value == "" {
		return ErrSignatureMissing
	}
	for _, c := range []byte(value) {
		switch {
		case c <= ' ' || c == 0x7f:
			return hasSpace
		case c == ',':
			return isList
		}
	}
	switch {
	case !found:
		return isBare
	case algorithm != "sha1":
		return otherAlgorithm
	case len(digits) != hex.EncodedLen(sha1.Size):
		return otherLength
	}
	return otherDigit
}
