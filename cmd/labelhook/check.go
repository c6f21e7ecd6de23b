package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/printable"
	"github.com/labelhook/labelhook/internal/probe"
	"github.com/labelhook/labelhook/internal/sender"
)

func (t *tool) checkCommand() *cobra.Command {
	way := network{concurrency: 1}
	var asJSON, foreign bool
	cmd := &cobra.Command{
		Use:   "check URL",
		Short: "Say whether a deployed receiver is alive and refuses forgeries",
		Long: `Check sends a deployed receiver what it must refuse (unsigned, forged, cut and
altered deliveries) and what it must accept (a signed one), each once with a
Content-Length and once in chunks, and compares the answers with those that
labelhook gives. --foreign is for a receiver of another make: it compares the
status alone, 2xx for what is genuine and 4xx for what is not.

The signed deliveries are the built-in event "unknown" with a labelhook_check
member that calls itself a test. THEY REACH THE RECEIVER'S DESTINATIONS, and so
does a forgery that the receiver wrongly accepts.

The secret comes from ` + environment.SecretVariable + ` or ` + environment.FileVariable + `.
Without one the rows that need a right signature are skipped; the others still
show whether the receiver fails closed.

A row is a warning, not a failure, when a delivery is answered as it should with
a Content-Length and turned away in chunks: something in front of the receiver
drops chunked bodies.

The exit code is 0 when no row failed, 1 when one did.`,
		Example: "  labelhook check --foreign https://example.com/old-receiver\n" +
			"  LABELBOX_WEBHOOK_SECRET_FILE=secret.txt labelhook check https://example.com/webhook-endpoint\n" +
			"  labelhook check --json \"$URL\" | jq '.checks[] | select(.ok | not)'",
		Args: oneArg("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.check(cmd.Context(), args[0], way, foreign, asJSON)
		},
	}
	way.addTimeout(cmd.Flags(), probe.Timeout)
	way.addCAFile(cmd.Flags(), "the receiver")
	cmd.Flags().BoolVar(&foreign, "foreign", false, "judge a receiver that is not labelhook, by the statuses of its answers alone")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the checks as JSON")
	return cmd
}

func (t *tool) check(ctx context.Context, target string, way network, foreign, asJSON bool) error {
	if err := checkTarget(target); err != nil {
		return err
	}
	roots, err := way.check()
	if err != nil {
		return err
	}
	key, err := t.checkSecret(ctx)
	if err != nil {
		return err
	}
	report, err := t.probe(ctx, target, probe.Options{Key: key, Foreign: foreign}, sender.NewClient(1, way.timeout, roots), asJSON)
	if err != nil && !errors.Is(err, probe.ErrNoAnswer) {
		return err
	}
	if asJSON {
		if failed := writeJSON(t.out, report); failed != nil {
			return failed
		}
	}
	if err == nil && !report.OK {
		err = errSilent
	}
	return err
}

// probe checks the target and, if not silent, prints each result when it is there.
func (t *tool) probe(ctx context.Context, target string, o probe.Options, client *http.Client, silent bool) (probe.Report, error) {
	out := t.shown()
	if silent {
		out = io.Discard
	}
	begun := false
	report, err := probe.Run(ctx, target, o, client, func(row probe.Row) {
		if !begun {
			probe.PrintHead(out, target)
			begun = true
		}
		row.Print(out)
	})
	var hint interface{ Hint() string }
	switch {
	case errors.Is(err, probe.ErrNoAnswer) && errors.As(err, &hint):
		return report, failure(fmt.Errorf("%s: %w", printable.URL(target), err), hint.Hint())
	case err != nil:
		return report, failure(errInterrupted, "")
	}
	report.PrintNotes(out)
	return report, nil
}

// checkTarget refuses what is not an HTTP URL. Its errors do not repeat it: the
// query may hold a function key.
func checkTarget(target string) error {
	u, err := url.Parse(target)
	switch {
	case err != nil, u.Host == "" && u.Scheme == "":
		return usage(errors.New("the argument is not a URL"), "write the whole URL, such as https://example.com/webhook-endpoint")
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return usage(errors.New("the URL does not begin with https:// or http:// and a host"), "write the whole URL, such as https://example.com/webhook-endpoint")
	}
	return nil
}
