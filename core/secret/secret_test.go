package secret_test

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
)

// asUTF16 is how Windows writes text, little end first.
func asUTF16(text string) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(u))
		b.WriteByte(byte(u >> 8))
	}
	return b.String()
}

// swapped is UTF-16 with the big end first.
func swapped(text string) string {
	b := []byte(text)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}

func TestWhatIsNoSecretIsRefusedByName(t *testing.T) {
	const mark = "\ufeff"
	for want, texts := range map[string][]string{
		"is empty": {"", "\n", "\r\n"},
		"is saved as UTF-16": {
			asUTF16(mark + "opensesame"), asUTF16(mark + "opensesame\r\n"), swapped(asUTF16(mark + "opensesame\n")),
			asUTF16("opensesame"), swapped(asUTF16("opensesame")), asUTF16("opensesamé\n"), "\xff\xfe", "\x00\x00\xfe\xff\x00\x00\x00a",
		},
		"has a byte order mark in it": {mark + "opensesame", "open" + mark + "sesame", "opensesame" + mark, mark},
		"is not valid UTF-8 text":     {"caf\xe9", "\x80", "a\xed\xa0\x80b", "\xc0\x80", "open\ufffdsesame"},
		"has NUL bytes in it":         {"\x00", "\x00\x00\x00\x00", "opensesame\x00", "\x00opensesame", "open\x00sesame", strings.Repeat("\x00", 100)},
		"begins or ends with white space": {
			" ", "\n\n", " opensesame", "opensesame ", "\topensesame", "opensesame\n\n", "opensesame\u00a0", "\u3000opensesame", "opensesame\u2003",
			"\u200bopensesame", "opensesame\u200b", "\u202eopensesame", "opensesame\u2069", "\u200eopensesame", "opensesame\u00ad", "opensesame\u2060", "opensesame\u200d",
			"\u3164", "\u2028opensesame", "opensesame\u0085", "\u200b",
		},
		"has a line break in it":                      {"open\nsesame", "open\r\nsesame", "open\rsesame", "open\vsesame", "open\fsesame", "open\u0085sesame", "open\u2028sesame", "open\u2029sesame"},
		"has a control character in it":               {"open\tsesame", "\x1b[31mopensesame", "opensesame\x7f", "open\u009bsesame", "\x01", "opensesame\x1a", "open\bsesame"},
		"has an invisible formatting character in it": {"open\u200bsesame", "open\u202esesame", "open\u2066sesame", "open\u2060sesame", "open\u00adsesame"},
		"stands in quotation marks":                   {`"opensesame"`, `'opensesame'`, "`opensesame`", `"open\"sesame"`, `""`, "“opensesame”"},
		"is a JSON document":                          {`{"LABELBOX_WEBHOOK_SECRET":"opensesame"}`, `["opensesame"]`, `{}`, `{"a": {"b": null}}`},
		"is a line of settings, NAME=value": {
			"LABELBOX_WEBHOOK_SECRET=opensesame", `LABELBOX_WEBHOOK_SECRET="opensesame"`, "export LABELBOX_WEBHOOK_SECRET=opensesame", "export key=opensesame",
			"set SECRET=opensesame", "$env:LABELBOX_WEBHOOK_SECRET = 'opensesame'", "LABELBOX_WEBHOOK_SECRET: opensesame", "SIGNING_KEY=opensesame", "labelbox_secret = opensesame",
			`"secret": "opensesame"`, "webhookSecret=opensesame", "- LABELBOX_WEBHOOK_SECRET=opensesame", "ENV SECRET=opensesame",
		},
		"is an unresolved reference, the text that names a secret": {
			"@Microsoft.KeyVault(SecretUri=https://x.vault.azure.net/secrets/y)", "@microsoft.keyvault(VaultName=x;SecretName=y)", "@Microsoft.AppConfiguration(Endpoint=x)",
			"{{resolve:secretsmanager:labelbox:SecretString:secret}}", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:labelbox-AbCdEf",
			"arn:aws-cn:ssm:cn-north-1:123456789012:parameter/labelbox", "projects/acme/secrets/labelbox/versions/latest",
			"//secretmanager.googleapis.com/projects/acme/secrets/labelbox", "sm://acme/labelbox", "op://vault/labelbox/secret", "https://acme.vault.azure.net/secrets/labelbox",
			"gcp-sm://labelbox", "ref+awssecrets://labelbox", "vault:secret/data/labelbox#secret", "secretref:labelbox", "!Ref Secret", "/run/secrets/labelbox", "ssm:/labelbox",
			"ENC[AES256_GCM,data:aGk=,iv:aGk=,tag:aGk=,type:str]", "$ANSIBLE_VAULT;1.1;AES256",
		},
		"is a placeholder": {
			"<replace with secret>", "<secret>", "<YOUR SECRET>", "CHANGE-ME", "changeme", "change_me", "Change Me!", "ChangeMe123", "CHANGEME", "change-this-secret",
			"example_secret", "EXAMPLE-SECRET", "your-secret", "your_webhook_secret", "yourSecretHere", "YOUR-LABELBOX-WEBHOOK-SECRET", "replace-me", "replace_with_your_secret",
			"REPLACE_THIS", "insert-your-secret-here", "put your secret here", "placeholder", "todo", "TBD", "null", "undefined", "none", "redacted", "secret-goes-here",
			"${LABELBOX_WEBHOOK_SECRET}", "${{ secrets.LABELBOX }}", "{{ labelbox_secret }}", "{{secret}}", "$(labelbox-secret)", "$(cat secret.txt)", "$LABELBOX_WEBHOOK_SECRET",
			"$env:SECRET", "%SECRET%", "#{secret}#", "__SECRET__", "@@SECRET@@", "<%= secret %>", "[your secret]", "LABELBOX_WEBHOOK_SECRET",
			"the secret you gave Labelbox", "THE_SECRET_YOU_GAVE", "not set", "N/A", "to be set", "{secret}", "{YOUR_SECRET}", "<SECRET #1>", "<html><body>Not found</body></html>",
			"xxxx-xxxx-xxxx", "…", "***", "********", "••••••", "xxxxxxxx", "XXX", "...", "---", "test-${SECRET}",
		},
	} {
		for _, text := range texts {
			s, err := secret.New(text)
			var refused *secret.Error
			if !errors.As(err, &refused) || refused.Problem != want {
				t.Errorf("%+q: got %v, want %v", text, err, want)
				continue
			}
			if refused.Remedy == "" || strings.Contains(fmt.Sprintf("%+v", refused), "sesame") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%+q: %+v", text, refused)
			}
			if got := core.Verify([]byte("{}"), "sha1="+reference([]byte("{}"), ""), []secret.Secret{s}); got != secret.ErrNone {
				t.Errorf("%+q: what comes with the error proves something: %v", text, got)
			}
		}
	}
}

func TestPlausibleSecretsAreTaken(t *testing.T) {
	for _, text := range []string{
		"s", "secret", "opensesame", "the secret given to Labelbox", "correct horse battery staple", "ключ", "日本語の秘密", "naïve café", "👩\u200d🚀 rocket",
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "c2VjcmV0IHRleHQ=", "c2VjcmV0IHRleA==", "abc_DEF=", "ABC_DEF==", "/w3+Zm9v/YmFy=", "//8AAQID",
		"a=b", "x{y}z", "{secret", "[secret", "<a", "a>b<c", "p$(x", "$2b$10$abcdefghijk", "$ecret", "@Admin123@", "100%", "it's", `"half`, "#hash", "your-secretary-likes-tea",
		"replacement-parts-for-horses", "changeling", "exemplary", "CHANGE-ME-9f86d081884c", "example_secret_of_9f86d081", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
		"vault", "vault:x", "arn:x", "projects/x", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "a:b", "key: value", "*a*b", "x.-_", "xx", "-", "{not JSON}", "a\u00a0b",
		"A|b;c,d", strings.Repeat("long", 100), "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_",
	} {
		for _, lineBreak := range []string{"", "\n", "\r\n"} { // which is no part of the key
			s, err := secret.New(text + lineBreak)
			if err != nil {
				t.Errorf("%+q: %v", text+lineBreak, err)
			} else if got := core.Sign([]byte("{}"), s); got != "sha1="+reference([]byte("{}"), text) {
				t.Errorf("%+q is not the key that signs", text)
			}
		}
	}
}

func TestSecretNeverPrints(t *testing.T) {
	s := mustSecret(t, "hush-hush")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		for _, value := range []any{s, &s, []secret.Secret{s}, struct{ S secret.Secret }{s}} {
			text := fmt.Sprintf(format, value)
			if strings.Contains(text, "hush") || strings.Contains(text, hex.EncodeToString([]byte("hush"))) {
				t.Errorf("%s of %T prints %s", format, value, text)
			}
		}
	}
}

// FuzzNew checks that no text that is taken has what HMAC or a person would
// not see, and that no refusal tells the text.
func FuzzNew(f *testing.F) {
	for _, s := range []string{"opensesame\n", "\x00", asUTF16("opensesame"), "\ufeffa", "a\u200bb", `"a"`, "${A}", "A_B=c", "arn:a:b:c:d:e", "change me", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := secret.New(text)
		if err != nil {
			if len(text) > 40 && strings.Contains(err.Error(), text) {
				t.Errorf("%q gives %v", text, err)
			}
			return
		}
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if text == "" || strings.ContainsAny(text, "\x00\n\r\t\v\f\x1b\x7f\ufeff\u2028\u2029\u0085\u200b\u202e\ufffd") || strings.TrimSpace(text) != text {
			t.Errorf("%+q is taken", text)
		}
	})
}
