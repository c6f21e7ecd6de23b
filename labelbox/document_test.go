package labelbox_test

import (
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"testing"

	"github.com/graphql-go/graphql/language/parser"
	"github.com/graphql-go/graphql/language/printer"

	"github.com/labelhook/labelhook/internal/labelboxfake"
	"github.com/labelhook/labelhook/labelbox"
)

// asked is the selection of Labelbox's own Python client.
const asked = `{createdAt status topics id updatedAt url}`

// TestDocumentsHaveTheShapeOfLabelboxsOwn compares, as parsed by a GraphQL
// library, what the client sends with what labelbox-python 6.0.0 sends, the
// variables replaced by their values.
func TestDocumentsHaveTheShapeOfLabelboxsOwn(t *testing.T) {
	for name, test := range map[string]struct {
		call      func(*labelbox.Client) (any, error)
		own       string
		variables map[string]any // of own
	}{
		"create in a project": {
			func(c *labelbox.Client) (any, error) {
				return c.CreateWebhook(t.Context(), labelbox.NewWebhook{URL: "https://e.x/h", Secret: `a"b\c`, ProjectID: "p1",
					Topics: []labelbox.Topic{labelbox.TopicLabelCreated, labelbox.TopicWorkflowAction}})
			},
			`mutation CreateWebhookPyApi { createWebhook(data:{project:{id:"p1"}, topics:{set:[LABEL_CREATED WORKFLOW_ACTION]}, url:"https://e.x/h", secret:"a\"b\\c" })` + asked + ` }`, nil,
		},
		"create in the organisation": {
			func(c *labelbox.Client) (any, error) {
				return c.CreateWebhook(t.Context(), labelbox.NewWebhook{URL: "https://e.x/h", Secret: "s", WholeOrganization: true,
					Topics: []labelbox.Topic{labelbox.TopicLabelCreated}})
			},
			`mutation CreateWebhookPyApi { createWebhook(data:{ topics:{set:[LABEL_CREATED]}, url:"https://e.x/h", secret:"s" })` + asked + ` }`, nil,
		},
		"update everything": {
			func(c *labelbox.Client) (any, error) {
				return c.UpdateWebhook(t.Context(), "wh1", labelbox.WebhookUpdate{URL: "https://e.x/2", Status: labelbox.Active,
					Topics: []labelbox.Topic{labelbox.TopicLabelDeleted}})
			},
			`mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{topics: {set: [LABEL_DELETED]}, url: "https://e.x/2", status: ACTIVE})` + asked + `}`, nil,
		},
		"update the topics": {
			func(c *labelbox.Client) (any, error) {
				return c.UpdateWebhook(t.Context(), "wh1", labelbox.WebhookUpdate{Topics: []labelbox.Topic{labelbox.TopicLabelDeleted, labelbox.TopicLabelUpdated}})
			},
			`mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{topics: {set: [LABEL_DELETED LABEL_UPDATED]}})` + asked + `}`, nil,
		},
		"update the URL": {
			func(c *labelbox.Client) (any, error) {
				return c.UpdateWebhook(t.Context(), "wh1", labelbox.WebhookUpdate{URL: "https://e.x/2"})
			},
			`mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{url: "https://e.x/2"})` + asked + `}`, nil,
		},
		"deactivate": {
			func(c *labelbox.Client) (any, error) { return c.DeactivateWebhook(t.Context(), "wh1") },
			`mutation UpdateWebhookPyApi { updateWebhook(where: {id: "wh1"} data:{status: INACTIVE})` + asked + `}`, nil,
		},
		"get": {
			func(c *labelbox.Client) (any, error) { return c.Webhook(t.Context(), "wh1") },
			`query GetWebhookPyApi($param_0: ID!){webhook(where: {id: $param_0})` + asked + `}`, map[string]any{"param_0": "wh1"},
		},
		"get the project": {
			func(c *labelbox.Client) (any, error) { return c.WebhookProject(t.Context(), "wh1") },
			`query GetWebhookProjectPyApi($param_0: ID!){webhook(where: {id: $param_0}){project{id name}}}`, map[string]any{"param_0": "wh1"},
		},
		"list a project's": {
			func(c *labelbox.Client) (any, error) { return first(c.ProjectWebhooks(t.Context(), "p1")) },
			`query GetProjectWebhooksPyApi($param_0: ID!){project(where: {id: $param_0}){webhooks(skip: 0 first: 100)` + asked + `}}`, map[string]any{"param_0": "p1"},
		},
		"list the organisation's": {
			func(c *labelbox.Client) (any, error) { return first(c.OrganizationWebhooks(t.Context())) },
			`query GetOrganizationWebhooksPyApi{organization{webhooks(skip: 0 first: 100)` + asked + `}}`, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			api := withProject()
			api.AddWebhook(labelboxfake.Webhook{ID: "wh1", ProjectID: "p1", Topics: []string{"LABEL_CREATED"}})
			if _, err := test.call(connect(t, api)); err != nil {
				t.Fatal(err)
			}
			requests := api.Requests()
			for _, r := range requests {
				if err := api.Check(r.Document); err != nil {
					t.Errorf("%s: %v", r.Document, err)
				}
			}
			last := requests[len(requests)-1]
			got := shape(t, last.Document, last.Variables)
			if want := shape(t, test.own, test.variables); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func first(list iter.Seq2[labelbox.Webhook, error]) (w labelbox.Webhook, err error) {
	for w, err = range list {
		break
	}
	return w, err
}

// The name of an operation and its list of variables.
var head = regexp.MustCompile(`^(query|mutation) \w*(\([^)]*\))?`)

// shape prints a document without its name and with its variables filled in.
func shape(t *testing.T, document string, variables map[string]any) string {
	t.Helper()
	parsed, err := parser.Parse(parser.ParseParams{Source: document})
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	text := head.ReplaceAllString(fmt.Sprint(printer.Print(parsed)), "$1")
	for name, value := range variables {
		literal, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`\$` + name + `\b`).MatchString(text) {
			t.Errorf("the variable %s is sent but not used", name)
		}
		text = strings.ReplaceAll(text, "$"+name, string(literal))
	}
	if strings.Contains(text, "$") {
		t.Errorf("a variable is used but not sent: %s", text)
	}
	// Printed anew, so that strings are escaped alike.
	parsed, err = parser.Parse(parser.ParseParams{Source: text})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return fmt.Sprint(printer.Print(parsed))
}

func TestIdsURLAndSecretTravelAsVariables(t *testing.T) {
	for _, secret := range []string{`"}){id}}`, `back\slash`, "naïve 秘密 🔑", "'`$url"} {
		api := labelboxfake.New(apiKey)
		w := newWebhook("p1")
		w.Secret = secret
		w.URL = `https://receiver.acme.dev/h?a="quoted"&b=\`
		api.AddProjectWithID("p1", "Cats")
		if _, err := connect(t, api).CreateWebhook(t.Context(), w); err != nil {
			t.Errorf("%q: %v", secret, err)
			continue
		}
		registered := api.Webhooks()[0]
		if registered.Secret != secret || registered.URL != w.URL || registered.ProjectID != "p1" {
			t.Errorf("%q arrived as %+v", secret, registered)
		}
		for _, r := range api.Requests() {
			if strings.Contains(r.Document, secret) || strings.Contains(r.Document, w.URL) || strings.Contains(r.Document, "p1") {
				t.Errorf("a value stands in the document: %s", r.Document)
			}
		}
	}
}
