// Package vault reads the versions of a secret that count from Azure Key Vault.
package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/core/secret"
)

// FetchTimeout is for four round trips when nothing is cached yet: the vault's
// challenge, the identity's token, and two versions with their list.
const FetchTimeout = 5 * time.Second

// ParseURL returns the vault's host and the name of a secret. It takes a slash at
// the end, with which the portal shows the URL.
func ParseURL(id string) (host, name string, err error) {
	u, err := url.Parse(id)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", "", errSecretURL
	}
	path, below := strings.CutPrefix(u.Path, "/secrets/")
	name, version, _ := strings.Cut(path, "/")
	switch {
	case !below, !sdk.IsName(name), version != "" && !sdk.IsName(version):
		return "", "", errSecretURL
	case version != "":
		return "", "", errors.New("this is one version of a secret, which no rotation would change; leave the version out: https://VAULT.vault.azure.net/secrets/NAME")
	}
	return u.Host, name, nil
}

var errSecretURL = errors.New("this is not the URL of a secret in Key Vault; write https://VAULT.vault.azure.net/secrets/NAME")

// Secret is a secret in a vault.
type Secret struct {
	What        string // it is called in errors
	Name        string
	Client      *azsecrets.Client
	PreviousFor time.Duration // how long the previous version counts
}

// Fetch reads the versions that count. The previous one is a help and never a
// hindrance: when there is none, it may not be read or holds no usable secret, the
// current one counts alone. Only when the vault does not say is there an error,
// because deliveries signed with it might be refused for good.
func (s *Secret) Fetch(ctx context.Context) ([]secret.Secret, error) {
	current, err := s.read(ctx, "")
	if err != nil {
		return nil, sdk.Explain(s.What, err, vaultRemedies)
	}
	first, err := secretOf(current)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.What, err)
	}
	secrets := []secret.Secret{first}
	if time.Since(created(current.Attributes)) >= s.PreviousFor {
		return secrets, nil
	}
	second, err := s.previous(ctx, current)
	switch {
	case err == nil:
		return append(secrets, second...), nil
	case refused(err):
		return secrets, nil
	}
	return nil, sdk.Explain(s.What+", previous version", err, vaultRemedies)
}

// vaultRemedies are by the codes of
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes.
var vaultRemedies = sdk.Remedies{
	"Forbidden":      `give the app's identity the role "Key Vault Secrets User" on the vault, let the vault's firewall admit the app, and see that the secret is enabled`,
	"Unauthorized":   "give the app a managed identity of the vault's tenant",
	"SecretNotFound": "create it in this vault, or correct LABELBOX_WEBHOOK_SECRET_ID",
}

// previous returns the secret of the version before current, or nothing.
func (s *Secret) previous(ctx context.Context, current azsecrets.Secret) ([]secret.Secret, error) {
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
func (s *Secret) versionBefore(ctx context.Context, current azsecrets.Secret) (version string, err error) {
	var newest time.Time
	pages := s.Client.NewListSecretPropertiesVersionsPager(s.Name, nil)
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

func (s *Secret) read(ctx context.Context, version string) (azsecrets.Secret, error) {
	response, err := s.Client.GetSecret(ctx, s.Name, version, nil)
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
