package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/probe"
	"github.com/labelhook/labelhook/internal/sender"
	"github.com/labelhook/labelhook/labelbox"
)

func (t *tool) createWebhookCommand() *cobra.Command {
	var c creation
	cmd := &cobra.Command{
		Use:   "create --url URL (--project ID | --organization)",
		Short: "Register a webhook",
		Long: `Register a webhook, for one project or for all projects of the workspace. It is
active at once, and without --topic it is told of every topic.

` + secretHelp + `

Webhooks made through the API send v1 payloads. Those that send v2 are made in
Labelbox's pages; labelhook receives both alike.

A webhook that would deliver events which another active one delivers to the same
URL already is refused, for each of them would come twice; --force makes it all
the same. How the URL is spelled makes no difference.

Labelbox would make a second webhook of a repeated request. If the answer to a
creation is lost, labelhook looks whether it was carried out and never just
repeats it.`,
		Example: `  LABELBOX_WEBHOOK_SECRET_FILE=secret.txt labelhook webhooks create --url https://receiver.acme.dev/labelbox --project clvo7ajpc014907zxagiw9hry
  labelhook webhooks create --url "$URL" --organization --topic label.created --topic workflow.action --generate-secret
  labelhook webhooks create --url "$URL" --project "$P" --generate-secret --secret-command 'gcloud secrets create labelbox --data-file=-'
  labelhook webhooks create --url "$URL" --project "$P" --if-absent --check`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.createWebhook(cmd.Context(), c) },
	}
	f := cmd.Flags()
	f.StringVar(&c.url, "url", "", "`URL` that Labelbox delivers to, https")
	f.StringVar(&c.project, "project", "", "`id` of the project whose labels are meant")
	f.BoolVar(&c.organization, "organization", false, "all projects of the workspace are meant")
	f.StringArrayVar(&c.topics, "topic", nil, "`topic` to be told of: "+topicList(labelbox.Topics())+"; may be repeated (default all)")
	f.BoolVar(&c.ifAbsent, "if-absent", false, "make none if there is an active one with this URL, project and topics already")
	f.BoolVar(&c.force, "force", false, "make it even if events come twice then")
	f.BoolVar(&c.check, "check", false, "then check that the receiver is alive and refuses forgeries")
	f.BoolVar(&c.allowLoopback, "allow-loopback", false, "let the URL be on this machine, where Labelbox itself cannot deliver")
	f.BoolVar(&c.json, "json", false, "print the webhook as JSON")
	c.secret.addTo(cmd)
	completeTopics(cmd)
	return cmd
}

// creation is what the flags of create say.
type creation struct {
	url, project                  string
	topics                        []string
	organization, ifAbsent, force bool
	check, allowLoopback, json    bool
	secret                        secretFlags
}

// wanted is the webhook to make, without its secret.
func (c creation) wanted() (labelbox.NewWebhook, error) {
	w := labelbox.NewWebhook{URL: c.url, ProjectID: c.project, WholeOrganization: c.organization}
	switch {
	case c.url == "":
		return w, usage(errors.New("--url: not given, so there is nowhere to deliver to"), "write --url https://host/path")
	case (c.project == "") == !c.organization:
		return w, usage(errors.New("whose labels are meant? --project and --organization: give exactly one"),
			"write --project and the project's id, or --organization for all of the workspace")
	case c.ifAbsent && c.force:
		return w, usage(errors.New("--if-absent and --force exclude each other"), "--if-absent makes no second one, --force does; give one of them")
	}
	var err error
	if w.Topics, err = topicsFlag(c.topics); err != nil {
		return w, err
	}
	if w.Topics == nil {
		w.Topics = labelbox.Topics()
	}
	return w, c.secret.check()
}

// createdView is the result of create in JSON.
type createdView struct {
	webhookView
	Created    bool          `json:"created"` // false: --if-absent found it
	SecretFile string        `json:"secret_file,omitempty"`
	Secret     string        `json:"secret,omitempty"` // with --show-secret
	Check      *probe.Report `json:"check,omitempty"`  // with --check
}

func (t *tool) createWebhook(ctx context.Context, c creation) error {
	wanted, err := c.wanted()
	if err != nil {
		return err
	}
	client, err := t.api(c.allowLoopback)
	if err != nil {
		return err
	}
	if err := client.CheckURL(wanted.URL); err != nil {
		return err
	}
	made, err := t.findOrCreate(ctx, client, c, wanted)
	if err != nil {
		return err
	}
	return t.printCreated(ctx, c, made)
}

// creationResult is the webhook that was made, or that --if-absent found.
type creationResult struct {
	webhook labelbox.Webhook
	created bool
	secret  webhookSecret // the one given, or made up for it
}

// findOrCreate looks for a webhook in the way and makes the one that is wanted.
// No other run on this machine makes one in between.
func (t *tool) findOrCreate(ctx context.Context, client *labelbox.Client, c creation, wanted labelbox.NewWebhook) (made creationResult, err error) {
	defer t.alone()()
	like := labelbox.Webhook{URL: wanted.URL, Topics: wanted.Topics}
	if c.ifAbsent {
		_, twins, err := twinsOf(ctx, client, like, wanted.ProjectID)
		if err != nil {
			return made, err
		}
		if len(twins) > 0 {
			return t.compareSecret(ctx, twins, c.secret)
		}
	}
	if !c.force {
		if err := t.refuseSecond(ctx, client, like, wanted.ProjectID, nil); err != nil {
			return made, err
		}
	}
	key, err := c.secret.choose(ctx, t)
	if err != nil {
		return made, err
	}
	created, err := t.makeWebhook(ctx, client, wanted, key)
	if err != nil {
		return made, err
	}
	t.keepFingerprint(created.Webhook, key)
	if created.AnswerLost != nil {
		fmt.Fprintf(t.err, "labelhook: the answer was lost (%s), but the webhook was made; it was not made twice\n", oneLine(created.AnswerLost.Error()))
	}
	t.warnOfURL(c.url)
	fmt.Fprintln(t.err, "labelhook: webhooks made through the API send v1 payloads; those that send v2 are made in Labelbox's pages")
	return creationResult{created.Webhook, true, key}, nil
}

// makeWebhook puts a secret that was made up in safety and makes the webhook with
// it. Where that may exist the secret stays.
func (t *tool) makeWebhook(ctx context.Context, client *labelbox.Client, w labelbox.NewWebhook, key webhookSecret) (labelbox.CreatedWebhook, error) {
	if err := key.keep(ctx, t); err != nil {
		return labelbox.CreatedWebhook{}, err
	}
	w.Secret = key.text
	created, err := client.CreateWebhook(ctx, w)
	switch unknown := errors.Is(err, labelbox.ErrOutcomeUnknown); {
	case unknown && key.file != "":
		fmt.Fprintf(t.err, "labelhook: if the webhook was made, its secret is in %s\n", key.file)
	case err != nil && !unknown:
		key.discard()
	}
	return created, err
}

// printCreated prints the result and, if told to, the check of the receiver.
func (t *tool) printCreated(ctx context.Context, c creation, made creationResult) error {
	w, key := made.webhook, made.secret
	view := createdView{webhookView: webhookViewOf(w), Created: made.created, SecretFile: key.file}
	if c.secret.show {
		view.Secret = key.text // of a found webhook none is known
	}
	if !c.json {
		rows := [][2]string{}
		if view.Created {
			rows = append(rows, [2]string{"secret", key.location()})
		}
		if view.Secret != "" {
			rows = append(rows, [2]string{"", view.Secret})
		}
		if err := t.printWebhook(w, rows...); err != nil {
			return err
		}
		if c.check {
			fmt.Fprintln(t.out)
		}
	}
	if c.check {
		report, err := t.probeFor(ctx, w.URL, key, c.json)
		if err != nil && !errors.Is(err, probe.ErrNoAnswer) {
			return err
		}
		if err != nil {
			fmt.Fprintf(t.err, "labelhook: %v\n", err)
		}
		view.Check = &report
	}
	if c.json {
		if err := t.printJSON(view); err != nil {
			return err
		}
	}
	if view.Check != nil && !view.Check.OK {
		return failure(errors.New("the webhook is there, but its receiver failed the check"), "labelhook check explains; labelhook webhooks delete switches the webhook off")
	}
	return nil
}

// probeFor checks the receiver with the webhook's secret. One that has just
// been made up is not there yet, so nothing is signed with it.
func (t *tool) probeFor(ctx context.Context, url string, key webhookSecret, silent bool) (probe.Report, error) {
	var signing *secret.Secret
	if key.text == "" {
		var err error
		if signing, err = t.checkSecret(ctx); err != nil {
			return probe.Report{}, err
		}
	} else if !key.generated {
		s, err := secret.New(key.text)
		if err != nil {
			return probe.Report{}, usage(err, "")
		}
		signing = &s
	}
	roots, err := t.apiWay.roots()
	if err != nil {
		return probe.Report{}, err
	}
	return t.probe(ctx, url, probe.Options{Key: signing}, sender.NewClient(1, probe.Timeout, roots), silent)
}

// compareSecret returns which of the twins is meant, and the secret given, if
// one is: the one that was made with it, as far as that is known here. Twins that
// all have another secret are refused, for a receiver would be told the wrong one.
func (t *tool) compareSecret(ctx context.Context, twins []labelbox.Webhook, flags secretFlags) (found creationResult, err error) {
	found.webhook = twins[0]
	if !flags.generate { // a secret is not made up for nothing
		found.secret, err = flags.choose(ctx, t)
	}
	switch {
	case errors.Is(err, environment.ErrNoSecretVariable):
		err = nil
	case err == nil && found.secret.text != "":
		found.webhook, err = t.madeWith(found.secret.text, twins)
	}
	if err == nil {
		fmt.Fprintf(t.err, "labelhook: %s delivers there already; nothing was made\n", found.webhook.ID)
	}
	return found, err
}

// madeWith returns the first of the webhooks that was made with the secret or,
// since that may not be known here, might have been.
func (t *tool) madeWith(secret string, webhooks []labelbox.Webhook) (w labelbox.Webhook, err error) {
	kept, err := t.records()
	if err != nil {
		return w, err
	}
	known, err := kept.fingerprints(webhooks)
	if err != nil {
		return w, err
	}
	if i := slices.IndexFunc(webhooks, func(w labelbox.Webhook) bool { return known[w.ID].of(secret) }); i >= 0 {
		return webhooks[i], nil
	}
	if i := slices.IndexFunc(webhooks, func(w labelbox.Webhook) bool { return known[w.ID] == nil }); i >= 0 {
		fmt.Fprintf(t.err, "labelhook: warning: it is not known here whether %s has the secret that is given\n", webhooks[i].ID)
		return webhooks[i], nil
	}
	return w, failure(fmt.Errorf("%s delivers there already, but was made with another secret than the one given", idList(webhooks)),
		"give that secret, or labelhook webhooks rotate "+webhooks[0].ID+" to give it a new one")
}
