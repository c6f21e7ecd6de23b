package labelbox_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/synctest"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

func TestUpdateChangesOnlyWhatIsGiven(t *testing.T) {
	for name, test := range map[string]struct {
		update labelbox.WebhookUpdate
		want   labelboxfake.Webhook
	}{
		"URL":    {labelbox.WebhookUpdate{URL: "https://b.dev/"}, labelboxfake.Webhook{URL: "https://b.dev/", Topics: []string{"REVIEW_CREATED"}, Status: "ACTIVE"}},
		"topics": {labelbox.WebhookUpdate{Topics: labelbox.Topics()}, labelboxfake.Webhook{URL: hook, Topics: []string{"LABEL_CREATED", "LABEL_UPDATED", "LABEL_DELETED", "WORKFLOW_ACTION"}, Status: "ACTIVE"}},
		"status": {labelbox.WebhookUpdate{Status: labelbox.Revoked}, labelboxfake.Webhook{URL: hook, Topics: []string{"REVIEW_CREATED"}, Status: "REVOKED"}},
	} {
		t.Run(name, func(t *testing.T) {
			api := labelboxfake.New(apiKey)
			id := api.AddWebhook(labelboxfake.Webhook{URL: hook, Topics: []string{"REVIEW_CREATED"}})
			w, err := connect(t, api).UpdateWebhook(t.Context(), id, test.update)
			if err != nil {
				t.Fatal(err)
			}
			got := api.Webhooks()[0]
			if got.URL != test.want.URL || got.Status != test.want.Status || !reflect.DeepEqual(got.Topics, test.want.Topics) {
				t.Errorf("is %+v, want %+v", got, test.want)
			}
			if w.ID != id || w.URL != got.URL || string(w.Status) != got.Status || len(w.Topics) != len(got.Topics) {
				t.Errorf("returned %+v", w)
			}
		})
	}
}

func TestDeactivatedWebhookStaysInTheList(t *testing.T) {
	api := labelboxfake.New(apiKey)
	id := api.AddWebhook(labelboxfake.Webhook{URL: hook})
	client := connect(t, api)
	for range 2 { // the second time does no harm
		if w, err := client.DeactivateWebhook(t.Context(), id); err != nil || w.Status != labelbox.Inactive {
			t.Fatal(w, err)
		}
	}
	for w, err := range client.OrganizationWebhooks(t.Context()) {
		if err != nil || w.ID != id || w.Status != labelbox.Inactive {
			t.Error(w, err)
		}
	}
}

func TestUpdateWhoseAnswerIsLostIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := labelboxfake.New(apiKey)
		id := api.AddWebhook(labelboxfake.Webhook{URL: hook})
		api.Fail(labelboxfake.AnswerDropped(), labelboxfake.BadGateway())
		w, err := connect(t, api).DeactivateWebhook(t.Context(), id)
		if err != nil || w.Status != labelbox.Inactive || sent(api)["updateWebhook"] != 3 {
			t.Errorf("got %v, %v after %v", w, err, sent(api))
		}
	})
}

func TestUpdateRefusesWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		id     string
		update labelbox.WebhookUpdate
		says   string
	}{
		"nothing to change": {"wh1", labelbox.WebhookUpdate{}, "nothing to change"},
		"no id":             {"", labelbox.WebhookUpdate{Status: labelbox.Active}, "the webhook id is empty"},
		"a placeholder":     {"<id>", labelbox.WebhookUpdate{Status: labelbox.Active}, "placeholder"},
		"no topics at all":  {"wh1", labelbox.WebhookUpdate{Topics: []labelbox.Topic{}}, "there are no topics"},
		"a retired topic":   {"wh1", labelbox.WebhookUpdate{Topics: []labelbox.Topic{labelbox.TopicReviewCreated}}, "retired"},
		"an unknown status": {"wh1", labelbox.WebhookUpdate{Status: "ACTIVE}"}, `there is no status "ACTIVE}"; the statuses are ACTIVE, INACTIVE, REVOKED`},
		"http":              {"wh1", labelbox.WebhookUpdate{URL: "http://a.dev/?functionkey"}, "must be https"},
	} {
		t.Run(name, func(t *testing.T) {
			api := labelboxfake.New(apiKey)
			_, err := connect(t, api).UpdateWebhook(t.Context(), test.id, test.update)
			wantRefused(t, api, err, "update webhook: invalid: ", test.says)
		})
	}
	_, err := connect(t, labelboxfake.New(apiKey)).DeactivateWebhook(t.Context(), "nope")
	if !errors.Is(err, labelbox.ErrNotFound) {
		t.Errorf("got %v, want that there is none", err)
	}
}

func TestTopicsAndStatusesAreReadInAnySpelling(t *testing.T) {
	for name, want := range map[string]labelbox.Topic{
		"LABEL_CREATED": labelbox.TopicLabelCreated, "label.updated": labelbox.TopicLabelUpdated,
		"label-deleted": labelbox.TopicLabelDeleted, "Workflow Action": labelbox.TopicWorkflowAction,
	} {
		if got, err := labelbox.ParseTopic(name); err != nil || got != want {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "LABEL", "review.created"} {
		if _, err := labelbox.ParseTopic(name); err == nil {
			t.Errorf("%q is taken for a topic", name)
		}
	}
	if got, err := labelbox.ParseStatus("inactive"); err != nil || got != labelbox.Inactive {
		t.Errorf("got %s, %v", got, err)
	}
	if _, err := labelbox.ParseStatus("on"); err == nil {
		t.Error("on is taken for a status")
	}
}
