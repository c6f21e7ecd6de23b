package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/labelbox"
)

func (t *tool) updateWebhookCommand() *cobra.Command {
	var url, status string
	var topics []string
	var allowLoopback, force, asJSON bool
	cmd := &cobra.Command{
		Use:   "update ID",
		Short: "Change a webhook's URL, topics or status",
		Long: `Change a webhook's URL, topics or status. What is not named stays. Topics replace
those there were. The secret cannot be changed: see labelhook webhooks rotate.

A change by which events would come twice, since another active webhook delivers
them to the same URL already, is refused; --force makes it all the same.`,
		Example: `  labelhook webhooks update clw1g7v2x000a0742h3k9q8zd --url https://receiver.acme.dev/labelbox
  labelhook webhooks update clw1g7v2x000a0742h3k9q8zd --topic label.created --topic label.deleted
  labelhook webhooks update clw1g7v2x000a0742h3k9q8zd --status inactive`,
		Args: oneArg("webhook id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := labelbox.WebhookUpdate{URL: url}
			var err error
			if change.Topics, err = topicsFlag(topics); err != nil {
				return err
			}
			if status != "" {
				if change.Status, err = labelbox.ParseStatus(status); err != nil {
					return usage(fmt.Errorf("--status: %w", err), "write active, inactive or revoked")
				}
			}
			if url == "" && change.Topics == nil && status == "" {
				return usage(errors.New("nothing to change"), "give --url, --topic or --status")
			}
			if allowLoopback && url == "" {
				return usage(errors.New("--allow-loopback: there is no --url that it could be for"), "leave it out, or give --url")
			}
			client, err := t.api(allowLoopback)
			if err != nil {
				return err
			}
			if url != "" {
				if err := client.CheckURL(url); err != nil {
					return err
				}
			}
			defer t.alone()()
			if !force {
				if err := t.refuseUpdate(cmd.Context(), client, args[0], change); err != nil {
					return err
				}
			}
			w, err := client.UpdateWebhook(cmd.Context(), args[0], change)
			if err != nil {
				return err
			}
			if url != "" {
				t.warnOfURL(url)
			}
			return t.printWebhookAs(asJSON, w)
		},
	}
	f := cmd.Flags()
	f.StringVar(&url, "url", "", "new `URL`, https")
	f.StringArrayVar(&topics, "topic", nil, "new `topic`; may be repeated")
	f.StringVar(&status, "status", "", "new `status`: active, inactive or revoked")
	f.BoolVar(&force, "force", false, "change it even if events come twice then")
	f.BoolVar(&allowLoopback, "allow-loopback", false, "let the URL be on this machine, where Labelbox itself cannot deliver")
	f.BoolVar(&asJSON, "json", false, "print the webhook as JSON")
	completeTopics(cmd)
	cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions([]string{"active", "inactive", "revoked"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// refuseUpdate refuses a change by which events would come twice that come once
// now. What switches a webhook off makes nothing come at all.
func (t *tool) refuseUpdate(ctx context.Context, client *labelbox.Client, id string, change labelbox.WebhookUpdate) error {
	if change.Status != "" && change.Status != labelbox.Active {
		return nil
	}
	now, err := client.Webhook(ctx, id)
	if err != nil {
		return err
	}
	then := labelbox.Webhook{ID: id, URL: cmp.Or(change.URL, now.URL), Topics: now.Topics, Status: cmp.Or(change.Status, now.Status)}
	if change.Topics != nil {
		then.Topics = change.Topics
	}
	if then.Status != labelbox.Active {
		return nil
	}
	var before []labelbox.Topic
	if now.Status == labelbox.Active && labelbox.SameReceiver(now.URL, then.URL) {
		before = now.Topics
	}
	owner, err := client.WebhookProject(ctx, id)
	if err != nil {
		return err
	}
	return t.refuseSecond(ctx, client, then, projectID(owner), before)
}

func completeTopics(cmd *cobra.Command) {
	names := strings.Fields(topicList(labelbox.Topics()))
	cmd.RegisterFlagCompletionFunc("topic", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

func (t *tool) deleteWebhookCommand() *cobra.Command {
	var yes, asJSON bool
	cmd := &cobra.Command{
		Use:   "delete ID",
		Short: "Switch a webhook off; Labelbox deletes none",
		Long: `Switch a webhook off. Labelbox's API has no deletion: the webhook stays in the
lists as INACTIVE and delivers nothing any more. labelhook webhooks update ID
--status active switches it on again.`,
		Example: `  labelhook webhooks delete clw1g7v2x000a0742h3k9q8zd
  labelhook webhooks delete clw1g7v2x000a0742h3k9q8zd --yes`,
		Args: oneArg("webhook id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := t.api(false)
			if err != nil {
				return err
			}
			if !yes {
				if !t.canAsk() {
					return usage(errors.New("this must be confirmed, and there is no terminal to ask on"), "add --yes")
				}
				w, err := client.Webhook(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				question := fmt.Sprintf("Switch off %s, which delivers to %s?", w.ID, printable.URL(w.URL))
				if err := t.confirm(cmd.Context(), question, "--yes"); err != nil {
					return err
				}
			}
			w, err := client.DeactivateWebhook(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(t.err, "labelhook: %s is switched off; Labelbox keeps it in its lists as %s\n", w.ID, w.Status)
			return t.printWebhookAs(asJSON, w)
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the webhook as JSON")
	return cmd
}
