// Package labelbox is a client for Labelbox's GraphQL API. It registers,
// reads, changes and switches off webhooks:
//
//	client, err := labelbox.FromEnvironment(os.Getenv)
//	created, err := client.CreateWebhook(ctx, labelbox.NewWebhook{
//		URL:       "https://receiver.acme.dev/webhook-endpoint",
//		Secret:    secret,
//		Topics:    []labelbox.Topic{labelbox.TopicLabelCreated, labelbox.TopicWorkflowAction},
//		ProjectID: "clvo7ajpc014907zxagiw9hry",
//	})
//
// What the API cannot do, nothing here can either. It has no deletion: a
// webhook is deactivated and stays in the lists ([Client.DeactivateWebhook]).
// It never returns a secret and cannot change one. And it makes webhooks that
// send v1 payloads; v2 webhooks are made only in Labelbox's pages
// (https://docs.labelbox.com/reference/webhook).
//
// # Failures
//
// Every error of an operation is an [*Error] or, after a creation that may
// or may not have happened, an [*OutcomeUnknownError]. errors.Is tells
// them apart by the Err… values. No error contains the API key or a secret,
// even where the server repeats it.
//
// Reads and updates are repeated after failures that may pass: lost
// connections, timeouts, 5xx answers and, no sooner than the server allows,
// rate limits. A creation is repeated only when it is certain that the earlier
// one was not carried out.
package labelbox
