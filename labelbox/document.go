package labelbox

import (
	"fmt"
	"strings"
)

// The GraphQL documents, in the shapes that Labelbox's own client sends. Ids,
// URL and secret are variables, so nothing in them can end a string early. The
// names of the API's input and enum types are not documented, so topics and
// statuses cannot be variables: they stand in the document as literals, which
// is safe because only those of [Topics] and [Statuses] get here.

// fields are what is asked about every webhook. The secret is not among them
// because there is no such field.
const fields = "{createdAt status topics id updatedAt url}"

func createDocument(w NewWebhook) string {
	variable, project := "$projectId: ID!, ", "project: {id: $projectId}, "
	if w.WholeOrganization {
		variable, project = "", ""
	}
	return fmt.Sprintf("mutation CreateWebhook(%s$url: String!, $secret: String!) "+
		"{createWebhook(data: {%stopics: {set: [%s]}, url: $url, secret: $secret}) %s}", variable, project, join(w.Topics), fields)
}

func updateDocument(u WebhookUpdate) string {
	variables, changes := "$id: ID!", []string(nil)
	if u.Topics != nil {
		changes = append(changes, "topics: {set: ["+join(u.Topics)+"]}")
	}
	if u.URL != "" {
		variables += ", $url: String!"
		changes = append(changes, "url: $url")
	}
	if u.Status != "" {
		changes = append(changes, "status: "+string(u.Status))
	}
	return fmt.Sprintf("mutation UpdateWebhook(%s) {updateWebhook(where: {id: $id}, data: {%s}) %s}",
		variables, strings.Join(changes, ", "), fields)
}

const (
	webhookDocument = "query GetWebhook($id: ID!) {webhook(where: {id: $id}) " + fields + "}"
	projectDocument = "query GetWebhookProject($id: ID!) {webhook(where: {id: $id}) {project {id name}}}"
)

func projectWebhooksDocument(skip int) string {
	return fmt.Sprintf("query GetProjectWebhooks($projectId: ID!) {project(where: {id: $projectId}) {webhooks(skip: %d, first: %d) %s}}",
		skip, PageSize, fields)
}

func organizationWebhooksDocument(skip int) string {
	return fmt.Sprintf("query GetOrganizationWebhooks {organization {webhooks(skip: %d, first: %d) %s}}",
		skip, PageSize, fields)
}
