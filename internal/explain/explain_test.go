package explain

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/samples"
)

const (
	shared = "c0ffee-and-a-long-tail"
	signed = `{"id": "clvo7b6h501ic07fdbg62c32w", "name": "Café ☕", "zoom": 1.0, "a": [1, 2]}`
)

func mac(h func() hash.Hash, key, body string) string {
	m := hmac.New(h, []byte(key))
	m.Write([]byte(body))
	return hex.EncodeToString(m.Sum(nil))
}

func sign(key, body string) string { return "sha1=" + mac(sha1.New, key, body) }

func explain(t *testing.T, body, signature string, secrets ...string) Verdict {
	t.Helper()
	v, err := Explain(t.Context(), []byte(body), signature, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func codes(v Verdict) []string {
	var all []string
	for _, c := range v.Causes {
		all = append(all, c.Code)
	}
	return all
}

func wantCodes(t *testing.T, v Verdict, want ...string) {
	t.Helper()
	if got := codes(v); !slices.Equal(got, want) {
		t.Errorf("causes %q, want %q", got, want)
	}
	for _, c := range v.Causes {
		if c.What == "" || c.Remedy == "" {
			t.Errorf("cause %q lacks words", c.Code)
		}
	}
	if v.Match {
		t.Error("an explained mismatch must not be a match")
	}
	if v.Refusal == nil {
		t.Error("an explained mismatch has no refusal")
	}
}

func TestMatch(t *testing.T) {
	for name, c := range map[string]struct {
		body, signature string
		secrets         []string
		index           int
	}{
		"as signed":                      {signed, sign(shared, signed), []string{shared}, 0},
		"upper-case digits":              {signed, "sha1=" + strings.ToUpper(mac(sha1.New, shared, signed)), []string{shared}, 0},
		"previous secret":                {signed, sign("older", signed), []string{shared, "older"}, 1},
		"secret with its file's newline": {signed, sign(shared, signed), []string{shared + "\n"}, 0},
		"empty body":                     {"", sign(shared, ""), []string{shared}, 0},
		"refused secret beside":          {signed, sign(shared, signed), []string{" x ", shared}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := explain(t, c.body, c.signature, c.secrets...)
			if !v.Match || v.Secret != c.index || v.Refusal != nil || len(v.Causes) > 0 {
				t.Errorf("verdict %+v", v)
			}
		})
	}
}

func TestNothingExplainsIt(t *testing.T) {
	for name, c := range map[string]struct {
		body, signature string
		secrets         []string
		refusal         error
		searched        bool
	}{
		"another secret":   {signed, sign("another secret", signed), []string{shared}, core.ErrSignatureMismatch, true},
		"another body":     {signed, sign(shared, signed+"x"), []string{shared}, core.ErrSignatureMismatch, true},
		"truncated":        {signed, sign(shared, signed)[:30], []string{shared}, core.ErrSignatureMalformed, false},
		"not a signature":  {signed, "hello", []string{shared}, core.ErrSignatureMalformed, false},
		"no signature":     {signed, "", []string{shared}, core.ErrSignatureMissing, false},
		"no secret":        {signed, sign(shared, signed), nil, secret.ErrNone, false},
		"empty secret":     {signed, sign(shared, signed), []string{""}, secret.ErrNone, true},
		"MD5":              {signed, "md5=d41d8cd98f00b204e9800998ecf8427e", []string{shared}, core.ErrSignatureMalformed, false},
		"body is not JSON": {"\xff\xfe\x00", sign(shared, signed), []string{shared}, core.ErrSignatureMismatch, true},
	} {
		t.Run(name, func(t *testing.T) {
			v := explain(t, c.body, c.signature, c.secrets...)
			if v.Match || v.Secret != -1 || len(v.Causes) > 0 {
				t.Errorf("verdict %+v", v)
			}
			if !errors.Is(v.Refusal, c.refusal) {
				t.Errorf("refusal %v, want %v", v.Refusal, c.refusal)
			}
			if (v.Tried > 0) != c.searched {
				t.Errorf("tried %d digests, want some: %v", v.Tried, c.searched)
			}
		})
	}
}

// utf16Of writes text as Windows does, with its mark.
func utf16Of(text string) string {
	out := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

// asLatin1 reads each byte as a code point, which is what a wrong decoding does.
func asLatin1(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		b.WriteRune(rune(c))
	}
	return b.String()
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestBody(t *testing.T) {
	const lines = "{\n  \"a\": 1,\n  \"b\": \"é\"\n}\n"
	std := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	latin1 := strings.NewReplacer("é", "\xe9")
	for name, c := range map[string]struct {
		have, signed string
		codes        []string
	}{
		"newline added":                   {signed + "\n", signed, []string{"newline_added"}},
		"CRLF added":                      {signed + "\r\n", signed, []string{"newline_added"}},
		"newline lost":                    {strings.TrimSuffix(lines, "\n"), lines, []string{"newline_lost"}},
		"CRLF lost":                       {signed, signed + "\r\n", []string{"newline_lost"}},
		"LF became CRLF":                  {strings.ReplaceAll(lines, "\n", "\r\n"), lines, []string{"crlf_for_lf"}},
		"CRLF became LF":                  {lines, strings.ReplaceAll(lines, "\n", "\r\n"), []string{"lf_for_crlf"}},
		"CRLF, and one more":              {strings.ReplaceAll(lines, "\n", "\r\n"), strings.TrimSuffix(lines, "\n"), []string{"crlf_for_lf", "newline_added"}},
		"CRLF, and one less":              {strings.TrimSuffix(strings.ReplaceAll(lines, "\n", "\r\n"), "\r\n"), lines, []string{"crlf_for_lf", "newline_lost"}},
		"LF, and one more":                {"{\n}\n", "{\r\n}", []string{"lf_for_crlf", "newline_added"}},
		"LF, and one less":                {"{\n}", "{\r\n}\r\n", []string{"lf_for_crlf", "newline_lost"}},
		"white space around":              {"  " + signed + "\n\n", signed, []string{"white_space_added"}},
		"byte order mark added":           {byteOrderMark + signed, signed, []string{"byte_order_mark_added"}},
		"byte order mark lost":            {signed, byteOrderMark + signed, []string{"byte_order_mark_lost"}},
		"base64":                          {std(signed), signed, []string{"body_base64"}},
		"base64, unpadded":                {base64.RawStdEncoding.EncodeToString([]byte(signed)), signed, []string{"body_base64"}},
		"base64 for URLs":                 {base64.URLEncoding.EncodeToString([]byte(signed + "\xff\xfe?>")), signed + "\xff\xfe?>", []string{"body_base64"}},
		"base64 for URLs, unpadded":       {base64.RawURLEncoding.EncodeToString([]byte(signed + "\xff\xfe?>")), signed + "\xff\xfe?>", []string{"body_base64"}},
		"base64 in lines":                 {std(signed)[:76] + "\n" + std(signed)[76:] + "\n", signed, []string{"body_base64"}},
		"base64 twice":                    {std(std(signed)), signed, []string{"body_base64", "body_base64"}},
		"base64 of a body with a newline": {std(signed + "\n"), signed, []string{"body_base64", "newline_added"}},
		"base64 was signed":               {signed, std(signed), []string{"body_base64_signed"}},
		"JSON string":                     {quoted(signed) + "\n", signed, []string{"body_json_string"}},
		"inside of a JSON string":         {strings.Trim(quoted(lines), `"`), lines, []string{"body_json_escaped"}},
		"base64 in a JSON string":         {quoted(std(signed)), signed, []string{"body_json_string", "body_base64"}},
		"JSON string was signed":          {lines, quoted(lines), []string{"body_json_string_signed"}},
		"Lambda event":                    {`{"version":"2.0","body":` + quoted(signed) + `,"isBase64Encoded":false}`, signed, []string{"body_in_lambda_event"}},
		"Lambda event with base64":        {`{"isBase64Encoded":true,"body":"` + std(signed) + `"}`, signed, []string{"body_in_lambda_event"}},
		"UTF-16":                          {utf16Of(signed), signed, []string{"body_utf16"}},
		"UTF-16 with CRLF":                {utf16Of(signed + "\r\n"), signed, []string{"body_utf16", "newline_added"}},
		"UTF-8 twice":                     {asLatin1(signed), signed, []string{"utf8_twice"}},
		"Latin-1":                         {latin1.Replace(lines), lines, []string{"latin1"}},
		"UTF-8 twice was signed":          {signed, asLatin1(signed), []string{"utf8_once"}},
		"the empty body was signed":       {signed, "", []string{"body_empty_signed"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := explain(t, c.have, sign(shared, c.signed), "other", shared)
			wantCodes(t, v, c.codes...)
			if v.Secret != 1 {
				t.Errorf("secret %d, want 1", v.Secret)
			}
		})
	}
}

func TestSecret(t *testing.T) {
	const hexSecret = "00112233445566778899aabbccddeeff"
	for name, c := range map[string]struct {
		ours, theirs, code string
	}{
		"blank behind":                   {shared + " ", shared, "secret_white_space"},
		"blank in front":                 {"\t" + shared, shared, "secret_white_space"},
		"two line breaks":                {shared + "\n\n", shared, "secret_white_space"},
		"theirs has the blank, too":      {shared + " ", shared + " ", "secret_refused"},
		"theirs has a newline":           {shared, shared + "\n", "secret_line_break"},
		"theirs has a CRLF":              {shared, shared + "\r\n", "secret_line_break"},
		"both have a newline":            {shared + "\n", shared + "\n", "secret_line_break"},
		"double quotes":                  {`"` + shared + `"`, shared, "secret_quoted"},
		"single quotes":                  {`'` + shared + `'`, shared, "secret_quoted"},
		"theirs has double quotes":       {shared, `"` + shared + `"`, "secret_unquoted"},
		"theirs has single quotes":       {shared, `'` + shared + `'`, "secret_unquoted"},
		`\n as two characters`:           {shared + `\n`, shared, "secret_escape"},
		"byte order mark":                {byteOrderMark + shared, shared, "secret_byte_order_mark"},
		"theirs decoded from hex":        {hexSecret, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", "secret_hex_decoded"},
		"theirs decoded from base64":     {base64.StdEncoding.EncodeToString([]byte(shared)), shared, "secret_base64_decoded"},
		"decoded from base64 of a line":  {base64.StdEncoding.EncodeToString([]byte(shared + "\n")), shared, "secret_base64_decoded"},
		"decoded from unpadded URL form": {base64.RawURLEncoding.EncodeToString([]byte("??>>~~~~")), "??>>~~~~", "secret_base64_decoded"},
		"theirs in base64":               {shared, base64.StdEncoding.EncodeToString([]byte(shared)), "secret_base64_encoded"},
		"theirs in hex":                  {shared, hex.EncodeToString([]byte(shared)), "secret_hex_encoded"},
		"a JSON object":                  {`{"user":"x","webhook":` + quoted(shared) + `}`, shared, "secret_in_json"},
		"theirs is empty":                {shared, "", "secret_empty"},
		"a line of settings":             {"LABELBOX_WEBHOOK_SECRET=" + shared, shared, "secret_assignment"},
		"an exported one in quotes":      {`export KEY="` + shared + "\"\n", shared, "secret_assignment"},
		"a line of YAML":                 {"secret: '" + shared + "'", shared, "secret_assignment"},
		"theirs is a line of settings":   {shared, "LABELBOX_WEBHOOK_SECRET=" + shared, "secret_with_name"},
		"in UTF-16":                      {utf16Of(shared + "\r\n"), shared, "secret_utf16"},
		"in UTF-16 without a mark":       {strings.TrimPrefix(utf16Of(shared), "\xff\xfe"), shared, "secret_utf16"},
		"in UTF-16, the second line":     {utf16Of("other\r\n" + shared + "\r\n"), shared, "secret_utf16"},
		"settings in UTF-16":             {utf16Of("A=" + shared + "\r\n"), shared, "secret_utf16"},
		"theirs in UTF-16":               {shared, strings.TrimPrefix(utf16Of(shared), "\xff\xfe"), "secret_utf16_signed"},
		"an invisible character":         {shared + "\u200b", shared, "secret_white_space"},
		"a placeholder on both sides":    {"example_secret", "example_secret", "secret_refused"},
		"NUL bytes behind":               {shared + "\x00", shared, "secret_refused"},
		"unresolved reference":           {"@Microsoft.KeyVault(SecretUri=x)", "@Microsoft.KeyVault(SecretUri=x)", "secret_unresolved"},
	} {
		t.Run(name, func(t *testing.T) {
			wantCodes(t, explain(t, signed, sign(c.theirs, signed), c.ours), c.code)
		})
	}
}

func TestSignature(t *testing.T) {
	digest := mac(sha1.New, shared, signed)
	raw, _ := hex.DecodeString(digest)
	plain := func(parts ...string) string {
		sum := sha1.Sum([]byte(strings.Join(parts, "")))
		return "sha1=" + hex.EncodeToString(sum[:])
	}
	for name, c := range map[string]struct {
		signature string
		codes     []string
	}{
		"bare digest":             {digest, []string{"signature_bare"}},
		"upper-case prefix":       {"SHA1=" + digest, []string{"signature_prefix_case"}},
		"prefix sha256":           {"sha256=" + digest, []string{"signature_prefix_wrong"}},
		"HMAC-SHA256":             {"sha256=" + mac(sha256.New, shared, signed), []string{"algorithm"}},
		"HMAC-SHA256, bare":       {mac(sha256.New, shared, signed), []string{"signature_bare", "algorithm"}},
		"HMAC-SHA256 as sha1":     {"sha1=" + mac(sha256.New, shared, signed), []string{"signature_prefix_wrong", "algorithm"}},
		"HMAC-SHA512":             {"sha512=" + mac(sha512.New, shared, signed), []string{"algorithm"}},
		"white space":             {" sha1=" + digest + "\n", []string{"signature_white_space"}},
		"quotation marks":         {`"sha1=` + digest + `"`, []string{"signature_quoted"}},
		"header name":             {"x-hub-signature: sha1=" + digest, []string{"signature_header_name"}},
		"header name 256":         {"X-Hub-Signature-256: sha256=" + mac(sha256.New, shared, signed), []string{"signature_header_name", "algorithm"}},
		"two joined":              {"sha1=" + strings.Repeat("0", 40) + ", sha1=" + digest, []string{"signature_list"}},
		"base64 digest":           {"sha1=" + base64.StdEncoding.EncodeToString(raw), []string{"signature_base64"}},
		"bare base64 digest":      {base64.StdEncoding.EncodeToString(raw), []string{"signature_base64", "signature_bare"}},
		"SHA-1 of secret + body":  {plain(shared, signed), []string{"digest_of_secret_and_body"}},
		"SHA-1 of body + secret":  {plain(signed, shared), []string{"digest_of_body_and_secret"}},
		"SHA-1 of the body alone": {plain(signed), []string{"digest_of_body"}},
		"key and message swapped": {sign(signed, shared), []string{"hmac_swapped"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantCodes(t, explain(t, signed, c.signature, shared), c.codes...)
		})
	}
}

func TestCombinations(t *testing.T) {
	compactForm := strings.NewReplacer(", ", ",", ": ", ":").Replace(signed)
	for name, c := range map[string]struct {
		have, signature, secret string
		codes                   []string
	}{
		"newline and quoted secret": {signed + "\n", sign(shared, signed), `"` + shared + `"`,
			[]string{"secret_quoted", "newline_added"}},
		"SHA-256, blank, base64": {base64.StdEncoding.EncodeToString([]byte(signed)), "sha256=" + mac(sha256.New, shared, signed), shared + " ",
			[]string{"algorithm", "secret_white_space", "body_base64"}},
		"bare, hex secret, printed again": {signed, mac(sha1.New, "\x01\x02\x03\x04", compactForm), "01020304",
			[]string{"signature_bare", "secret_hex_decoded", "json_reprinted"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantCodes(t, explain(t, c.have, c.signature, c.secret), c.codes...)
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Explain(ctx, []byte(signed), sign("x", signed), []string{shared}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// FuzzExplain checks that a match is claimed exactly when crypto/hmac confirms
// it, and that whatever explains a refusal leads to the digest that was given.
func FuzzExplain(f *testing.F) {
	for _, s := range samples.All() {
		f.Add(s.Body(), sign(shared, string(s.Body())), shared)
		f.Add(s.Body(), sign(shared, string(s.Body())+"\n"), shared+" ")
	}
	f.Add([]byte(`"\ud800\udc00\u00e9"`), "sha1=", `{"a":"b"}`)
	f.Add([]byte(utf16Of(signed)), mac(sha256.New, shared, signed), " "+shared)
	f.Add([]byte(`{"1":-0,"0":1e999,"a":[{},[],1.50],"a":2}`), `"SHA1=`+mac(sha1.New, "", "{}")+`"`, "")
	f.Fuzz(func(t *testing.T, body []byte, signature, text string) {
		v, err := Explain(t.Context(), body, signature, []string{text})
		if err != nil {
			t.Fatal(err)
		}
		trimmed := strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		usable := strings.TrimSpace(trimmed) == trimmed && trimmed != "" && !strings.HasPrefix(trimmed, "@Microsoft.KeyVault(")
		digits, prefixed := strings.CutPrefix(signature, "sha1=")
		genuine := usable && prefixed && strings.ToLower(digits) == mac(sha1.New, trimmed, string(body))
		if v.Match != genuine {
			t.Fatalf("match %v, crypto/hmac says %v", v.Match, genuine)
		}
		if v.Match != (v.Refusal == nil) || v.Match && len(v.Causes) > 0 || (len(v.Causes) > 0 || v.Match) != (v.Secret == 0) {
			t.Fatalf("contradiction in %+v", v)
		}
		p, _, found := search(t.Context(), body, signature, []string{text})
		if found && !slices.ContainsFunc(readClaims(signature), func(c claim) bool {
			return hmac.Equal(c.digest, p.recipe.digest(p.key, p.body.bytes))
		}) {
			t.Fatalf("explained by %q, which does not lead to the digest", codes(v))
		}
	})
}

func BenchmarkNothingExplainsIt(b *testing.B) {
	body := samples.All()[0].Body()
	for b.Loop() {
		if _, err := Explain(b.Context(), body, sign("x", "y"), []string{shared, "another"}); err != nil {
			b.Fatal(err)
		}
	}
}
