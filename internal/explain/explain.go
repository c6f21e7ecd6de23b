// Package explain finds out why a signature does not match a body.
//
// A webhook signature fails for a handful of reasons that all look the same
// from outside: an editor added a newline, a framework parsed the JSON and
// printed it again, a secret was pasted with its quotation marks. This package
// does what a patient engineer would: it undoes each such accident and computes
// the signature again. An accident is named only if that signature is the one
// that was given, so an explanation is never a guess.
//
// It tries every combination of one way the body travelled ([Explain] knows
// base64, JSON strings, UTF-16 and Lambda events, also one within another), one
// change to its text, one change to the secret, one way of computing the digest
// and one way of writing it down. Some hundreds of digests are the usual price
// of finding nothing.
package explain

import (
	"context"
	"crypto/hmac"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// Verdict is what [Explain] found.
type Verdict struct {
	// Match says that a receiver with these secrets accepts the signature.
	Match bool

	// Secret is the index of the secret that matches or, when Causes is not
	// empty, of the one that does once the causes are undone. It is -1 if there
	// is none.
	Secret int

	// Refusal is the error of [core.Verify], nil if Match.
	Refusal error

	// Causes explain the refusal: all of them together, confirmed by the digest.
	// They are in the order in which to read them, and empty if nothing tried
	// explains it.
	Causes []Cause

	// Tried is the number of digests that were computed to find the causes. It
	// is 0 if there was nothing to search for: a match, no secret, or a signature
	// that holds no digest of a known length.
	Tried int
}

// Cause is one accident that happened to the body, the secret or the
// signature.
type Cause struct {
	Code   string `json:"code"`   // stable, for programs
	What   string `json:"what"`   // what happened
	Remedy string `json:"remedy"` // what to do about it
}

// Explain says whether signature, the value of an X-Hub-Signature header,
// matches body under one of the secrets and, if not, why. The secrets are taken
// raw, as they stand in environment or file: texts that [secret.New]
// refuses are what there may be to explain.
//
// The error is that of ctx, when it ended before the search did.
func Explain(ctx context.Context, body []byte, signature string, secrets []string) (Verdict, error) {
	v := Verdict{Secret: -1, Refusal: secret.ErrNone}
	for i, text := range secrets {
		key, err := secret.New(text)
		if err != nil {
			continue
		}
		if v.Refusal = core.Verify(body, signature, []secret.Secret{key}); v.Refusal == nil {
			v.Match, v.Secret = true, i
			return v, nil
		}
	}
	found, tried, ok := search(ctx, body, signature, secrets)
	v.Tried = tried
	if ok {
		v.Secret, v.Causes = found.key.secret, found.causes()
		return v, nil
	}
	return v, ctx.Err()
}

// proof is a combination whose digest is the one that was claimed.
type proof struct {
	claim  claim
	recipe recipe
	key    key
	body   signedBody
}

func (p proof) causes() []Cause {
	return slices.Concat(p.claim.causes, p.recipe.causes, p.key.causes, p.body.causes)
}

func search(ctx context.Context, body []byte, signature string, secrets []string) (found proof, tried int, ok bool) {
	claims := readClaims(signature)
	if len(claims) == 0 {
		return proof{}, 0, false
	}
	keys := keysOf(secrets)
	recipes := recipesFor(claims)
	for b := range signedBodies(body) {
		for _, r := range recipes {
			for _, k := range keys {
				if ctx.Err() != nil {
					return proof{}, tried, false
				}
				digest := r.digest(k, b.bytes)
				tried++
				for _, c := range claims {
					if hmac.Equal(digest, c.digest) {
						return proof{c, r, k, b}, tried, true
					}
				}
				if r.keyless {
					break
				}
			}
		}
	}
	return proof{}, tried, false
}

// prefixed reports whether s begins with prefix, without regard to case.
func prefixed(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
