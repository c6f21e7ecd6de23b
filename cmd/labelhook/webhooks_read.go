package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/labelbox"
)

func (t *tool) listWebhooksCommand() *cobra.Command {
	var project string
	var all, asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the webhooks of the workspace or of a project",
		Long: `List the webhooks of the workspace (Labelbox's API calls it organisation) or of a
project: the active ones or, with --all, also those that were switched off.

The table shows the scheme and host of a URL alone, for the rest may hold a key;
--json has all of it.`,
		Example: `  labelhook webhooks list
  labelhook webhooks list --project clvo7ajpc014907zxagiw9hry --all
  labelhook webhooks list --json | jq -r .id`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := t.api(false)
			if err != nil {
				return err
			}
			webhooks := client.OrganizationWebhooks(cmd.Context())
			if project != "" {
				webhooks = client.ProjectWebhooks(cmd.Context(), project)
			}
			lines := t.table(column{head: "ID"}, column{head: "STATUS"}, column{head: "CREATED", spare: 1}, column{head: "TOPICS", spare: 2}, column{head: "URL", id: true})
			none := true
			for w, err := range webhooks {
				if err != nil {
					lines.flush()
					return err
				}
				if w.Status != labelbox.Active && !all {
					continue
				}
				none = false
				created := ""
				if !w.CreatedAt.IsZero() {
					created = w.CreatedAt.Local().Format(time.DateTime)
				}
				if asJSON {
					err = t.printJSON(webhookViewOf(w))
				} else {
					err = written(lines.row(orDash(w.ID), orDash(string(w.Status)), orDash(created), orDash(topicList(w.Topics)), printable.URL(w.URL)))
				}
				if err != nil {
					return err
				}
			}
			if none && !asJSON {
				which := "active webhooks"
				if all {
					which = "webhooks"
				}
				fmt.Fprintf(t.err, "labelhook: there are no %s\n", which)
			}
			return written(lines.flush())
		},
	}
	cmd.Flags().StringVar(&project, "project", "", "only the webhooks of the project with this `id`")
	cmd.Flags().BoolVar(&all, "all", false, "also those that were switched off")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a line of JSON for each webhook")
	return cmd
}

func (t *tool) getWebhookCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "get ID",
		Short:   "Show one webhook and the project it belongs to",
		Example: "  labelhook webhooks get clw1g7v2x000a0742h3k9q8zd",
		Args:    oneArg("webhook id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := t.api(false)
			if err != nil {
				return err
			}
			w, err := client.Webhook(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			project, err := client.WebhookProject(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if asJSON {
				v := struct {
					webhookView
					ProjectID   *string `json:"project_id"` // null: the whole workspace
					ProjectName *string `json:"project_name"`
				}{webhookView: webhookViewOf(w)}
				if project != nil {
					v.ProjectID, v.ProjectName = &project.ID, &project.Name
				}
				return t.printJSON(v)
			}
			return t.printWebhook(w, [2]string{"project", projectText(project)})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the webhook as JSON")
	return cmd
}

func projectText(p *labelbox.Project) string {
	if p == nil {
		return "all of the workspace"
	}
	return p.ID + " " + p.Name
}
