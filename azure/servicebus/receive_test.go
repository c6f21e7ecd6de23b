package servicebus_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/azure/servicebus"
	"github.com/labelhook/labelhook/core/destination"
	"github.com/labelhook/labelhook/internal/test/destinationtest"
	"github.com/labelhook/labelhook/internal/test/emulators"
	"github.com/labelhook/labelhook/internal/test/required"
)

func queue(t *testing.T, entity string) destination.Queue {
	t.Helper()
	q, err := servicebus.OpenQueue("servicebus://namespace/" + entity)
	required.NoError(t, err)
	return q
}

// Of an entity with sessions each session is received in turn, and in order.
func TestSessionsAreReceivedOneAfterTheOther(t *testing.T) {
	t.Setenv("SERVICEBUS_CONNECTION_STRING", emulators.StartServiceBus(t).Connection)
	h := open(t, "servicebus://namespace/sessions")
	want := map[string][]string{} // ids by project
	for i := range 6 {
		d := destinationtest.Label(t)
		d.ProjectID = []string{"one", "two", "three"}[i%3]
		d.ID = d.ProjectID + "-" + string(rune('a'+i))
		want[d.ProjectID] = append(want[d.ProjectID], d.ID)
		required.NoError(t, h.Handle(t.Context(), d))
	}
	q, got, empty := queue(t, "sessions"), map[string][]string{}, 0
	for n := 0; n < 6; {
		received, err := q.Receive(t.Context(), 2, time.Second)
		required.NoError(t, err)
		if len(received) == 0 {
			if empty++; empty > 6 {
				t.Fatalf("received %v", got)
			}
		}
		for _, m := range received {
			d, err := m.Read(nil)
			required.NoError(t, err)
			project, _, _ := strings.Cut(d.ID, "-")
			got[project] = append(got[project], d.ID)
			required.NoError(t, m.Done(t.Context()))
			n++
		}
	}
	for project, ids := range want {
		if !slices.Equal(got[project], ids) {
			t.Errorf("%s: received %q, want %q", project, got[project], ids)
		}
	}
	if none, err := q.Receive(t.Context(), 2, time.Second); len(none) > 0 || err != nil {
		t.Errorf("then there are %d, %v", len(none), err)
	}
}

func TestWhatCannotBeReceivedIsExplained(t *testing.T) {
	t.Setenv("SERVICEBUS_CONNECTION_STRING", emulators.StartServiceBus(t).Connection)
	for entity, want := range map[string]string{
		"missing": "create the queue or subscription, or name one that exists",
		"denied":  `give who is signed in the role "Azure Service Bus Data Receiver"`,
	} {
		if _, err := queue(t, entity).Receive(t.Context(), 1, 0); err == nil || !strings.Contains(err.Error(), "servicebus://namespace/"+entity) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", entity, err)
		}
	}
}

func TestQueueURLs(t *testing.T) {
	t.Setenv("SERVICEBUS_CONNECTION_STRING", "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=n;SharedAccessKey=k;UseDevelopmentEmulator=true")
	for _, url := range []string{
		"servicebus://namespace/labels", "servicebus://namespace/labels/$deadletterqueue", "servicebus://namespace/topic/Subscriptions/all",
	} {
		if _, err := servicebus.OpenQueue(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	destinationtest.CheckRefused(t, servicebus.OpenQueue, "write servicebus://NAMESPACE/ENTITY",
		"servicebus://", "servicebus://namespace", "servicebus://namespace/$deadletterqueue", "servicebus://a/labels", "servicebus://namespace/labels?key=x")
}
