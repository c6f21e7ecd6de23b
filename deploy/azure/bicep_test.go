package azure_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The Bicep compiler is not needed for these tests, and they are no compiler:
// they hold the template to what must not get lost from it.

// resources returns the text of each resource of the template by its name.
func resources(t testing.TB, template string) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?ms)^resource (\w+) '([^']+)' = (.*?)^(?:\}|\}\])$`).FindAllStringSubmatch(template, -1) {
		found[m[1]] = m[2] + "\n" + m[3]
	}
	if n := strings.Count(template, "\nresource "); n != len(found) {
		t.Fatalf("read %d resources of %d", len(found), n)
	}
	return found
}

func TestTemplateHasWhatTheAppNeeds(t *testing.T) {
	template := string(read(t, "main.bicep"))
	all := resources(t, template)
	for name, wants := range map[string][]string{
		"storage":      {"Microsoft.Storage/storageAccounts@", "allowSharedKeyAccess: false", "allowBlobPublicAccess: false", "minimumTlsVersion: 'TLS1_2'", "supportsHttpsTrafficOnly: true"},
		"packages":     {"blobServices/containers@", "parent: blobs"},
		"deliveries":   {"blobServices/containers@", "parent: blobs", "name: 'deliveries'"},
		"deadLetters":  {"blobServices/containers@", "parent: blobs", "name: 'dead-letters'"},
		"vault":        {"Microsoft.KeyVault/vaults@", "enableRbacAuthorization: true"},
		"secret":       {"if (!empty(webhookSecret))", "name: 'labelbox-webhook-secret'", "value: webhookSecret"},
		"secretBefore": {"if (!empty(previousSecret))", "name: 'labelbox-webhook-secret-previous'", "value: previousSecret"},
		"insights":     {"Microsoft.Insights/components@", "WorkspaceResourceId: workspace.id", "DisableLocalAuth: true"},
		"plan":         {"Microsoft.Web/serverfarms@", "name: 'FC1'", "tier: 'FlexConsumption'", "reserved: true"},
		"app": {"Microsoft.Web/sites@", "kind: 'functionapp,linux'", "type: 'SystemAssigned'", "httpsOnly: true", "name: 'custom'", "version: runtimeVersion",
			"type: 'blobContainer'", "authentication: { type: 'SystemAssignedIdentity' }", "${packages.name}"},
		"settings": {"Microsoft.Web/sites/config@", "name: 'appsettings'", "AzureWebJobsStorage__accountName: storage.name", "readVault ? fromVault : fromReference"},
	} {
		text, found := all[name]
		if !found {
			t.Errorf("there is no %s", name)
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	// Flex Consumption refuses the first three; the last would come before the
	// right to read the vault.
	for _, banned := range []string{"FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION", "WEBSITE_RUN_FROM_PACKAGE", "appSettings:"} {
		if strings.Contains(template, banned) {
			t.Errorf("the template has %s", banned)
		}
	}
	for _, banned := range []string{"listKeys", "AccountKey", "SharedAccessKey", "connectionString("} {
		if strings.Contains(template, banned) {
			t.Errorf("a key is used: %s", banned)
		}
	}
	for _, secret := range []string{"webhookSecret", "previousSecret"} {
		if !regexp.MustCompile(`@secure\(\)\nparam ` + secret + ` string`).MatchString(template) {
			t.Errorf("%s would be in the deployment's history", secret)
		}
	}
	// A reference without a version follows a rotation.
	if n := len(regexp.MustCompile(`@Microsoft\.KeyVault\(SecretUri=\$\{vault\.properties\.vaultUri\}secrets/[a-z-]+/\)`).FindAllString(template, -1)); n != 2 {
		t.Errorf("%d key vault references without a version", n)
	}
}

func TestTemplateGivesTheAppItsRoles(t *testing.T) {
	template := string(read(t, "main.bicep"))
	all := resources(t, template)
	ids := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'$`).FindAllStringSubmatch(template, -1) {
		ids[m[1]] = m[2]
	}
	for name, role := range map[string]struct{ scope, role, id string }{
		"ownBlobs":     {"storage", "storageBlobDataOwner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"},
		"sendMessages": {"storage", "storageQueueDataMessageSender", "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a"},
		"readSecrets":  {"vault", "keyVaultSecretsUser", "4633458b-17de-408a-b874-0445c86b69e6"},
		"writeLogs":    {"insights", "monitoringMetricsPublisher", "3913510d-42f4-4e42-8a64-420c390055eb"},
	} {
		text := all[name]
		for _, want := range []string{
			"Microsoft.Authorization/roleAssignments@",
			"scope: " + role.scope + "\n",
			"name: guid(" + role.scope + ".id, app.id, roles." + role.role + ")",
			"'Microsoft.Authorization/roleDefinitions', roles." + role.role + ")",
			"principalId: app.identity.principalId",
			"principalType: 'ServicePrincipal'",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
		if ids[role.role] != role.id {
			t.Errorf("%s is %q", role.role, ids[role.role])
		}
		delete(ids, role.role)
	}
	if len(ids) != 0 {
		t.Errorf("roles that nobody has: %q", ids)
	}
}

// Before the app may read the vault, a reference to it would be taken for the
// secret itself.
func TestTemplateSetsTheSettingsLast(t *testing.T) {
	settings := resources(t, string(read(t, "main.bicep")))["settings"]
	_, list, _ := strings.Cut(settings, "dependsOn: [")
	list, _, _ = strings.Cut(list, "]")
	after := strings.Fields(list)
	for _, name := range []string{"readSecrets", "ownBlobs", "sendMessages", "writeLogs", "secret", "secretBefore"} {
		if !slices.Contains(after, name) {
			t.Errorf("the settings do not wait for %s, only for %q", name, after)
		}
	}
}

// Of every parameter that deploy.sh passes there is one, and the other way
// round.
func TestScriptAndTemplateAgreeOnParameters(t *testing.T) {
	names := func(pattern, text string) (names []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return names
	}
	declared := names(`(?m)^param (\w+) `, string(read(t, "main.bicep")))
	passed := names(`"([A-Za-z]+)=\$[a-z_]+"`, regexp.MustCompile(`(?s)\nparameters "name=.*?>"\$file"`).FindString(string(read(t, "deploy.sh"))))
	if !slices.Equal(declared, passed) {
		t.Errorf("the template has %q\ndeploy.sh passes  %q", declared, passed)
	}
}
