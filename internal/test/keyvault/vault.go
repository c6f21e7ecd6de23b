// Package keyvault is Azure Key Vault on this machine, for tests: a vault
// behind TLS under its real name, the endpoint that gives an app's managed
// identity its tokens, and a proxy by which processes find the vault.
package keyvault

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Host is the name of the vault.
const Host = "example.vault.azure.net"

// URL returns the URL of a secret in the vault.
func URL(name string) string { return "https://" + Host + "/secrets/" + name }

// Version is one version of a secret. Created has seconds in the vault.
type Version struct {
	ID      string
	Value   string
	Created time.Time

	Disabled  bool
	NotBefore time.Time // zero means none
	Expires   time.Time // zero means none
}

// Vault holds secrets. Its methods may be called concurrently.
type Vault struct {
	network

	mu      sync.Mutex
	secrets map[string][]Version
	fail    func(r *http.Request) (status int, code string)
	calls   []string
}

// New starts a vault that ends with the test.
func New(t testing.TB) *Vault {
	v := &Vault{secrets: map[string][]Version{}}
	v.network = connect(t, http.HandlerFunc(v.serve), http.HandlerFunc(v.token))
	return v
}

// Set replaces the versions of a secret, in any order.
func (v *Vault) Set(name string, versions ...Version) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.secrets[name] = versions
}

// Fail makes the vault answer what f returns, unless that is 0. f is called
// for every request that has a valid token; nil ends it.
func (v *Vault) Fail(f func(r *http.Request) (status int, code string)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail = f
}

// Calls returns the paths that were asked for since the last call, with a valid
// token, and "token" for each token that was given out.
func (v *Vault) Calls() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	calls := v.calls
	v.calls = nil
	return calls
}

const (
	resource = "https://vault.azure.net"
	token    = "token of the managed identity"
	proof    = "proof that the app asks" // what X-IDENTITY-HEADER must be
)

// token is the endpoint of App Service
// (https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference).
func (v *Vault) token(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("X-IDENTITY-HEADER") != proof || r.FormValue("resource") != resource {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	v.calls = append(v.calls, "token")
	v.mu.Unlock()
	write(w, http.StatusOK, map[string]string{
		"access_token": token,
		"expires_on":   fmt.Sprint(time.Now().Add(time.Hour).Unix()),
		"resource":     resource,
		"token_type":   "Bearer",
	})
}

// serve is the vault (https://learn.microsoft.com/rest/api/keyvault/secrets).
func (v *Vault) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+token {
		w.Header().Set("WWW-Authenticate", `Bearer authorization="https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555", resource="`+resource+`"`)
		refuse(w, http.StatusUnauthorized, "Unauthorized")
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls = append(v.calls, r.URL.Path)
	if v.fail != nil {
		if status, code := v.fail(r); status != 0 {
			refuse(w, status, code)
			return
		}
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 2 || len(parts) > 3 || parts[0] != "secrets" || v.secrets[parts[1]] == nil {
		refuse(w, http.StatusNotFound, "SecretNotFound")
		return
	}
	name, versions := parts[1], v.secrets[parts[1]]
	switch {
	case len(parts) == 2:
		show(w, name, slices.MaxFunc(versions, func(a, b Version) int { return a.Created.Compare(b.Created) }))
	case parts[2] == "versions":
		list(w, r, name, versions)
	default:
		i := slices.IndexFunc(versions, func(v Version) bool { return v.ID == parts[2] })
		if i < 0 {
			refuse(w, http.StatusNotFound, "SecretNotFound")
			return
		}
		show(w, name, versions[i])
	}
}

func show(w http.ResponseWriter, name string, v Version) {
	if v.Disabled {
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	properties := v.properties(name)
	properties["value"] = v.Value
	write(w, http.StatusOK, properties)
}

// list answers two versions a page, ordered by their ids.
func list(w http.ResponseWriter, r *http.Request, name string, versions []Version) {
	versions = slices.SortedFunc(slices.Values(versions), func(a, b Version) int { return cmp.Compare(a.ID, b.ID) })
	var skip int
	fmt.Sscan(r.FormValue("skip"), &skip)
	page := map[string]any{"nextLink": nil}
	var values []any
	for i, v := range versions[skip:] {
		if i == 2 {
			page["nextLink"] = fmt.Sprintf("%s/versions?api-version=%s&skip=%d", URL(name), r.FormValue("api-version"), skip+2)
			break
		}
		values = append(values, v.properties(name))
	}
	page["value"] = values
	write(w, http.StatusOK, page)
}

func (v Version) properties(name string) map[string]any {
	attributes := map[string]any{"enabled": !v.Disabled, "created": v.Created.Unix(), "updated": v.Created.Unix(), "recoveryLevel": "Recoverable"}
	if !v.NotBefore.IsZero() {
		attributes["nbf"] = v.NotBefore.Unix()
	}
	if !v.Expires.IsZero() {
		attributes["exp"] = v.Expires.Unix()
	}
	return map[string]any{"id": URL(name) + "/" + v.ID, "attributes": attributes}
}

func refuse(w http.ResponseWriter, status int, code string) {
	write(w, status, map[string]any{"error": map[string]any{"code": code, "message": "of several\nlines, with " + token}})
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value)
}
