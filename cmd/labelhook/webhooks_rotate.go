package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/bundle"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/labelbox"
)

func (t *tool) rotateWebhookCommand() *cobra.Command {
	var r rotation
	cmd := &cobra.Command{
		Use:   "rotate ID",
		Short: "Replace a webhook by a twin with a new secret",
		Long: `Replace a webhook by a twin with a new secret, since Labelbox cannot change the
secret of a webhook. No delivery is lost on the way:

 1. A twin is made: the same URL, topics and project, the new secret.
 2. You give the receiver both secrets, the new one as the current and the old one
    as the previous. Until then the first webhook delivers, and the twin's
    deliveries are refused.
 3. You confirm, on the terminal or by running the command again with --confirm,
    and the first webhook is switched off.

It can be broken off anywhere: both webhooks go on working, and running it again
goes on from there with the twin that it finds.

` + secretHelp,
		Example: `  labelhook webhooks rotate clw1g7v2x000a0742h3k9q8zd --generate-secret --secret-file new.secret
  labelhook webhooks rotate clw1g7v2x000a0742h3k9q8zd --confirm`,
		Args: oneArg("webhook id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.id = args[0]
			return t.rotateWebhook(cmd.Context(), r)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&r.confirmed, "confirm", false, "the receiver has both secrets: switch the first webhook off")
	f.BoolVar(&r.allowLoopback, "allow-loopback", false, "let the URL be on this machine, where Labelbox itself cannot deliver")
	f.BoolVar(&r.json, "json", false, "print the result as JSON")
	r.secret.addTo(cmd)
	return cmd
}

// rotation is what the arguments of rotate say.
type rotation struct {
	id                             string
	confirmed, allowLoopback, json bool
	secret                         secretFlags
}

// rotationView is the result of rotate in JSON.
type rotationView struct {
	State      string      `json:"state"` // waiting (both are active) or done
	Old        webhookView `json:"old"`
	New        webhookView `json:"new"`
	Created    bool        `json:"created"` // false: the twin was there already
	SecretFile string      `json:"secret_file,omitempty"`
	Secret     string      `json:"secret,omitempty"` // with --show-secret
}

func (t *tool) rotateWebhook(ctx context.Context, r rotation) error {
	if r.confirmed && r.secret.generate {
		return usage(errors.New("--confirm and --generate-secret: a secret just made up cannot be at the receiver yet"), "leave --confirm out, and run the command again with it later")
	}
	client, err := t.api(r.allowLoopback)
	if err != nil {
		return err
	}
	old, err := client.Webhook(ctx, r.id)
	if err != nil {
		return apiError(err)
	}
	twin, err := findTwin(ctx, client, old)
	if err != nil {
		return err
	}
	view := rotationView{State: "waiting", Old: webhookViewOf(old)}
	var secret webhookSecret
	switch {
	case old.Status != labelbox.Active && twin != nil:
		fmt.Fprintf(t.err, "labelhook: %s is %s already, and %s delivers in its place\n", old.ID, old.Status, twin.ID)
		view.State, view.New = "done", webhookViewOf(*twin)
		return t.printRotation(r, view)
	case old.Status != labelbox.Active:
		return failure(fmt.Errorf("%s is %s, so there is nothing to replace", old.ID, old.Status),
			"labelhook webhooks create makes a new one; labelhook webhooks update "+old.ID+" --status active switches this one on")
	case twin != nil:
		fmt.Fprintf(t.err, "labelhook: going on with %s, the twin made %s\n", twin.ID, moment(twin.CreatedAt))
	default:
		var created labelbox.CreatedWebhook
		if created, secret, err = t.makeTwin(ctx, client, r, old); err != nil {
			return err
		}
		twin, view.Created, view.SecretFile = &created.Webhook, true, secret.file
		if r.secret.show {
			view.Secret = secret.text
		}
	}
	view.New = webhookViewOf(*twin)
	t.explainRotation(old, *twin, secret)

	if !r.confirmed {
		if !t.canAsk() {
			fmt.Fprintf(t.err, "labelhook: then run labelhook webhooks rotate %s --confirm\n", old.ID)
			return t.printRotation(r, view)
		}
		question := fmt.Sprintf("Does the receiver have both secrets, so that %s can be switched off?", old.ID)
		if err := t.confirm(ctx, question, "--confirm"); err != nil {
			fmt.Fprintf(t.err, "labelhook: both webhooks go on delivering; run labelhook webhooks rotate %s again\n", old.ID)
			return err
		}
	}
	off, err := client.DeactivateWebhook(ctx, old.ID)
	if err != nil {
		fmt.Fprintf(t.err, "labelhook: both webhooks go on delivering; run labelhook webhooks rotate %s --confirm again\n", old.ID)
		return apiError(err)
	}
	fmt.Fprintf(t.err, "labelhook: %s is switched off, %s delivers in its place; the receiver needs the old secret no longer\n", off.ID, twin.ID)
	view.State, view.Old = "done", webhookViewOf(off)
	return t.printRotation(r, view)
}

// findTwin returns the other active webhook of the same project, URL and
// topics, nil if there is none.
func findTwin(ctx context.Context, client *labelbox.Client, old labelbox.Webhook) (*labelbox.Webhook, error) {
	owner, err := client.WebhookProject(ctx, old.ID)
	if err != nil {
		return nil, apiError(err)
	}
	candidates, err := deliveringTo(ctx, client, old.URL, projectID(owner))
	if err != nil {
		return nil, err
	}
	var twins []labelbox.Webhook
	for _, w := range candidates {
		if w.ID != old.ID && sameTopics(w.Topics, old.Topics) {
			twins = append(twins, w)
		}
	}
	switch len(twins) {
	case 0:
		return nil, nil
	case 1:
		return &twins[0], nil
	}
	var ids []string
	for _, w := range twins {
		ids = append(ids, w.ID)
	}
	return nil, failure(fmt.Errorf("%s has %d twins: %s", old.ID, len(twins), strings.Join(ids, ", ")),
		"switch off those that are not wanted with labelhook webhooks delete, then run it again")
}

func projectID(p *labelbox.Project) string {
	if p == nil {
		return ""
	}
	return p.ID
}

// makeTwin makes the webhook that takes the place of old.
func (t *tool) makeTwin(ctx context.Context, client *labelbox.Client, r rotation, old labelbox.Webhook) (labelbox.CreatedWebhook, webhookSecret, error) {
	var none labelbox.CreatedWebhook
	owner, err := client.WebhookProject(ctx, old.ID)
	if err != nil {
		return none, webhookSecret{}, apiError(err)
	}
	var topics []labelbox.Topic
	for _, topic := range old.Topics {
		if topic.Retired() {
			return none, webhookSecret{}, failure(fmt.Errorf("%s is told of %s, which Labelbox gives to no new webhook", old.ID, topic),
				"labelhook webhooks update "+old.ID+" --topic … to leave it out, then rotate")
		}
		topics = append(topics, topic)
	}
	secret, err := r.secret.get(ctx, t)
	if err != nil {
		return none, secret, err
	}
	created, err := client.CreateWebhook(ctx, labelbox.NewWebhook{
		URL: old.URL, Secret: secret.text, Topics: topics, ProjectID: projectID(owner), WholeOrganization: owner == nil,
	})
	if err != nil {
		return none, secret, t.notCreated(err, secret)
	}
	return created, secret, nil
}

// explainRotation says what to set where.
func (t *tool) explainRotation(old, twin labelbox.Webhook, secret webhookSecret) {
	where := "the secret that " + twin.ID + " was made with"
	if secret.text != "" {
		where = "the new secret (" + secret.place() + ")"
	}
	fmt.Fprintf(t.err, `labelhook: %s and its twin %s both deliver to %s now. Set at the receiver:
  %s           %s
  %s  the secret of %s
or put both into the file of %s, the new one in the first line.
`, old.ID, twin.ID, printable.URL(old.URL), bundle.SecretVariable, where, bundle.PreviousVariable, old.ID, bundle.FileVariable)
}

func (t *tool) printRotation(r rotation, view rotationView) error {
	if r.json {
		return t.printJSON(view)
	}
	out := fmt.Sprintf("%s\nold  %s  %s\nnew  %s  %s\n", view.State, view.Old.ID, view.Old.Status, view.New.ID, view.New.Status)
	if view.SecretFile != "" {
		out += "secret  in " + view.SecretFile + "\n"
	}
	if view.Secret != "" {
		out += "secret  " + view.Secret + "\n"
	}
	_, err := fmt.Fprint(t.out, out)
	return written(err)
}
