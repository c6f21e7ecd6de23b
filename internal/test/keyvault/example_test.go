package keyvault_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/labelhook/labelhook/internal/test/keyvault"
)

// The vault is found by its real name, and lets nobody in without a token.
func TestVaultWithoutToken(t *testing.T) {
	vault := keyvault.New(t)
	response, err := vault.Client().Get(keyvault.URL("labelbox"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") == "" || len(vault.Calls()) != 0 {
		t.Errorf("answered %s, %v", response.Status, response.Header)
	}
}

func Example() {
	fmt.Println(keyvault.URL("labelbox"))
	// Output: https://example.vault.azure.net/secrets/labelbox
}
