package core_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// reference is HMAC-SHA1 as the documentation's Python has it.
func reference(body []byte, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func TestSignIsHMACSHA1OverTheExactBytes(t *testing.T) {
	for _, body := range [][]byte{nil, []byte("{}"), []byte("{}\n"), {0, 0xff, '\r', '\n'}, []byte(strings.Repeat("ü", 1<<16))} {
		for _, secret := range []string{"s", "ключ", strings.Repeat("long", 100)} {
			want := "sha1=" + reference(body, secret)
			if got := core.Sign(body, mustSecret(t, secret)); got != want {
				t.Errorf("Sign(%.10q, %.10q) = %s, want %s", body, secret, got, want)
			}
		}
	}
}

func TestVerifyAcceptsOnlyTheExactForm(t *testing.T) {
	body := []byte(`{"a":1}`)
	digest := reference(body, "secret")
	wrong := reference([]byte(`{"a":2}`), "secret")
	const (
		space     = "white space in the signature"
		list      = "a comma in the signature"
		bare      = "no algorithm in front"
		algorithm = "other than sha1"
		length    = "not 40 hexadecimal digits"
		digit     = "not a hexadecimal digit"
	)
	for name, test := range map[string]struct {
		signature string
		want      any // an error, or what the text of a malformed one says
	}{
		"lower-case digits":        {"sha1=" + digest, nil},
		"upper-case digits":        {"sha1=" + strings.ToUpper(digest), nil},
		"another body's digest":    {"sha1=" + wrong, core.ErrSignatureMismatch},
		"nothing":                  {"", core.ErrSignatureMissing},
		"only the prefix":          {"sha1=", length},
		"bare digest":              {digest, bare},
		"truncated by one":         {"sha1=" + digest[:39], length},
		"truncated to half":        {"sha1=" + digest[:20], length},
		"one digit too many":       {"sha1=" + digest + "0", length},
		"not a hexadecimal digit":  {"sha1=" + digest[:39] + "g", digit},
		"non-ASCII digit":          {"sha1=" + digest[:38] + "é", digit},
		"upper-case prefix":        {"SHA1=" + digest, algorithm},
		"sha256":                   {"sha256=" + strings.Repeat("0", 64), algorithm},
		"md5 with 40 digits":       {"md5=" + digest, algorithm},
		"empty prefix":             {"=" + digest, algorithm},
		"blank in front":           {" sha1=" + digest, space},
		"blank behind":             {"sha1=" + digest + " ", space},
		"blank inside":             {"sha1= " + digest, space},
		"newline behind":           {"sha1=" + digest + "\n", space},
		"NUL behind":               {"sha1=" + digest + "\x00", space},
		"comma list":               {"sha1=" + digest + ",sha1=" + digest, list},
		"comma list, right second": {"sha1=" + wrong + ",sha1=" + digest, list},
		"prefix twice":             {"sha1=sha1=" + digest[:35], digit},
	} {
		t.Run(name, func(t *testing.T) {
			err := core.Verify(body, test.signature, []secret.Secret{mustSecret(t, "secret")})
			if text, ok := test.want.(string); ok {
				if !errors.Is(err, core.ErrSignatureMalformed) || !strings.Contains(err.Error(), text) {
					t.Errorf("got %v, want malformed: %s", err, text)
				}
			} else if err != test.want {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

func TestVerifyTriesEverySecret(t *testing.T) {
	body := []byte("body")
	for i := range 3 {
		secrets := []secret.Secret{mustSecret(t, "a"), mustSecret(t, "b"), mustSecret(t, "c")}
		if err := core.Verify(body, core.Sign(body, secrets[i]), secrets); err != nil {
			t.Errorf("signed with secret %d: %v", i, err)
		}
	}
	if err := core.Verify(body, core.Sign(body, mustSecret(t, "d")), []secret.Secret{mustSecret(t, "a")}); err != core.ErrSignatureMismatch {
		t.Errorf("signed with a strange secret: %v", err)
	}
}

func TestVerifyWithoutAUsableSecretProvesNothing(t *testing.T) {
	signature := "sha1=" + reference([]byte("body"), "")
	for name, secrets := range map[string][]secret.Secret{
		"none":                {},
		"the zero Secret":     {{}},
		"a good and the zero": {mustSecret(t, "a"), {}},
	} {
		if err := core.Verify([]byte("body"), signature, secrets); err != secret.ErrNone {
			t.Errorf("%s: got %v, want ErrNone", name, err)
		}
	}
	if signature := core.Sign([]byte("body"), secret.Secret{}); signature != "" {
		t.Errorf("the zero Secret signs %q", signature)
	}
}

func TestVerifyConcurrently(t *testing.T) {
	secrets := []secret.Secret{mustSecret(t, "a"), mustSecret(t, "b")}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				body := fmt.Appendf(nil, "body %d %d", i, j)
				if err := core.Verify(body, core.Sign(body, secrets[j%2]), secrets); err != nil {
					t.Error(err)
				}
				if err := core.Verify(body, "sha1="+reference(body, "c"), secrets); err != core.ErrSignatureMismatch {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzSignatureHeader(f *testing.F) {
	f.Add("sha1=" + reference([]byte("body"), "secret"))
	f.Add("sha1=" + strings.ToUpper(reference([]byte("body"), "secret")))
	f.Add("sha1=, sha256=\x00")
	secrets := []secret.Secret{mustSecret(f, "secret")}
	f.Fuzz(func(t *testing.T, header string) {
		accepted := core.Verify([]byte("body"), header, secrets) == nil
		// The one thing accepted is the right value, in either case of digits.
		text, prefixed := strings.CutPrefix(header, "sha1=")
		digest, err := hex.DecodeString(text)
		want := prefixed && err == nil && hex.EncodeToString(digest) == reference([]byte("body"), "secret")
		if accepted != want {
			t.Errorf("Verify accepts %q: %v, want %v", header, accepted, want)
		}
	})
}
