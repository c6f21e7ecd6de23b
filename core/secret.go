package core

import (
	"crypto/hmac"
	"crypto/sha1"
	"errors"
	"hash"
	"strings"
	"sync"
)

// Why a text is not usable as a webhook secret. [NewSecret] returns them bare;
// whoever knows where the text came from wraps them with that name.
var (
	ErrSecretEmpty      = errors.New("the secret is empty")
	ErrSecretSpace      = errors.New("the secret begins or ends with white space")
	ErrSecretUnresolved = errors.New("the secret is an unresolved Key Vault reference")
)

// Secret is one webhook secret, ready to sign and verify with. It is made by
// [NewSecret]; the zero Secret proves nothing and is refused by [Verify]. A
// Secret may be copied and used from several goroutines, and never prints its
// text.
type Secret struct {
	macs *sync.Pool // of *mac, keyed once: the key's two hash blocks are not redone per delivery
}

type mac struct {
	hash.Hash
	sum [sha1.Size]byte // here and not on the stack, because Sum's argument escapes
}

// NewSecret prepares the secret as it was given to Labelbox. Labelbox uses the
// UTF-8 bytes of that text, undecoded, as the HMAC key.
//
// One trailing line break is dropped, because files and secret managers add
// one. Anything else that is probably not the secret is refused rather than
// repaired: an empty text ([ErrSecretEmpty]), other white space at either end
// ([ErrSecretSpace]) and the text of a Key Vault reference that Azure did not
// resolve ([ErrSecretUnresolved]).
func NewSecret(text string) (Secret, error) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
	switch {
	case text == "":
		return Secret{}, ErrSecretEmpty
	case strings.TrimSpace(text) != text:
		return Secret{}, ErrSecretSpace
	case strings.HasPrefix(text, "@Microsoft.KeyVault("):
		return Secret{}, ErrSecretUnresolved
	}
	key := []byte(text)
	return Secret{&sync.Pool{New: func() any {
		return &mac{Hash: hmac.New(sha1.New, key)}
	}}}, nil
}

// String hides the secret from every formatter and logger.
func (Secret) String() string { return "[secret]" }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return "core.Secret{[secret]}" }
