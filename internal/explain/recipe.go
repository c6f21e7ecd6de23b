package explain

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
)

// recipe is a way of making a digest of a secret and a body.
type recipe struct {
	causes  []Cause
	keyless bool // the secret plays no part
	digest  func(k key, body []byte) []byte
}

// recipesFor returns the recipes whose digests have the length of one of the
// claims, the right one first.
func recipesFor(claims []claim) []recipe {
	var recipes []recipe
	for _, algorithm := range []struct {
		name string
		hash func() hash.Hash
		size int
	}{
		{"SHA-1", sha1.New, sha1.Size},
		{"SHA-256", sha256.New, sha256.Size},
		{"SHA-512", sha512.New, sha512.Size},
	} {
		for _, c := range claims {
			if len(c.digest) == algorithm.size {
				recipes = append(recipes, recipesOf(algorithm.name, algorithm.hash)...)
				break
			}
		}
	}
	return recipes
}

func recipesOf(name string, newHash func() hash.Hash) []recipe {
	var other []Cause
	if name != "SHA-1" {
		other = []Cause{{"algorithm", "the digest is " + name + ", but Labelbox signs with SHA-1",
			"take the value of X-Hub-Signature (not X-Hub-Signature-256), or sign with HMAC-SHA1"}}
	}
	with := func(code, what string) []Cause {
		return slices.Concat(other, []Cause{{code, what,
			"use HMAC (RFC 2104) with the secret as key and the body as message"}})
	}
	joined := func(parts ...[]byte) []byte {
		h := newHash()
		for _, p := range parts {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	return []recipe{
		{other, false, func(k key, body []byte) []byte {
			m := hmac.New(newHash, k.bytes)
			m.Write(body)
			return m.Sum(nil)
		}},
		{with("digest_of_body", "the digest is a plain "+name+" of the body: no secret went into it"), true,
			func(_ key, body []byte) []byte { return joined(body) }},
		{with("digest_of_secret_and_body", "the digest is a plain "+name+" of secret and body joined, not an HMAC"), false,
			func(k key, body []byte) []byte { return joined(k.bytes, body) }},
		{with("digest_of_body_and_secret", "the digest is a plain "+name+" of body and secret joined, not an HMAC"), false,
			func(k key, body []byte) []byte { return joined(body, k.bytes) }},
		{with("hmac_swapped", "secret and body are swapped: the body was the key of the HMAC and the secret its message"), false,
			func(k key, body []byte) []byte {
				m := hmac.New(newHash, body)
				m.Write(k.bytes)
				return m.Sum(nil)
			}},
	}
}
