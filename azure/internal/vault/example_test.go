package vault_test

import (
	"fmt"

	"github.com/labelhook/labelhook/azure/internal/vault"
)

func Example() {
	fmt.Println(vault.ParseURL("https://acme.vault.azure.net/secrets/labelbox/"))
	// Output: acme.vault.azure.net labelbox <nil>
}
