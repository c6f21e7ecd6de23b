// Package login has the clients of the destinations sign in as Azure's own tools do
// (environment, workload or managed identity, az, azd), for programs that people run.
// A function does without: its managed identity is all that it has.
package login

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/labelhook/labelhook/azure/internal/sdk"
)

// Use does so. It must be called before the first client is made.
func Use() {
	sdk.Identity, sdk.NoToken = "the identity signed in", "sign in by az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
	sdk.Credential = func() (azcore.TokenCredential, error) {
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: sdk.Options()})
	}
}
