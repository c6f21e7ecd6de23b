package inbox

import (
	"path/filepath"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
)

func TestDestination(t *testing.T) { destinationtest.Run(t, harness(t)) }

func BenchmarkDestination(b *testing.B) { destinationtest.Bench(b, harness(b)) }

func harness(t testing.TB) destinationtest.Harness {
	dir, inboxes := t.TempDir(), map[string]*Inbox{}
	return destinationtest.Harness{
		Once: true, Exact: true,
		Open: func(t testing.TB, name string) core.Handler {
			inboxes[name] = openAt(t, filepath.Join(dir, name))
			return inboxes[name]
		},
		Receive: func(t testing.TB, name string, _ int, _ destination.Fetch) (messages []destinationtest.Message) {
			for _, r := range list(t, inboxes[name].Reader, Query{}) {
				attributes, d := map[string]string{}, r.Delivery()
				for _, a := range d.Attributes() {
					attributes[a.Name] = a.Value
				}
				messages = append(messages, destinationtest.NewMessage(t, attributes, "", d, nil))
			}
			return messages
		},
	}
}
