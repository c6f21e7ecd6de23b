package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/httpclient"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/labelbox"
)

func (t *tool) webhooksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "Register webhooks at Labelbox, list, change and switch them off",
		Long: `Register webhooks at Labelbox, list, change and switch them off, through
Labelbox's API.

The API key comes from ` + labelbox.KeyVariable + `. ` + labelbox.EndpointVariable + ` is the whole address of
the API, where it is not ` + labelbox.DefaultEndpoint + `.`,
		Example: `  labelhook webhooks list
  labelhook webhooks create --url https://receiver.acme.dev/labelbox --project clvo7ajpc014907zxagiw9hry
  labelhook webhooks delete clw1g7v2x000a0742h3k9q8zd`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath()), cmd.CommandPath()+" --help lists the commands")
			}
			return cmd.Help()
		},
	}
	t.apiWay.addCAFile(cmd.PersistentFlags(), "the API, and a receiver that is checked,")
	cmd.AddCommand(t.createWebhookCommand(), t.listWebhooksCommand(), t.getWebhookCommand(),
		t.updateWebhookCommand(), t.deleteWebhookCommand(), t.rotateWebhookCommand())
	return cmd
}

// api makes the client of Labelbox's API. allowLoopback lets webhooks be on
// this machine.
func (t *tool) api(allowLoopback bool) (*labelbox.Client, error) {
	options := []labelbox.Option{
		labelbox.WithRetryNotice(func(err error, pause time.Duration) {
			fmt.Fprintf(t.err, "labelhook: %s; trying again in %s\n", oneLine(err.Error()), rounded(pause))
		}),
	}
	roots, err := t.apiWay.roots()
	if err != nil {
		return nil, err
	}
	if roots != nil {
		options = append(options, labelbox.WithHTTPClient(httpclient.New(httpclient.Options{RootCAs: roots})))
	}
	if allowLoopback {
		options = append(options, labelbox.WithLoopbackWebhooks())
	}
	client, err := labelbox.FromEnvironment(t.getenv, options...)
	if err != nil {
		return nil, usage(err, "make a key on the API page of Labelbox's workspace settings and set "+labelbox.KeyVariable+" to it")
	}
	return client, nil
}

// apiHints say what to do about the API's errors, by their kind.
var apiHints = map[error]string{
	labelbox.ErrAuthentication: "set " + labelbox.KeyVariable + " to a key that is valid; Labelbox's workspace settings list them",
	labelbox.ErrAuthorization:  "use the key of a user whose role may do this; webhooks take an administrator of the project or workspace",
	labelbox.ErrNotFound:       "labelhook webhooks list --all shows the ids; was it made in another workspace?",
	labelbox.ErrConflict:       "labelhook webhooks list --all shows what is there",
	labelbox.ErrInvalid:        "Labelbox refused the values; compare them with the message",
	labelbox.ErrRateLimit:      "wait and try again",
	labelbox.ErrServer:         "Labelbox has trouble; try again later",
	labelbox.ErrTransport:      "check the network and, if it is set, " + labelbox.EndpointVariable,
	labelbox.ErrUnexpected:     "is " + labelbox.EndpointVariable + " Labelbox's GraphQL endpoint? Behind a proxy, does it change answers?",
}

// apiHint is the remedy for an error of the API, which is or wraps e. What was
// refused before anything was sent is wrong usage.
func apiHint(err error, e *labelbox.Error) (code int, hint string) {
	switch {
	case errors.Is(err, labelbox.ErrOutcomeUnknown):
		hint = "see labelhook webhooks list; create --if-absent makes one only where there is none"
	case errors.Is(err, context.Canceled):
		// It was meant to end.
	case e.Kind == labelbox.ErrInvalid && e.Status == 0:
		return exitUsage, ""
	case e.Kind == labelbox.ErrInvalid && strings.HasPrefix(e.Code, "GRAPHQL_"):
		hint = "Labelbox's API may have changed; update labelhook, or report this message"
	case e.RetryAfter > 0 && e.Kind == labelbox.ErrRateLimit:
		hint = "try again in " + e.RetryAfter.Round(time.Second).String()
	default:
		hint = cmp.Or(wayHint(err), apiHints[e.Kind])
	}
	return exitFailed, hint
}

// webhookView is a webhook in JSON, as users' programs rely on it.
type webhookView struct {
	ID        string           `json:"id"`
	URL       string           `json:"url"`
	Status    labelbox.Status  `json:"status"`
	Topics    []labelbox.Topic `json:"topics"`
	CreatedAt *time.Time       `json:"created_at"` // null if Labelbox's text is no date
	UpdatedAt *time.Time       `json:"updated_at"`
}

func webhookViewOf(w labelbox.Webhook) webhookView {
	v := webhookView{ID: w.ID, URL: w.URL, Status: w.Status, Topics: w.Topics}
	if v.Topics == nil {
		v.Topics = []labelbox.Topic{}
	}
	if !w.CreatedAt.IsZero() {
		v.CreatedAt = &w.CreatedAt
	}
	if !w.UpdatedAt.IsZero() {
		v.UpdatedAt = &w.UpdatedAt
	}
	return v
}

// printWebhook prints one webhook, with more rows below it.
func (t *tool) printWebhook(w labelbox.Webhook, more ...[2]string) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	printRows(table, append([][2]string{
		{"id", w.ID}, {"url", printable.URL(w.URL)}, {"status", string(w.Status)}, {"topics", topicList(w.Topics)},
		{"created", moment(w.CreatedAt)}, {"updated", moment(w.UpdatedAt)},
	}, more...))
	return written(table.Flush())
}

// printWebhookAs prints one webhook, for a program or a person.
func (t *tool) printWebhookAs(json bool, w labelbox.Webhook) error {
	if json {
		return t.printJSON(webhookViewOf(w))
	}
	return t.printWebhook(w)
}

func topicList(topics []labelbox.Topic) string {
	var names []string
	for _, t := range topics {
		names = append(names, string(t))
	}
	return strings.Join(names, " ")
}

// topicsFlag reads --topic, which may be repeated or hold several.
func topicsFlag(names []string) ([]labelbox.Topic, error) {
	var topics []labelbox.Topic
	for _, list := range names {
		for _, name := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' }) {
			topic, err := labelbox.ParseTopic(name)
			if err != nil {
				return nil, usage(fmt.Errorf("--topic: %w", err), "write some of "+topicList(labelbox.Topics()))
			}
			topics = append(topics, topic)
		}
	}
	if len(names) > 0 && len(topics) == 0 {
		return nil, usage(errors.New("--topic: names no topic"), "write some of "+topicList(labelbox.Topics()))
	}
	return topics, nil
}

// warnOfURL says what the API takes but will not serve anybody.
func (t *tool) warnOfURL(url string) {
	if labelbox.IsReserved(url) {
		fmt.Fprintf(t.err, "labelhook: warning: the host of %s is reserved for examples; nothing will ever be delivered there\n", printable.URL(url))
	}
}
