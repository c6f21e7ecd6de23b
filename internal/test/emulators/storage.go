package emulators

import (
	"fmt"
	"regexp"
	"testing"
)

// StorageAccount and StorageKey are those of the only account that Azurite has.
// Both are public
// (https://learn.microsoft.com/azure/storage/common/storage-connect-azurite).
const (
	StorageAccount = "devstoreaccount1"
	StorageKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Storage starts Azurite and returns the connection string of its account,
// which has no containers and no queues yet.
func Storage(t testing.TB) string {
	t.Helper()
	lines := start(t, program(t, "azurite.js"))
	var blob, queue string
	for blob == "" || queue == "" {
		if m := listening.FindStringSubmatch(next(t, lines)); m != nil {
			switch m[1] {
			case "Blob":
				blob = m[2]
			case "Queue":
				queue = m[2]
			}
		}
	}
	return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%[1]s;AccountKey=%[2]s;BlobEndpoint=%[3]s/%[1]s;QueueEndpoint=%[4]s/%[1]s;",
		StorageAccount, StorageKey, blob, queue)
}

var listening = regexp.MustCompile(`Azurite (\w+) service is successfully listening at (http://\S+)`)
