package main

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/core/secret"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/samples"
	"github.com/labelhook/labelhook/internal/sender"
)

// maxSendBody is how large --file can be, in bytes: far more than any receiver
// takes.
const maxSendBody = 256 << 20

func (t *tool) sendCommand() *cobra.Command {
	var s sending
	cmd := &cobra.Command{
		Use:   "send EVENT --to URL",
		Short: "Send signed test deliveries to a receiver",
		Long: `Send signed test deliveries to a receiver, as Labelbox would.

EVENT is one of these, or Labelbox's own name for it, such as LABEL_CREATED:
  ` + strings.ReplaceAll(environment.EventNames(), " ", "\n  ") + `

The payload is a built-in sample of the event, or with --file the exact bytes of
a file. --set changes values in it: the path is names and array positions with
dots between them (-1 is behind the last element), and the value is JSON if it
can be read as JSON, else a string. A path that is not in the payload is refused;
--set-new adds it. With --count above 1 each delivery has ids
and times of its own, except where these have put some.

The signature is made with the current secret, from ` + environment.SecretVariable + `
or ` + environment.FileVariable + `.

The exit code is 0 when every delivery was answered 2xx, 1 when one was not.`,
		Example: `  labelhook send label.created --to http://127.0.0.1:3001/webhook-endpoint
  labelhook send label.updated --payload v1 --set project.id=my-project --to "$URL"
  labelhook send workflow.action --set action=APPROVE --set dataRowIds.-1=row-2 --to "$URL"
  labelhook send label.created --count 10000 --concurrency 32 --json --to "$URL"
  labelhook events show ID --raw | labelhook send label.created --file - --to "$URL"`,
		Args: oneArg("event"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return strings.Fields(environment.EventNames()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			s.name = args[0]
			return t.send(cmd.Context(), s)
		},
	}
	f := cmd.Flags()
	f.StringVar(&s.to, "to", "", "`URL` of the receiver")
	f.StringVar(&s.payload, "payload", "", "`version` of the built-in payload, where the event has several: v1 or v2 (default v2)")
	f.StringVar(&s.file, "file", "", "`file` to send instead of the built-in payload; - is the standard input")
	f.Var(&edits{&s.edits, false}, "set", "`path=value` to change in the payload; may be repeated")
	f.Var(&edits{&s.edits, true}, "set-new", "`path=value` to add to the payload, or to change; may be repeated")
	f.IntVar(&s.count, "count", 1, "`number` of deliveries")
	s.way.addSending(f)
	f.BoolVar(&s.json, "json", false, "print the result as JSON")
	cmd.RegisterFlagCompletionFunc("payload", cobra.FixedCompletions([]string{string(payload.V1), string(payload.V2)}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("to", cobra.NoFileCompletions)
	cmd.RegisterFlagCompletionFunc("set", cobra.NoFileCompletions)
	cmd.RegisterFlagCompletionFunc("set-new", cobra.NoFileCompletions)
	return cmd
}

// sending is what the arguments of send say.
type sending struct {
	name, to, payload, file string
	edits                   []edit
	count                   int
	way                     network
	json                    bool
}

func (t *tool) send(ctx context.Context, s sending) error {
	sample, err := s.sample()
	if err != nil {
		return err
	}
	if s.count < 1 {
		return usage(fmt.Errorf("--count: %d is below 1", s.count), "write how many deliveries to send")
	}
	roots, err := s.way.check()
	if err != nil {
		return err
	}
	if err := t.checkTo(s.to); err != nil {
		return err
	}
	body, kept, err := t.payload(ctx, s, sample)
	if err != nil {
		return err
	}
	secret, err := t.signingSecret(ctx)
	if err != nil {
		return err
	}
	report := newSendReport(s.to, sample.Event, s.count)
	t.sendAll(ctx, s.to, s.way, roots, t.deliveries(s.count, body, kept, sample.Header, secret), report, report.note)
	return cmp.Or(report.print(t.out, s.json), report.err())
}

// sendAll sends the requests to a URL, notes each result and reports their sum.
func (t *tool) sendAll(ctx context.Context, to string, way network, roots *x509.CertPool, requests iter.Seq[sender.Request], report *sendReport, note func(sender.Result)) {
	step, done := t.progress("sending", report.Asked)
	defer done()
	concurrency := min(way.concurrency, report.Asked)
	client := sender.NewClient(concurrency, way.timeout, roots)
	defer client.CloseIdleConnections()
	through := sender.Sender{URL: to, Concurrency: concurrency, Retries: way.retries, Client: client}
	report.sum(through.Send(ctx, requests, func(r sender.Result) {
		note(r)
		step()
	}))
}

// sample is the built-in payload that the event and --payload choose. It also
// knows how Labelbox spells the event.
func (s *sending) sample() (samples.Sample, error) {
	event, known := payload.ParseEvent(s.name)
	if !known {
		return samples.Sample{}, usage(fmt.Errorf("no event is called %q", s.name), "write one of "+environment.EventNames())
	}
	version := payload.V2
	if s.payload != "" {
		version = payload.Version(s.payload)
	}
	sample, found := samples.Find(event, version)
	switch {
	case version != payload.V1 && version != payload.V2:
		return sample, usage(fmt.Errorf("--payload: there is no version %q", s.payload), "write v1 or v2")
	case s.payload != "" && s.file != "":
		return sample, usage(errors.New("--payload and --file: both choose the payload"), "leave one of them out")
	case s.payload != "" && sample.Version == payload.NoVersion:
		return sample, usage(fmt.Errorf("--payload: %s has only one form", event), "leave --payload out")
	case !found:
		return sample, failure(fmt.Errorf("there is no built-in payload of %s", event), "give one with --file")
	}
	return sample, nil
}

// payload is the sample's or the file's, changed as --set and --set-new say, in
// their order; kept are the paths that they name.
func (t *tool) payload(ctx context.Context, s sending, sample samples.Sample) (body []byte, kept []string, err error) {
	body = sample.Body()
	if s.file != "" {
		if body, err = t.readBody(ctx, "--file: ", s.file, maxSendBody); err != nil {
			return nil, nil, err
		}
	}
	for _, e := range s.edits {
		flag, set := "--set", sender.Set
		if e.add {
			flag, set = "--set-new", sender.SetNew
		}
		var path string
		var missing *sender.MissingError
		switch body, path, err = set(body, e.assignment); {
		case errors.As(err, &missing):
			return nil, nil, usage(fmt.Errorf("%s: %w", flag, err), "correct the path; --set-new adds what is not there yet")
		case err != nil:
			return nil, nil, usage(fmt.Errorf("%s: %w", flag, err), "write path=value, such as --set project.id=my-project or --set dataRowIds.0=row")
		}
		kept = append(kept, path)
	}
	return body, kept, nil
}

// edit is one --set, or --set-new.
type edit struct {
	assignment string
	add        bool
}

// edits is a flag that adds to the edits, so that both flags keep one order.
type edits struct {
	all *[]edit
	add bool
}

func (e *edits) Set(assignment string) error {
	*e.all = append(*e.all, edit{assignment, e.add})
	return nil
}

func (e *edits) Type() string { return "stringArray" }

func (e *edits) String() string { return strings.Join(e.GetSlice(), " ") }

// GetSlice is what the flag has been given.
func (e *edits) GetSlice() (assignments []string) {
	if e.all == nil {
		return nil
	}
	for _, given := range *e.all {
		if given.add == e.add {
			assignments = append(assignments, given.assignment)
		}
	}
	return assignments
}

// deliveries are count signed requests. One has the payload's exact bytes; of
// several each has ids and times of its own, and is made when it is sent.
func (t *tool) deliveries(count int, body []byte, kept []string, header string, secret secret.Secret) iter.Seq[sender.Request] {
	fresh := func() []byte { return body }
	if count > 1 {
		template := sender.NewTemplate(body, kept...)
		if !template.Distinct() {
			fmt.Fprintf(t.err, "labelhook: warning: the payload is not a JSON object, so all %d deliveries have the same bytes; a receiver keeps one\n", count)
		}
		fresh = func() []byte { return template.Fresh(time.Now()) }
	}
	return func(yield func(sender.Request) bool) {
		for range count {
			if !yield(sender.Signed(fresh(), header, secret)) {
				return
			}
		}
	}
}
