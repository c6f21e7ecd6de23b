package labelbox_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

// The life of a webhook: registered, changed, found in the list and switched
// off. The server is a fake of Labelbox's API.
func Example() {
	api := labelboxfake.New("the-api-key")
	project := api.AddProject("Cats")
	server := httptest.NewServer(api)
	defer server.Close()
	environment := map[string]string{"LABELBOX_API_KEY": "the-api-key", "LABELBOX_API_URL": server.URL}

	client, err := labelbox.FromEnvironment(func(name string) string { return environment[name] })
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	created, err := client.CreateWebhook(ctx, labelbox.NewWebhook{
		URL:       "https://receiver.acme.dev/webhook-endpoint",
		Secret:    "correct horse",
		Topics:    []labelbox.Topic{labelbox.TopicLabelCreated},
		ProjectID: project,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client.UpdateWebhook(ctx, created.ID, labelbox.WebhookUpdate{
		Topics: []labelbox.Topic{labelbox.TopicLabelCreated, labelbox.TopicWorkflowAction},
	})
	client.DeactivateWebhook(ctx, created.ID)
	for webhook, err := range client.ProjectWebhooks(ctx, project) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(webhook.URL, webhook.Topics, webhook.Status)
	}
	_, err = client.Webhook(ctx, "clvo7ajpc014907zxagiw9hry")
	fmt.Println(errors.Is(err, labelbox.ErrNotFound))
	// Output:
	// https://receiver.acme.dev/webhook-endpoint [LABEL_CREATED WORKFLOW_ACTION] INACTIVE
	// true
}

// An error says what it is to errors.Is, and to people in one line.
func ExampleError() {
	server := httptest.NewServer(labelboxfake.New("the-api-key"))
	defer server.Close()
	client, _ := labelbox.NewClient("another-key", labelbox.WithEndpoint(server.URL))
	_, err := client.Webhook(context.Background(), "clvo7ajpc014907zxagiw9hry")
	var failed *labelbox.Error
	if errors.As(err, &failed) {
		failed.RequestID = "" // another one each time
	}
	fmt.Println(err)
	fmt.Println(errors.Is(err, labelbox.ErrAuthentication))
	// Output:
	// get webhook: the API key is not accepted: Invalid API key (AUTHENTICATION_ERROR, HTTP 401)
	// true
}
