package labelhooktest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/nethttp"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/labelbox"
	"github.com/labelhook/labelhook/labelhooktest"
)

// counter is the handler that the tests below are for: it counts labels.
type counter struct{ labels int }

func (c *counter) Handle(_ context.Context, d *core.Delivery) error {
	e, err := d.Label()
	if err != nil {
		return core.Permanent(err)
	}
	for range e.Labels() {
		c.labels++
	}
	return nil
}

// A handler is tested in five lines.
func TestCounter(t *testing.T) {
	c := &counter{}
	body := labelhooktest.Sample(payload.LabelCreated, payload.V2)
	if answer := labelhooktest.Receive(t, c, payload.LabelCreated, body); answer.Status != 200 || c.labels != 1 {
		t.Errorf("answered %d, %d labels", answer.Status, c.labels)
	}
}

// What a handler's errors become is the sender's answer.
func TestReceiveAnswersWhatTheHandlerSays(t *testing.T) {
	for status, result := range map[int]error{200: nil, 503: errors.New("not now"), 500: core.Permanent(errors.New("never"))} {
		handler := core.HandlerFunc(func(context.Context, *core.Delivery) error { return result })
		if got := labelhooktest.Receive(t, handler, payload.WorkflowAction, labelhooktest.Sample(payload.WorkflowAction, payload.NoVersion)); got.Status != status {
			t.Errorf("%v is answered %d", result, got.Status)
		}
	}
}

// Every event has a sample that is identified as that event.
func TestSamplesAreOfTheirEvent(t *testing.T) {
	for _, event := range payload.Events() {
		for _, version := range []payload.Version{payload.V1, payload.V2} {
			d := labelhooktest.Delivery(event, labelhooktest.Sample(event, version))
			if d.Event != event || d.ID != labelhooktest.DeliveryID {
				t.Errorf("%s %s is %s with the id %q", event, version, d.Event, d.ID)
			}
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a sample of no event")
		}
	}()
	labelhooktest.Sample("label.painted", payload.V2)
}

// A request goes through any server that the handler is behind, and a forged one
// does not.
func TestRequest(t *testing.T) {
	c := &counter{}
	server := httptest.NewServer(nethttp.Handler(&core.Receiver{Secrets: labelhooktest.Secrets(), Handler: c}))
	defer server.Close()
	body := labelhooktest.Sample(payload.LabelUpdated, payload.V1)
	for secret, status := range map[string]int{labelhooktest.Secret: 200, "another-one-4711": 401} {
		answer, err := http.DefaultClient.Do(labelhooktest.Request(secret, server.URL, payload.LabelUpdated, body))
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != status {
			t.Errorf("answered %d, want %d", answer.StatusCode, status)
		}
	}
	if c.labels != 1 {
		t.Errorf("%d labels", c.labels)
	}
}

// A webhook is registered at the stand-in of Labelbox's API, which then delivers
// to it.
func TestAPIDelivers(t *testing.T) {
	c := &counter{}
	server := httptest.NewServer(nethttp.Handler(&core.Receiver{Secrets: labelhooktest.Secrets(), Handler: c}))
	defer server.Close()
	api := labelhooktest.NewAPI(t)
	created, err := api.Client(t).CreateWebhook(t.Context(), labelbox.NewWebhook{
		URL: server.URL, Secret: labelhooktest.Secret, Topics: []labelbox.Topic{labelbox.TopicLabelCreated}, WholeOrganization: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	receipts := api.Deliver(t, payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	if len(receipts) != 1 || receipts[0] != (labelhooktest.Receipt{WebhookID: created.ID, Status: 200}) || c.labels != 1 {
		t.Errorf("%+v, %d labels", receipts, c.labels)
	}
	if receipts := api.Deliver(t, payload.LabelDeleted, labelhooktest.Sample(payload.LabelDeleted, payload.V2)); len(receipts) != 0 {
		t.Errorf("a topic that nobody asked for: %+v", receipts)
	}
}

func Example() {
	d := labelhooktest.Delivery(payload.LabelCreated, labelhooktest.Sample(payload.LabelCreated, payload.V2))
	c := &counter{}
	fmt.Println(c.Handle(context.Background(), d), c.labels)
	// Output: <nil> 1
}
