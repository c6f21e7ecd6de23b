package azure_test

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/azure"
	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/test/keyvault"
	"github.com/labelhook/labelhook/internal/test/required"
)

var body = []byte(`{"dataRowIds":["row"]}`)

// source is of the secret "labelbox" in the vault.
func source(t testing.TB, vault *keyvault.Vault, previousFor time.Duration) secret.Source {
	t.Helper()
	secrets, err := azure.KeyVault{PreviousFor: previousFor, Credential: vault.Credential(), Transport: vault.Client()}.Secrets(keyvault.URL("labelbox"))
	required.NoError(t, err)
	return secrets
}

// live says which of the texts are secrets of the source, in its order.
func live(t testing.TB, source secret.Source, texts ...string) (found []string) {
	t.Helper()
	secrets, err := source.Secrets(t.Context())
	required.NoError(t, err)
	for _, s := range secrets {
		i := slices.IndexFunc(texts, func(text string) bool { return core.Sign(body, s) == signed(t, text) })
		if i < 0 {
			found = append(found, "something else")
			continue
		}
		found = append(found, texts[i])
	}
	return found
}

func signed(t testing.TB, text string) string {
	t.Helper()
	s, err := secret.New(text)
	required.NoError(t, err)
	return core.Sign(body, s)
}

func TestKeyVaultVersionsThatCount(t *testing.T) {
	ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
	hour := time.Hour
	for name, test := range map[string]struct {
		versions    []keyvault.Version
		previousFor time.Duration
		fail        func(*http.Request) (int, string)
		want        []string
		calls       int
	}{
		"only one": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}},
			want:     []string{"new"}, calls: 2,
		},
		"current and previous": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: "old", Created: ago(900 * hour)}},
			want:     []string{"new", "old"}, calls: 3,
		},
		"the previous of many, on several pages": {
			versions: []keyvault.Version{
				{ID: "a", Value: "older", Created: ago(5 * hour)}, {ID: "b", Value: "old", Created: ago(2 * hour)},
				{ID: "c", Value: "new", Created: ago(hour)}, {ID: "d", Value: "oldest", Created: ago(9 * hour)}, {ID: "e", Value: "oldest", Created: ago(8 * hour)},
			},
			want: []string{"new", "old"}, calls: 5,
		},
		"rotated more than a day ago": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(25 * hour)}, {ID: "b", Value: "old", Created: ago(26 * hour)}},
			want:     []string{"new"}, calls: 1,
		},
		"a window of the owner's": {
			versions:    []keyvault.Version{{ID: "a", Value: "new", Created: ago(2 * hour)}, {ID: "b", Value: "old", Created: ago(26 * hour)}},
			previousFor: hour,
			want:        []string{"new"}, calls: 1,
		},
		"a longer window": {
			versions:    []keyvault.Version{{ID: "a", Value: "new", Created: ago(25 * hour)}, {ID: "b", Value: "old", Created: ago(26 * hour)}},
			previousFor: 48 * hour,
			want:        []string{"new", "old"}, calls: 3,
		},
		"no window": {
			versions:    []keyvault.Version{{ID: "a", Value: "new", Created: ago(0)}, {ID: "b", Value: "old", Created: ago(hour)}},
			previousFor: -1,
			want:        []string{"new"}, calls: 1,
		},
		"previous disabled": {
			versions: []keyvault.Version{
				{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: "leaked", Created: ago(2 * hour), Disabled: true},
				{ID: "c", Value: "older", Created: ago(3 * hour)},
			},
			want: []string{"new", "older"}, calls: 4,
		},
		"previous expired": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: "old", Created: ago(2 * hour), Expires: ago(hour)}},
			want:     []string{"new"}, calls: 2,
		},
		"previous not yet valid": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: "old", Created: ago(2 * hour), NotBefore: ago(-hour)}},
			want:     []string{"new"}, calls: 2,
		},
		"previous not usable": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: " ", Created: ago(2 * hour)}},
			want:     []string{"new"}, calls: 3,
		},
		"list not allowed": {
			versions: []keyvault.Version{{ID: "a", Value: "new", Created: ago(hour)}, {ID: "b", Value: "old", Created: ago(2 * hour)}},
			fail: func(r *http.Request) (int, string) {
				if strings.HasSuffix(r.URL.Path, "/versions") {
					return 403, "Forbidden"
				}
				return 0, ""
			},
			want: []string{"new"}, calls: 2,
		},
		"a line break behind the value": {
			versions: []keyvault.Version{{ID: "a", Value: "new\n", Created: ago(hour)}},
			want:     []string{"new"}, calls: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			vault := keyvault.New(t)
			vault.Set("labelbox", test.versions...)
			vault.Fail(test.fail)
			secrets := source(t, vault, test.previousFor)
			for range 2 { // the second time out of the cache
				if got := live(t, secrets, "new", "old", "older", "oldest"); !slices.Equal(got, test.want) {
					t.Errorf("%q count, want %q", got, test.want)
				}
			}
			if calls := vault.Calls(); len(calls) != test.calls {
				t.Errorf("the vault was asked for %q, want %d calls", calls, test.calls)
			}
		})
	}
}

func TestKeyVaultRotationLosesNothing(t *testing.T) {
	vault := keyvault.New(t)
	old := keyvault.Version{ID: "a", Value: "old", Created: time.Now().Add(-time.Hour)}
	vault.Set("labelbox", old)
	receiver := core.Receiver{Secrets: source(t, vault, 0), Observe: core.LogTo(slog.New(slog.DiscardHandler))}
	receive := func(secret string) int {
		return receiver.Receive(t.Context(), core.Request{
			Method: "POST", Body: body, Header: http.Header{core.SignatureHeader: {signed(t, secret)}},
		}).Status
	}
	if status := receive("old"); status != 200 {
		t.Errorf("before: %d", status)
	}
	vault.Set("labelbox", old, keyvault.Version{ID: "b", Value: "new", Created: time.Now()})
	for _, secret := range []string{"new", "old", "new"} {
		if status := receive(secret); status != 200 {
			t.Errorf("signed with the %s one: %d", secret, status)
		}
	}
	if status := receive("another"); status != 401 {
		t.Errorf("forged: %d", status)
	}
}

func TestKeyVaultErrors(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		code   string
		value  string
		want   []string
	}{
		"no permission":    {403, "Forbidden", "", []string{"secret labelbox in example.vault.azure.net", "403 Forbidden", `"Key Vault Secrets User"`}},
		"no such secret":   {404, "SecretNotFound", "", []string{"404 SecretNotFound", "create it"}},
		"broken":           {400, "BadParameter", "", []string{"400 BadParameter"}},
		"empty":            {0, "", "", []string{"the secret is empty", "given to Labelbox"}},
		"white space":      {0, "", " x", []string{"white space"}},
		"NUL":              {0, "", "\x00\x00", []string{"NUL bytes"}},
		"a placeholder":    {0, "", "CHANGE-ME", []string{"a placeholder; make up a secret"}},
		"in quotes":        {0, "", `"opensesame"`, []string{"stands in quotation marks"}},
		"a JSON document":  {0, "", `{"secret":"opensesame"}`, []string{"is a JSON document"}},
		"unresolved again": {0, "", "@Microsoft.KeyVault(SecretUri=x)", []string{"unresolved"}},
	} {
		t.Run(name, func(t *testing.T) {
			vault := keyvault.New(t)
			vault.Set("labelbox", keyvault.Version{ID: "a", Value: test.value, Created: time.Now()})
			vault.Fail(func(*http.Request) (int, string) { return test.status, test.code })
			_, err := source(t, vault, 0).Secrets(t.Context())
			if !errors.Is(err, secret.ErrNone) {
				t.Fatalf("error %v", err)
			}
			text := strings.TrimPrefix(err.Error(), secret.ErrNone.Error()+"\n")
			for _, part := range test.want {
				if !strings.Contains(text, part) {
					t.Errorf("%q does not say %q", text, part)
				}
			}
			if strings.Contains(text, "\n") || strings.Contains(text, "token of") {
				t.Errorf("%q is not one line, or tells a token", text)
			}
		})
	}
}

// A vault that does not answer the question about the previous version must not
// make deliveries that are signed with it look forged.
func TestKeyVaultPreviousVersionUnknown(t *testing.T) {
	vault := keyvault.New(t)
	vault.Set("labelbox", keyvault.Version{ID: "a", Value: "new", Created: time.Now()})
	vault.Fail(func(r *http.Request) (int, string) {
		if strings.HasSuffix(r.URL.Path, "/versions") {
			return 501, "NotImplemented" // is not tried again
		}
		return 0, ""
	})
	_, err := source(t, vault, 0).Secrets(t.Context())
	if !errors.Is(err, secret.ErrNone) || !strings.Contains(err.Error(), "previous version") {
		t.Error(err)
	}
}

func TestKeyVaultRefusesOtherURLs(t *testing.T) {
	for id, want := range map[string]string{
		"https://v.vault.azure.net/secrets/name":          "",
		"https://v.vault.azure.net/secrets/name/":         "",
		"https://v.vault.usgovcloudapi.net/secrets/Na-me": "",
		"https://v.vault.azure.net/secrets/name/0123abcd": "leave the version out",
		"https://v.vault.azure.net/secrets/":              "is not the URL",
		"https://v.vault.azure.net/keys/name":             "is not the URL",
		"https://v.vault.azure.net/secrets/na_me":         "is not the URL",
		"https://v.vault.azure.net/secrets/name?a=b":      "is not the URL",
		"https://v.vault.azure.net/secrets/name#a":        "is not the URL",
		"https://user:pass@v.vault.azure.net/secrets/a":   "is not the URL",
		"http://v.vault.azure.net/secrets/name":           "is not the URL",
		"https:///secrets/name":                           "is not the URL",
		"name":                                            "is not the URL",
		"":                                                "is not the URL",
		"https://v.vault.azure.net/secrets/%zz":           "is not the URL",
	} {
		_, err := azure.KeyVault{}.Secrets(id)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", id, err, want)
		}
		if err != nil && id != "" && id != "name" && strings.Contains(err.Error(), id) {
			t.Errorf("%q is repeated: %v", id, err)
		}
	}
}
