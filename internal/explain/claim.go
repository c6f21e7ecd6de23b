package explain

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/labelhook/labelhook/core"
)

// claim is a digest read out of a signature header, with what was wrong about
// the way it was written.
type claim struct {
	digest []byte
	causes []Cause
}

var (
	causeHeaderName = Cause{"signature_header_name", "the name of the header stands in front of the signature",
		"give the header's value alone: sha1= and 40 hexadecimal digits"}
	causeSignatureSpace = Cause{"signature_white_space", "the signature has white space around it",
		"trim the header's value before comparing; a receiver refuses it as it is"}
	causeSignatureQuoted = Cause{"signature_quoted", "the signature stands in quotation marks",
		"give the header's value without quotation marks"}
	causeSignatureList = Cause{"signature_list", "several signatures are joined by commas, and only one of them is right",
		"find the proxy or client that sends " + core.SignatureHeader + " twice"}
	causeBareDigest = Cause{"signature_bare", "the digest is right, but no sha1= stands in front of it",
		"send " + core.SignatureHeader + " as sha1= and the digest"}
	causePrefixCase = Cause{"signature_prefix_case", "the digest is right, but the prefix before it is not in lower case",
		"write the prefix as sha1="}
	causePrefixWrong = Cause{"signature_prefix_wrong", "the prefix names another algorithm than the digest was made with",
		"write sha1= in front of an HMAC-SHA1 digest"}
	causeDigestBase64 = Cause{"signature_base64", "the digest is written in base64 instead of hexadecimal",
		"write the digest as 40 hexadecimal digits"}
)

// readClaims reads the digests out of a header value that may be written in
// many ways. It returns none if there is no digest of a known length.
func readClaims(value string) []claim {
	var causes []Cause
	note := func(changed bool, c Cause) {
		if changed {
			causes = append(causes, c)
		}
	}
	trim := func() {
		trimmed := strings.TrimSpace(value)
		note(trimmed != value, causeSignatureSpace)
		value = trimmed
	}
	trim()
	for _, name := range []string{core.SignatureHeader + "-256:", core.SignatureHeader + ":"} {
		if prefixed(value, name) {
			value = strings.TrimSpace(value[len(name):])
			note(true, causeHeaderName)
		}
	}
	if inner, ok := unquoteText(value); ok {
		value = inner
		note(true, causeSignatureQuoted)
		trim()
	}
	parts := strings.Split(value, ",")
	note(len(parts) > 1, causeSignatureList)
	var claims []claim
	for _, part := range parts {
		if c, ok := readClaim(strings.TrimSpace(part)); ok {
			c.causes = slices.Concat(causes, c.causes)
			claims = append(claims, c)
		}
	}
	return claims
}

func readClaim(part string) (c claim, ok bool) {
	prefix, digits, found := strings.Cut(part, "=")
	if !found || digestSize(prefix) == 0 {
		prefix, digits = "", part // an equals sign may also be base64's padding
	}
	digest, err := hex.DecodeString(digits)
	if err != nil || !isDigestSize(len(digest)) {
		for _, encoding := range base64Encodings {
			if digest, err = encoding.DecodeString(digits); err == nil {
				break
			}
		}
		c.causes = append(c.causes, causeDigestBase64)
	}
	switch {
	case err != nil || !isDigestSize(len(digest)):
		return claim{}, false
	case prefix == "":
		c.causes = append(c.causes, causeBareDigest)
	case len(digest) != digestSize(prefix):
		c.causes = append(c.causes, causePrefixWrong)
	case prefix != strings.ToLower(prefix):
		c.causes = append(c.causes, causePrefixCase)
	}
	c.digest = digest
	return c, true
}

// digestSize returns the size of an algorithm's digest, 0 for a name that is
// not an algorithm's.
func digestSize(algorithm string) int {
	switch strings.ToLower(algorithm) {
	case "sha1", "sha-1":
		return sha1.Size
	case "sha256", "sha-256":
		return sha256.Size
	case "sha512", "sha-512":
		return sha512.Size
	}
	return 0
}

func isDigestSize(n int) bool { return n == sha1.Size || n == sha256.Size || n == sha512.Size }

var base64Encodings = []*base64.Encoding{
	base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding,
}

// unquoteText takes a pair of quotation marks off.
func unquoteText(s string) (inner string, ok bool) {
	if len(s) < 2 || s[0] != s[len(s)-1] || (s[0] != '"' && s[0] != '\'') {
		return "", false
	}
	return s[1 : len(s)-1], true
}
