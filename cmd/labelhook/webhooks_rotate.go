package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/environment"
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
on the same machine goes on from there. What it goes on with is kept until the end
in labelhook/webhooks under XDG_STATE_HOME (~/.local/state unless that is set):
which twin, and a fingerprint of its secret.

A rotation that would not change the secret is refused. For a secret that is given
the old one must be known: of a webhook that was made on this machine, or from
` + environment.PreviousVariable + `.

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
	if err := r.secret.check(); err != nil {
		return err
	}
	if r.confirmed && r.secret.generate {
		return usage(errors.New("--confirm and --generate-secret: a secret just made up cannot be at the receiver yet"), "leave --confirm out, and run the command again with it later")
	}
	client, err := t.api(r.allowLoopback)
	if err != nil {
		return err
	}
	kept, err := t.records()
	if err != nil {
		return err
	}
	s, err := t.twinFor(ctx, client, kept, r)
	if err != nil {
		return err
	}
	view := rotationView{State: "waiting", Old: webhookViewOf(s.old), New: webhookViewOf(s.twin), Created: s.created}
	if s.created && s.secret.generated {
		view.SecretFile = s.secret.file
		if r.secret.show {
			view.Secret = s.secret.text
		}
	}
	if s.old.Status != labelbox.Active {
		fmt.Fprintf(t.err, "labelhook: %s is %s already, and %s delivers in its place\n", s.old.ID, s.old.Status, s.twin.ID)
		view.State = "done"
		return t.printRotation(r, view)
	}
	t.explainRotation(s)

	if !r.confirmed {
		if !t.canAsk() {
			fmt.Fprintf(t.err, "labelhook: then run labelhook webhooks rotate %s --confirm\n", s.old.ID)
			return t.printRotation(r, view)
		}
		question := fmt.Sprintf("Does the receiver have both secrets, so that %s can be switched off?", s.old.ID)
		if err := t.confirm(ctx, question, "--confirm"); err != nil {
			fmt.Fprintf(t.err, "labelhook: both webhooks go on delivering; run labelhook webhooks rotate %s again\n", s.old.ID)
			return err
		}
	}
	off, err := s.switchOver(ctx, client, kept)
	if err != nil {
		fmt.Fprintf(t.err, "labelhook: the rotation is not at its end; run labelhook webhooks rotate %s --confirm again\n", s.old.ID)
		return err
	}
	fmt.Fprintf(t.err, "labelhook: %s is switched off, %s delivers in its place; %s\n", off.ID, s.twin.ID, s.whoNeedsTheOldSecret())
	view.State, view.Old = "done", webhookViewOf(off)
	return t.printRotation(r, view)
}

// step is how far a rotation has come: there is a twin.
type step struct {
	old, twin labelbox.Webhook
	created   bool          // the twin, by this run
	secret    webhookSecret // its secret, if created
	rec       record        // of old, with the rotation
	others    []labelbox.Webhook
	partial   bool // there may be others that cannot be listed
}

// twinFor finds the twin of the rotation that is under way, or begins one. No
// other run works on it meanwhile.
func (t *tool) twinFor(ctx context.Context, client *labelbox.Client, kept records, r rotation) (step, error) {
	var s step
	var err error
	if s.old, err = client.Webhook(ctx, r.id); err != nil {
		return s, err
	}
	owner, err := client.WebhookProject(ctx, r.id)
	if err != nil {
		return s, err
	}
	unlock, err := kept.lock()
	if err != nil {
		return s, err
	}
	defer unlock()
	if s.rec, err = kept.load(s.old); err != nil {
		return s, err
	}
	n, twins, err := twinsOf(ctx, client, s.old, projectID(owner))
	if err != nil {
		return s, err
	}
	s.others, s.partial = n.webhooks, n.partial != nil
	if s.rec.Rotation != nil && s.rec.Rotation.Twin == "" && len(twins) == 1 {
		// It was not there when the rotation began, so it is the one that was being
		// made, unless a creation here has made it since.
		made, err := kept.load(twins[0])
		if err == nil && made.Secret == nil {
			s.rec.Rotation.Twin = twins[0].ID
			err = kept.save(s.rec)
		}
		if err != nil {
			return s, err
		}
	}
	known := ""
	if s.rec.Rotation != nil {
		known = s.rec.Rotation.Twin
	}
	isTwin := slices.ContainsFunc(twins, func(w labelbox.Webhook) bool { return w.ID == known })
	switch active := s.old.Status == labelbox.Active; {
	case isTwin && len(twins) > 1, known == "" && len(twins) > 1:
		return s, failure(fmt.Errorf("%s has %d twins: %s", s.old.ID, len(twins), idList(twins)),
			"switch off those that are not wanted with labelhook webhooks delete, then run it again")
	case !active && len(twins) == 1 && (isTwin || known == ""):
		s.twin = twins[0]
		if flag := r.secret.named(); flag != "" {
			return s, usage(fmt.Errorf("%s: %s is %s already, and %s delivers in its place", flag, s.old.ID, s.old.Status, s.twin.ID), "labelhook webhooks rotate "+s.twin.ID+" gives that one a new secret")
		}
		return s, kept.end(s)
	case !active:
		return s, failure(fmt.Errorf("%s is %s, so there is nothing to replace", s.old.ID, s.old.Status),
			"labelhook webhooks create makes a new one; labelhook webhooks update "+s.old.ID+" --status active switches this one on")
	case isTwin:
		s.twin = twins[0]
		if err := t.goOn(ctx, r, s); err != nil {
			return s, err
		}
		fmt.Fprintf(t.err, "labelhook: going on with %s, the twin made %s\n", s.twin.ID, moment(s.twin.CreatedAt))
		return s, nil
	case len(twins) > 0:
		return s, failure(fmt.Errorf("%s delivers the same as %s to the same URL, but is not the twin of a rotation that was begun here, so its secret is not known", idList(twins), s.old.ID),
			"go on where the rotation was begun; or switch off the one that is not wanted (labelhook webhooks delete), and rotate the other")
	case known != "":
		twin, err := client.Webhook(ctx, known)
		switch {
		case err != nil && !errors.Is(err, labelbox.ErrNotFound):
			return s, err
		case err == nil && twin.Status == labelbox.Active:
			return s, failure(fmt.Errorf("%s, the twin of %s, is not of the same URL and topics any more", known, s.old.ID),
				"make both the same with labelhook webhooks update; or switch the twin off (labelhook webhooks delete "+known+"), then rotate again")
		case r.confirmed:
			return s, failure(fmt.Errorf("%s, the twin of %s, is switched off, so there is nothing to confirm", known, s.old.ID),
				"labelhook webhooks update "+known+" --status active --force switches it on again; rotate without --confirm starts over")
		}
		fmt.Fprintf(t.err, "labelhook: %s, the twin of a rotation before, is switched off; starting over\n", known)
		s.rec.Rotation = nil
	}
	return s, t.begin(ctx, client, kept, r, &s, owner)
}

// goOn refuses what says that another rotation is meant than the one under way.
func (t *tool) goOn(ctx context.Context, r rotation, s step) error {
	startOver := "to start over, switch the twin off: labelhook webhooks delete " + s.twin.ID
	if flag := r.secret.named(); flag != "" {
		return usage(fmt.Errorf("%s cannot take effect: the rotation of %s is under way, and its twin %s has its secret already", flag, s.old.ID, s.twin.ID), "leave it out; "+startOver)
	}
	under := s.rec.Rotation
	if under.File != "" {
		text, err := os.ReadFile(under.File)
		lines := strings.Split(string(text), "\n")
		// The old secret may stand below it by now.
		if err == nil && !slices.ContainsFunc(lines[:min(len(lines), 5)], under.Secret.of) {
			return failure(fmt.Errorf("%s does not hold the secret that the twin %s was made with", under.File, s.twin.ID), "bring that secret back, or remove the file if it is elsewhere; "+startOver)
		}
	}
	if !t.secretIsSet() {
		return nil
	}
	secrets, err := t.rawSecrets(ctx)
	if err != nil {
		return err
	}
	// A user for whom a secret was made up may still have the old one here.
	if under.Secret.of(secrets[0].text) || under.Generated && (s.rec.Secret == nil || s.rec.Secret.of(secrets[0].text)) {
		return nil
	}
	return usage(fmt.Errorf("%s: not the secret that the twin %s was made with", secrets[0].variable, s.twin.ID), "set it to that secret, or unset it; "+startOver)
}

// begin makes the webhook that takes the place of the old one. What is being done
// is kept first, so that it can be gone on with wherever it breaks off.
func (t *tool) begin(ctx context.Context, client *labelbox.Client, kept records, r rotation, s *step, owner *labelbox.Project) error {
	for _, topic := range s.old.Topics {
		if topic.Retired() {
			return failure(fmt.Errorf("%s is told of %s, which Labelbox gives to no new webhook", s.old.ID, topic),
				"labelhook webhooks update "+s.old.ID+" --topic … to leave it out, then rotate")
		}
	}
	if err := client.CheckURL(s.old.URL); err != nil {
		return err
	}
	secret, err := t.newSecret(ctx, r, s.rec)
	if err != nil {
		return err
	}
	s.rec.Rotation = &underway{Begun: time.Now().UTC(), Secret: fingerprintOf(secret.text), Generated: secret.generated}
	if secret.file != "" {
		if s.rec.Rotation.File, err = filepath.Abs(secret.file); err != nil {
			return err
		}
	}
	if err := kept.save(s.rec); err != nil {
		return err
	}
	created, err := t.makeWebhook(ctx, client, labelbox.NewWebhook{
		URL: s.old.URL, Topics: s.old.Topics, ProjectID: projectID(owner), WholeOrganization: owner == nil,
	}, secret)
	switch {
	case errors.Is(err, labelbox.ErrOutcomeUnknown):
		return failure(err, "run labelhook webhooks rotate "+s.old.ID+" again: it looks whether the twin was made")
	case err != nil:
		s.rec.Rotation = nil
		return errors.Join(err, kept.save(s.rec))
	}
	s.twin, s.created, s.secret = created.Webhook, true, secret
	s.rec.Rotation.Twin = s.twin.ID
	return kept.save(s.rec)
}

// newSecret returns a secret that is not the old one. That can be known of one
// made up; of one given only if the old one is known as well.
func (t *tool) newSecret(ctx context.Context, r rotation, rec record) (webhookSecret, error) {
	var secret webhookSecret
	var err error
	if under := rec.Rotation; under != nil && under.File != "" && r.secret.named() == "" {
		// The one made up before the rotation broke off, if it came into its file.
		if text, err := os.ReadFile(under.File); err == nil && under.Secret.of(string(text)) {
			return webhookSecret{text: withoutLineBreak(string(text)), generated: true, file: under.File, kept: true}, nil
		}
	}
	if secret, err = r.secret.choose(ctx, t); err != nil || secret.generated {
		return secret, err
	}
	old, err := t.oldSecrets(ctx, r.secret.file)
	if err != nil {
		return secret, err
	}
	same := func(s rawSecret) bool { return withoutLineBreak(s.text) == withoutLineBreak(secret.text) }
	switch {
	case rec.Secret.of(secret.text), slices.ContainsFunc(old, same):
		return secret, usage(fmt.Errorf("the new secret is the one that %s has already, so nothing would change", r.id),
			"set "+environment.SecretVariable+" to the new secret and "+environment.PreviousVariable+" to the old one, or add --generate-secret")
	case rec.Secret == nil && len(old) == 0:
		return secret, usage(fmt.Errorf("it is not known which secret %s has, so whether this one is another", r.id),
			"set "+environment.PreviousVariable+" to the old secret beside "+environment.SecretVariable+", or add --generate-secret")
	}
	return secret, nil
}

// oldSecrets returns the secrets that are said to be the old ones: the previous
// one, those below the new one in its file or, beside --secret-file, those of the
// environment.
func (t *tool) oldSecrets(ctx context.Context, file string) ([]rawSecret, error) {
	if previous := t.getenv(environment.PreviousVariable); previous != "" {
		return []rawSecret{{text: previous}}, nil
	}
	if file != "" {
		lines, err := secretLines(file, "--secret-file")
		if err != nil {
			return nil, err
		}
		if len(lines) > 1 {
			return lines[1:], nil
		}
	}
	if !t.secretIsSet() {
		return nil, nil
	}
	secrets, err := t.rawSecrets(ctx)
	if err != nil || file != "" {
		return secrets, err
	}
	return secrets[1:], nil
}

// secretIsSet reports whether the environment names the secret.
func (t *tool) secretIsSet() bool {
	return t.getenv(environment.SecretVariable) != "" || t.getenv(environment.FileVariable) != ""
}

// switchOver switches the old webhook off, once more sure that the twin delivers
// and that no other run has come in between.
func (s *step) switchOver(ctx context.Context, client *labelbox.Client, kept records) (labelbox.Webhook, error) {
	unlock, err := kept.lock()
	if err != nil {
		return labelbox.Webhook{}, err
	}
	defer unlock()
	rec, err := kept.load(s.old)
	if err != nil {
		return labelbox.Webhook{}, err
	}
	if rec.Rotation == nil || rec.Rotation.Twin != s.twin.ID {
		return labelbox.Webhook{}, failure(fmt.Errorf("the rotation of %s was ended or started over meanwhile", s.old.ID), "labelhook webhooks list shows what delivers")
	}
	twin, err := client.Webhook(ctx, s.twin.ID)
	if err != nil {
		return labelbox.Webhook{}, err
	}
	if twin.Status != labelbox.Active {
		return labelbox.Webhook{}, failure(fmt.Errorf("%s, the twin of %s, is %s by now", twin.ID, s.old.ID, twin.Status), "labelhook webhooks list shows what delivers")
	}
	off, err := client.DeactivateWebhook(ctx, s.old.ID)
	if err != nil {
		return off, err
	}
	return off, kept.end(*s)
}

// end forgets the rotation and the old webhook, and remembers the twin's secret.
func (r records) end(s step) error {
	if s.rec.Rotation == nil {
		return nil
	}
	if err := r.save(r.about(s.twin, s.rec.Rotation.Secret)); err != nil {
		return err
	}
	return r.save(record{Webhook: s.old.ID})
}

// whoNeedsTheOldSecret says when the old secret can be taken from the receiver.
func (s *step) whoNeedsTheOldSecret() string {
	others := slices.DeleteFunc(slices.Clone(s.others), func(w labelbox.Webhook) bool { return w.ID == s.old.ID || w.ID == s.twin.ID })
	switch {
	case len(others) > 0:
		return idList(others) + " delivers there as well: keep the old secret if that has it"
	case s.partial:
		return "the receiver needs the old secret no longer, unless a webhook of the whole workspace has it, which this API key may not list"
	}
	return "the receiver needs the old secret no longer, once the deliveries under way are there"
}

func idList(webhooks []labelbox.Webhook) string {
	var ids []string
	for _, w := range webhooks {
		ids = append(ids, w.ID)
	}
	return strings.Join(ids, ", ")
}

// explainRotation says what to set where.
func (t *tool) explainRotation(s step) {
	where := "the secret that " + s.twin.ID + " was made with"
	switch under := s.rec.Rotation; {
	case s.created:
		where = "the new secret (" + s.secret.location() + ")"
	case under.File != "":
		where = "the new secret (it was written to " + under.File + ")"
	case under.Generated:
		where = "the new secret (where --secret-command put it)"
	}
	fmt.Fprintf(t.err, `labelhook: %s and its twin %s both deliver to %s now. Set at the receiver:
  %s           %s
  %s  the secret of %s
or put both into the file of %s, the new one in the first line.
`, s.old.ID, s.twin.ID, printable.URL(s.old.URL), environment.SecretVariable, where, environment.PreviousVariable, s.old.ID, environment.FileVariable)
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
