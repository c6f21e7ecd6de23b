package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/environment"
	"github.com/labelhook/labelhook/internal/inbox"
)

// selection is what the flags that select deliveries of an inbox say.
type selection struct {
	file, since, event, status, project string
	limit                               int // 0: all
}

func (s *selection) addTo(cmd *cobra.Command) *pflag.FlagSet {
	f := cmd.Flags()
	f.StringVar(&s.file, "inbox", defaultInbox, "`file` that keeps the deliveries")
	f.StringVar(&s.since, "since", "", "only what arrived since this `time`: 90m, 36h, 7d, 2026-11-23 or 2026-11-23T17:48:01Z")
	f.StringVar(&s.event, "event", "", "only this event: "+strings.ReplaceAll(environment.EventNames(), " ", ", "))
	cmd.RegisterFlagCompletionFunc("event", cobra.FixedCompletions(strings.Fields(environment.EventNames()), cobra.ShellCompDirectiveNoFileComp))
	f.StringVar(&s.project, "project", "", "only the project with this `id`")
	f.StringVar(&s.status, "status", "", "only with one of these `statuses`, separated by commas: "+statusNames)
	cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions([]string{"accepted", "pending", "failed", "pending,failed"}, cobra.ShellCompDirectiveNoFileComp))
	return f
}

// query is the selection as the inbox takes it.
func (s *selection) query(now time.Time) (inbox.Query, error) {
	var q inbox.Query
	if s.since != "" {
		since, err := parseSince(s.since, now)
		if err != nil {
			return q, usage(fmt.Errorf("--since: %w", err), "write a duration such as 90m, 36h or 7d, a date such as 2026-11-23, or a time such as 2026-11-23T17:48:01Z")
		}
		q.Since = since
	}
	if s.event != "" {
		event, known := payload.ParseEvent(s.event)
		if !known {
			return q, usage(fmt.Errorf("--event: no event is called %q", s.event), "write one of "+environment.EventNames())
		}
		q.Event = event
	}
	if s.status != "" {
		statuses, err := parseStatuses(s.status)
		if err != nil {
			return q, err
		}
		q.Status = statuses
	}
	if s.limit < 0 {
		return q, usage(fmt.Errorf("--limit: %d is below 0", s.limit), "write how many of the newest; 0 means all")
	}
	q.Project, q.Limit = s.project, s.limit
	return q, nil
}

// parseStatuses reads the names of statuses, separated by commas.
func parseStatuses(text string) (statuses []inbox.Status, err error) {
	for name := range strings.SplitSeq(text, ",") {
		status := inbox.Status(strings.TrimSpace(name))
		if !slices.Contains(inbox.Statuses(), status) {
			return nil, usage(fmt.Errorf("--status: no status is called %q", name), "write one or more of "+statusNames+", separated by commas")
		}
		statuses = append(statuses, status)
	}
	return statuses, nil
}

const statusNames = "accepted, pending, failed"

// parseSince reads a time, a date (its first moment here) or how long ago.
func parseSince(text string, now time.Time) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	if days, found := strings.CutSuffix(text, "d"); found {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 1e6 { // above, days overflow to some other time
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time nor a duration", text)
}

// open opens the inbox for reading.
func (s *selection) open() (*inbox.Reader, error) {
	reader, err := inbox.OpenReadOnly(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("--inbox: there is no file %s", s.file), "name the file that labelhook listen keeps, or start labelhook listen first")
	}
	return reader, err
}
