package azure_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/internal/test/required"
)

// The Bicep compiler is not needed for these tests, and they are no compiler:
// they hold the template to what must not get lost from it.

// resources returns the text of each resource of the template by its name.
func resources(t testing.TB, template string) map[string]string {
	found := map[string]string{}
	for _, m := range regexp.MustCompile(`(?ms)^resource (\w+) '([^']+)' (?:existing )?= (.*?)^(?:\}|\}\])$`).FindAllStringSubmatch(template, -1) {
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
		"blobs":        {"deleteRetentionPolicy: { enabled: true", "containerDeleteRetentionPolicy: { enabled: true"},
		"hostLocks":    {"blobServices/containers@", "parent: blobs", "name: 'azure-webjobs-hosts'"},
		"hostKeys":     {"blobServices/containers@", "parent: blobs", "name: 'azure-webjobs-secrets'"},
		"vault":        {"Microsoft.KeyVault/vaults@", "enableRbacAuthorization: true", "enableSoftDelete: true", "enablePurgeProtection: true"},
		"secret":       {"if (!empty(webhookSecret))", "name: 'labelbox-webhook-secret'", "value: webhookSecret"},
		"secretBefore": {"if (!empty(previousSecret))", "name: 'labelbox-webhook-secret-previous'", "value: previousSecret"},
		"insights":     {"Microsoft.Insights/components@", "WorkspaceResourceId: workspace.id", "DisableLocalAuth: true"},
		"plan":         {"Microsoft.Web/serverfarms@", "name: 'FC1'", "tier: 'FlexConsumption'", "reserved: true"},
		"app": {"Microsoft.Web/sites@", "kind: 'functionapp,linux'", "type: 'SystemAssigned, UserAssigned'", "{ '${publisher.id}': {} }", "httpsOnly: true", "minTlsVersion: '1.2'", "ftpsState: 'Disabled'", "name: 'custom'", "version: runtimeVersion",
			"type: 'blobContainer'", "type: 'UserAssignedIdentity'", "userAssignedIdentityResourceId: publisher.id", "${packages.name}"},
		"settings": {"Microsoft.Web/sites/config@", "name: 'appsettings'", "AzureWebJobsStorage__credential: 'managedidentity'",
			"AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob",
			"AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue",
			"AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table", "secretSettings"},
		"noDeployPassword": {"basicPublishingCredentialsPolicies@", "name: 'scm'", "allow: false"},
		"noFtpPassword":    {"basicPublishingCredentialsPolicies@", "name: 'ftp'", "allow: false", "dependsOn: [noDeployPassword]"},
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
	if strings.Contains(template, "[for ") {
		t.Error("a loop's names are no literals, so the compiler checks nothing of it")
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

// assignment is a role of somebody for something.
type assignment struct{ who, scope, role string }

// builtIn are Azure's own roles that the templates may give.
var builtIn = map[string]string{
	"serviceBusDataReceiver":        "4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0",
	"serviceBusDataSender":          "69a216fc-b8fb-44d8-bc22-1f3c2cd27a39",
	"storageBlobDataOwner":          "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
	"storageBlobDataContributor":    "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
	"storageBlobDataReader":         "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
	"storageTableDataContributor":   "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
	"storageQueueDataMessageSender": "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a",
	"keyVaultSecretsUser":           "4633458b-17de-408a-b874-0445c86b69e6",
	"monitoringMetricsPublisher":    "3913510d-42f4-4e42-8a64-420c390055eb",
}

// No role on blobs is on the whole account, and none of an app's on its own
// package. Table and queue hold nothing of the deliveries'.
func TestTemplatesGiveTheAppsTheirRoles(t *testing.T) {
	hasRoles(t, "main.bicep", map[string]assignment{
		"publish":          {"publisher", "packages", "storageBlobDataContributor"},
		"keepDeliveries":   {"app", "deliveries", "storageBlobDataContributor"},
		"keepDeadLetters":  {"app", "deadLetters", "storageBlobDataContributor"},
		"holdLocks":        {"app", "hostLocks", "storageBlobDataOwner"},
		"holdKeys":         {"app", "hostKeys", "storageBlobDataOwner"},
		"writeDiagnostics": {"app", "storage", "storageTableDataContributor"},
		"sendMessages":     {"app", "storage", "storageQueueDataMessageSender"},
		"readSecrets":      {"app", "vault", "keyVaultSecretsUser"},
		"writeLogs":        {"app", "insights", "monitoringMetricsPublisher"},
	})
	hasRoles(t, "worker.bicep", map[string]assignment{
		"send":             {"receiver", "queue", "serviceBusDataSender"},
		"take":             {"app", "queue", "serviceBusDataReceiver"},
		"publish":          {"publisher", "packages", "storageBlobDataContributor"},
		"readDeliveries":   {"app", "deliveries", "storageBlobDataReader"},
		"holdLocks":        {"app", "hostLocks", "storageBlobDataOwner"},
		"holdKeys":         {"app", "hostKeys", "storageBlobDataOwner"},
		"writeDiagnostics": {"app", "storage", "storageTableDataContributor"},
		"readSecrets":      {"app", "vault", "keyVaultSecretsUser"},
		"writeLogs":        {"app", "insights", "monitoringMetricsPublisher"},
	})
	template := string(read(t, "main.bicep"))
	if want := "if (contains('${destinations} ${deadLetter}', 'azqueue://${storage.name}/'))"; !strings.Contains(template, want) {
		t.Error("the app may send to queues that it does not use")
	}
}

func hasRoles(t *testing.T, file string, assignments map[string]assignment) {
	t.Helper()
	template := string(read(t, file))
	all := resources(t, template)
	ids, known := map[string]string{}, map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'$`).FindAllStringSubmatch(template, -1) {
		ids[m[1]] = m[2]
	}
	for _, a := range assignments {
		known[a.role] = builtIn[a.role]
	}
	if !maps.Equal(ids, known) {
		t.Errorf("%s: the roles are %q, want %q", file, ids, known)
	}
	ofWhom := map[string][2]string{
		"app": {"app.id", "app.identity.principalId"}, "publisher": {"publisher.id", "publisher.properties.principalId"}, "receiver": {"receiver", "receiver"},
	}
	for name, role := range assignments {
		text := all[name]
		for _, want := range []string{
			"Microsoft.Authorization/roleAssignments@",
			"scope: " + role.scope + "\n",
			"name: guid(" + role.scope + ".id, " + ofWhom[role.who][0] + ", roles." + role.role + ")",
			"'Microsoft.Authorization/roleDefinitions', roles." + role.role + ")",
			"principalId: " + ofWhom[role.who][1] + "\n",
			"principalType: 'ServicePrincipal'",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s has no %s", file, name, want)
			}
		}
	}
	if n := strings.Count(template, "'Microsoft.Authorization/roleAssignments@"); n != len(assignments) {
		t.Errorf("%s: there are %d roles, want %d", file, n, len(assignments))
	}
}

// The worker is there only if it is asked for; then the receiver sends to its queue,
// whose dead letters raise an alarm.
func TestTemplateHasAWorkerIfAskedFor(t *testing.T) {
	template := string(read(t, "main.bicep"))
	for _, want := range []string{
		"param worker bool = false",
		"module behind 'worker.bicep' = if (worker) {",
		"var ownDestination = worker ? 'servicebus://lh${suffix}/deliveries' : '${own}/${deliveries.name}'",
		"LABELHOOK_DESTINATIONS: receiverDestinations",
	} {
		if !strings.Contains(template, want) {
			t.Errorf("main.bicep has no %s", want)
		}
	}
	worker := string(read(t, "worker.bicep"))
	all := resources(t, worker)
	for name, wants := range map[string][]string{
		"bus":              {"name: 'lh${suffix}'", "name: 'Standard'", "disableLocalAuth: true", "minimumTlsVersion: '1.2'"},
		"queue":            {"maxDeliveryCount: 5", "deadLetteringOnMessageExpiration: true"},
		"app":              {"name: '${name}-worker'", "httpsOnly: true", "name: 'custom'", "userAssignedIdentityResourceId: publisher.id"},
		"settings":         {"ServiceBus__credential: 'managedidentity'", "LABELHOOK_DESTINATIONS: destinations", "LABELHOOK_OVERFLOW: overflow", "secretSettings"},
		"deadLettersAlarm": {"scopes: [bus.id]", "metricName: 'DeadletteredMessages'", "values: [queue.name]", "threshold: 0", "actionGroupId: mails.id"},
		"noDeployPassword": {"allow: false"},
		"noFtpPassword":    {"allow: false"},
	} {
		for _, want := range wants {
			if !strings.Contains(all[name], want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	for _, banned := range []string{"FUNCTIONS_WORKER_RUNTIME", "appSettings:", "listKeys", "SharedAccessKey", "connectionString("} {
		if strings.Contains(worker, banned) {
			t.Errorf("worker.bicep has %s", banned)
		}
	}
	declared := regexp.MustCompile(`(?m)^param (\w+) `).FindAllStringSubmatch(worker, -1)
	_, call, _ := strings.Cut(template, "module behind ")
	call, _, _ = strings.Cut(call, "dependsOn")
	passed := regexp.MustCompile(`(?m)^    (\w+): `).FindAllStringSubmatch(call, -1)
	names := func(all [][]string) (names []string) {
		for _, m := range all {
			names = append(names, m[1])
		}
		slices.Sort(names)
		return names
	}
	if !slices.Equal(names(declared), names(passed)) {
		t.Errorf("worker.bicep has the parameters %q, and is given %q", names(declared), names(passed))
	}
}

// What the largest bodies take at once, in MiB, must be there: the host has
// each about three times (its buffer, its text, what it passes on), this program
// all together in [nethttp.Room], and Go's collector as much again.
func TestTheLargestBodiesFitTheMemory(t *testing.T) {
	const runtime, program = 200, 12 // of the host's .NET, and of this one
	template := string(read(t, "main.bicep"))
	number := func(pattern string) int {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(template)
		if m == nil {
			t.Fatalf("there is no %s", pattern)
		}
		n, err := strconv.Atoi(m[1])
		required.NoError(t, err)
		return n
	}
	body := number(`param maxBody int = (\d+)`) >> 20
	memory := number(`param instanceMemoryMB int = (\d+)`)
	concurrency := memory / number(`perInstanceConcurrency: instanceMemoryMB / (\d+)`)
	if script := string(read(t, "deploy.sh")); !strings.Contains(script, fmt.Sprintf(" memory=%d ", memory)) || !strings.Contains(script, fmt.Sprintf("(%d)\n", memory)) {
		t.Errorf("deploy.sh has another default than %d MB", memory)
	}
	if need := runtime + program + concurrency*3*body + 2*nethttp.Room(body<<20)>>20; concurrency < 1 || need > memory {
		t.Errorf("%d bodies of %d MiB at once need %d MB of %d", concurrency, body, need, memory)
	}
}

// Before the app may read the vault, a reference to it would be taken for the
// secret itself.
func TestTemplatesSetTheSettingsLast(t *testing.T) {
	for file, names := range map[string][]string{
		"main.bicep":   {"readSecrets", "publish", "keepDeliveries", "keepDeadLetters", "holdLocks", "holdKeys", "writeDiagnostics", "sendMessages", "writeLogs", "secret", "secretBefore", "behind"},
		"worker.bicep": {"readSecrets", "publish", "take", "readDeliveries", "holdLocks", "holdKeys", "writeDiagnostics", "writeLogs"},
	} {
		settings := resources(t, string(read(t, file)))["settings"]
		_, list, _ := strings.Cut(settings, "dependsOn: [")
		list, _, _ = strings.Cut(list, "]")
		after := strings.Fields(list)
		for _, name := range names {
			if !slices.Contains(after, name) {
				t.Errorf("%s: the settings do not wait for %s, only for %q", file, name, after)
			}
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
