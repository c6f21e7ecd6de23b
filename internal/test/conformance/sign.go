package conformance

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
)

// sign is Labelbox's signature, made without the code under test.
func sign(body []byte, secret string) string { return "sha1=" + digest(body, secret) }

func digest(body []byte, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
