package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core/secret"
)

// KeyVault reads webhook secrets from Azure Key Vault. The zero value does so
// as the app's managed identity (the one whose client id is in AZURE_CLIENT_ID,
// if there are several), which needs the role "Key Vault Secrets User".
//
// After a rotation both the current and the previous version count for a while,
// so that no delivery is refused while Labelbox is told. Key Vault itself keeps
// versions for ever. One that has leaked must be taken out of use at once by
// disabling it:
//
//	az keyvault secret set-attributes --vault-name VAULT --name NAME \
//		--version VERSION --enabled false
type KeyVault struct {
	// PreviousFor is how long the previous version counts after the current one
	// was created. Zero means 24 hours; below zero, never.
	PreviousFor time.Duration

	// Credential signs in; nil means the managed identity.
	Credential azcore.TokenCredential

	// Transport sends requests; nil means one of our own, with time-outs.
	Transport policy.Transporter
}

// Secrets makes the source for a secret's URL,
// https://VAULT.vault.azure.net/secrets/NAME, without a version. It asks the
// vault when its secrets are first needed, and then as seldom as
// [secret.Cached] does. The vault's host may be that of any Azure cloud; it
// is given no token that is not for itself.
//
// An error that Secrets returns is about the URL and does not repeat it.
func (v KeyVault) Secrets(id string) (secret.Source, error) {
	host, name, err := parseSecretURL(id)
	if err != nil {
		return nil, err
	}
	credential := v.Credential
	if credential == nil {
		if credential, err = sdk.Credential(); err != nil {
			return nil, err
		}
	}
	options := &azsecrets.ClientOptions{ClientOptions: sdk.Options()}
	if v.Transport != nil {
		options.Transport = v.Transport
	}
	client, err := azsecrets.NewClient("https://"+host, credential, options)
	if err != nil {
		return nil, err
	}
	s := &vaultSecret{"secret " + name + " in " + host, name, client, v.PreviousFor}
	if s.previousFor == 0 {
		s.previousFor = 24 * time.Hour
	}
	return &secret.Cached{Name: s.what, Fetch: s.fetch, Timeout: fetchTimeout}, nil
}

// fetchTimeout is for four round trips when nothing is cached yet: the vault's
// challenge, the identity's token, and two versions with their list.
const fetchTimeout = 5 * time.Second

// parseSecretURL takes a slash at the end, with which the portal shows the URL.
func parseSecretURL(id string) (host, name string, err error) {
	u, err := url.Parse(id)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", errSecretURL
	}
	path, below := strings.CutPrefix(u.Path, "/secrets/")
	name, version, _ := strings.Cut(path, "/")
	switch {
	case !below, !isName(name), version != "" && !isName(version):
		return "", "", errSecretURL
	case version != "":
		return "", "", errors.New("this is one version of a secret, which no rotation would change; leave the version out: https://VAULT.vault.azure.net/secrets/NAME")
	}
	return u.Host, name, nil
}

// isName reports whether text could be a name in Key Vault, an invocation or
// another id: 1 to 127 letters, digits and hyphens.
func isName(text string) bool {
	for _, c := range []byte(text) {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return 1 <= len(text) && len(text) <= 127
}

var errSecretURL = errors.New("this is not the URL of a secret in Key Vault; write https://VAULT.vault.azure.net/secrets/NAME")

type vaultSecret struct {
	what        string // it is called in errors
	name        string
	client      *azsecrets.Client
	previousFor time.Duration
}

// fetch reads the versions that count. The previous one is a help and never a
// hindrance: when there is none, it may not be read or holds no usable secret, the
// current one counts alone. Only when the vault does not say is there an error,
// because deliveries signed with it might be refused for good.
func (s *vaultSecret) fetch(ctx context.Context) ([]secret.Secret, error) {
	current, err := s.read(ctx, "")
	if err != nil {
		return nil, sdk.Explain(s.what, err, vaultRemedies)
	}
	first, err := secretOf(current)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.what, err)
	}
	secrets := []secret.Secret{first}
	if time.Since(created(current.Attributes)) >= s.previousFor {
		return secrets, nil
	}
	second, err := s.previous(ctx, current)
	switch {
	case err == nil:
		return append(secrets, second...), nil
	case refused(err):
		return secrets, nil
	}
	return nil, sdk.Explain(s.what+", previous version", err, vaultRemedies)
}

// vaultRemedies are by the codes of
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes.
var vaultRemedies = sdk.Remedies{
	"Forbidden":      `give the app's identity the role "Key Vault Secrets User" on the vault, let the vault's firewall admit the app, and see that the secret is enabled`,
	"Unauthorized":   "give the app a managed identity of the vault's tenant",
	"SecretNotFound": "create it in this vault, or correct LABELBOX_WEBHOOK_SECRET_ID",
}

// previous returns the secret of the version before current, or nothing.
func (s *vaultSecret) previous(ctx context.Context, current azsecrets.Secret) ([]secret.Secret, error) {
	version, err := s.versionBefore(ctx, current)
	if err != nil || version == "" {
		return nil, err
	}
	value, err := s.read(ctx, version)
	if err != nil {
		return nil, err
	}
	before, err := secretOf(value)
	if err != nil {
		return nil, nil // not usable
	}
	return []secret.Secret{before}, nil
}

// versionBefore finds the newest version that is older than current and in
// use, "" if there is none. The vault lists versions in no order.
func (s *vaultSecret) versionBefore(ctx context.Context, current azsecrets.Secret) (version string, err error) {
	var newest time.Time
	pages := s.client.NewListSecretPropertiesVersionsPager(s.name, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, p := range page.Value {
			if p.ID == nil || current.ID == nil || p.ID.Version() == current.ID.Version() || !inUse(p.Attributes) {
				continue
			}
			made := created(p.Attributes)
			if made.After(created(current.Attributes)) || !made.After(newest) {
				continue
			}
			version, newest = p.ID.Version(), made
		}
	}
	return version, nil
}

func (s *vaultSecret) read(ctx context.Context, version string) (azsecrets.Secret, error) {
	response, err := s.client.GetSecret(ctx, s.name, version, nil)
	return response.Secret, err
}

func secretOf(s azsecrets.Secret) (secret.Secret, error) {
	text := ""
	if s.Value != nil {
		text = *s.Value
	}
	usable, err := secret.New(text)
	var refused *secret.Error
	if errors.As(err, &refused) {
		return secret.Secret{}, fmt.Errorf("%w; %s", refused, refused.Remedy)
	}
	return usable, err
}

// created returns zero if the vault does not say.
func created(a *azsecrets.SecretAttributes) (t time.Time) {
	if a != nil && a.Created != nil {
		t = *a.Created
	}
	return t
}

// inUse reports whether the version may be used now, as its owner has set it.
func inUse(a *azsecrets.SecretAttributes) bool {
	now := time.Now()
	return a != nil &&
		(a.Enabled == nil || *a.Enabled) &&
		(a.NotBefore == nil || !now.Before(*a.NotBefore)) &&
		(a.Expires == nil || now.Before(*a.Expires))
}

// refused reports whether the vault has understood the question and will not
// answer it, however often it is asked.
func refused(err error) bool {
	var response *azcore.ResponseError
	return errors.As(err, &response) && 400 <= response.StatusCode && response.StatusCode <= 499 &&
		response.StatusCode != http.StatusTooManyRequests && response.StatusCode != http.StatusRequestTimeout
}
