package conformance

import (
	"strconv"
	"strings"

	"github.com/labelhook/labelhook/core/payload"
)

// The secrets of the fixture. Both are live in an artefact under test; the
// second is what LABELBOX_WEBHOOK_SECRET_PREVIOUS is for.
const (
	Secret         = "conformance: the current secret"
	PreviousSecret = "conformance: the previous secret"
)

// MaxBody is the limit on bodies in the fixture, in bytes. Every sample is
// below it, and it is below the limits of every host.
const MaxBody = 64 << 10

// filtered is the one event that the fixture's LABELHOOK_EVENTS leaves out.
const filtered = payload.ReviewDeleted

// Environment returns the variables that an artefact must be started with for
// [Cases]. Deliveries go to destination; what that refuses for good goes to the
// dead letter, which is the same destination under the path /dead-letter.
func Environment(destination string) map[string]string {
	var events []string
	for _, e := range payload.Events() {
		if e != filtered {
			events = append(events, string(e))
		}
	}
	deadLetter := strings.TrimSuffix(destination, "/") + deadLetterPath
	if destination == "log:" {
		deadLetter = destination // it takes no path
	}
	return map[string]string{
		"LABELBOX_WEBHOOK_SECRET":          Secret,
		"LABELBOX_WEBHOOK_SECRET_PREVIOUS": PreviousSecret,
		"LABELHOOK_DESTINATIONS":           destination,
		"LABELHOOK_DEAD_LETTER":            deadLetter,
		"LABELHOOK_EVENTS":                 strings.Join(events, " "),
		"LABELHOOK_MAX_BODY":               strconv.Itoa(MaxBody),
	}
}

// EnvironmentWithoutSecret is [Environment] for [WithoutSecret]: the secret is
// the reference that Azure left unresolved.
func EnvironmentWithoutSecret(destination string) map[string]string {
	variables := Environment(destination)
	variables["LABELBOX_WEBHOOK_SECRET"] = UnresolvedSecret
	delete(variables, "LABELBOX_WEBHOOK_SECRET_PREVIOUS")
	return variables
}

// UnresolvedSecret is what an Azure app finds in a variable when it may not
// read the Key Vault secret that the variable refers to.
const UnresolvedSecret = "@Microsoft.KeyVault(SecretUri=https://example.vault.azure.net/secrets/labelbox)"
