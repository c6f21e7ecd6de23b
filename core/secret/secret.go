package secret

import (
	"crypto/hmac"
	"crypto/sha1"
	"hash"
	"strings"
	"sync"
)

// Secret is one webhook secret, ready to sign and verify with. It is made by
// [New]; the zero Secret proves nothing and is refused wherever one is used. A
// Secret may be copied and used from several goroutines, and never prints its
// text.
type Secret struct {
	macs *sync.Pool // of *mac, keyed once: the key's two hash blocks are not redone per delivery
}

type mac struct {
	hash.Hash
	sum [sha1.Size]byte // here and not on the stack, because Sum's argument escapes
}

// New prepares the secret as it was given to Labelbox. Labelbox uses the
// UTF-8 bytes of that text, undecoded, as the HMAC key.
//
// One trailing line break is dropped, because files and secret managers add
// one. Anything else that is probably not the secret is refused rather than
// repaired, by an [*Error].
func New(text string) (Secret, error) {
	text = withoutLineBreak(text)
	if e := refuseSecret(text); e != nil {
		return Secret{}, e
	}
	key := []byte(text)
	return Secret{&sync.Pool{New: func() any {
		return &mac{Hash: hmac.New(sha1.New, key)}
	}}}, nil
}

func withoutLineBreak(text string) string {
	return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
}

// IsZero reports whether this is the zero Secret, which proves nothing.
func (s Secret) IsZero() bool { return s.macs == nil }

// MAC returns the HMAC-SHA1 (RFC 2104) of body under the secret. It allocates
// nothing in steady state, and panics on the zero Secret.
func (s Secret) MAC(body []byte) [sha1.Size]byte {
	m := s.macs.Get().(*mac)
	defer s.macs.Put(m)
	m.Reset()
	m.Write(body)
	return [sha1.Size]byte(m.Sum(m.sum[:0]))
}

// String hides the secret from every formatter and logger.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "secret.Secret{[secret]}" }
