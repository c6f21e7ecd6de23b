package azure

import (
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"

	"github.com/labelhook/labelhook/azure/internal/sdk"
	"github.com/labelhook/labelhook/azure/internal/vault"
	"github.com/labelhook/labelhook/core/secret"
)

// KeyVault reads webhook secrets from Azure Key Vault. The zero value does so
// as the app's managed identity (the one whose client id is in AZURE_CLIENT_ID,
// if there are several), which needs the role "Key Vault Secrets User".
//
// After a rotation both the current and the previous version count for a while,
// so that no delivery is refused while Labelbox is told. Key Vault itself keeps
// versions without end. One that has leaked must be taken out of use at once by
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
	host, name, err := vault.ParseURL(id)
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
	s := &vault.Secret{What: "secret " + name + " in " + host, Name: name, Client: client, PreviousFor: v.PreviousFor}
	if s.PreviousFor == 0 {
		s.PreviousFor = 24 * time.Hour
	}
	return &secret.Cached{Name: s.What, Fetch: s.Fetch, Timeout: vault.FetchTimeout}, nil
}
