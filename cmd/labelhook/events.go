package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/decoded"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/inbox"
	"github.com/labelhook/labelhook/internal/printable"
)

func (t *tool) eventsCommand() *cobra.Command {
	var s selection
	var asJSON, refused bool
	var salvage string
	cmd := &cobra.Command{
		Use:   "events",
		Short: "List the deliveries in an inbox, the last to arrive last",
		Example: `  labelhook events
  labelhook events --since 36h --event label.created --limit 20
  labelhook events --status pending,failed
  labelhook events --refused
  labelhook events --json | jq -r .subject
  labelhook events --inbox damaged.db --salvage saved.db`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if salvage != "" {
				return t.salvage(cmd, s.file, salvage, asJSON)
			}
			q, err := s.query(time.Now())
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("limit") && !asJSON && isTerminal(t.out) {
				q.Limit, s.limit = screenful, screenful
			}
			if refused {
				return t.listRefused(cmd.Context(), s, asJSON)
			}
			reader, err := s.open()
			if err != nil {
				return err
			}
			defer reader.Close()
			if err := t.listEvents(reader, reader.Heads(cmd.Context(), q), asJSON); err != nil || q.Limit != screenful || cmd.Flags().Changed("limit") {
				return err
			}
			q.Limit = 0
			if all, err := reader.Count(cmd.Context(), q); err == nil && all > screenful { // else there is nothing to say
				fmt.Fprintf(t.err, "labelhook: these are the newest %d of %d; --limit 0 lists all\n", screenful, all)
			}
			return nil
		},
	}
	f := s.addTo(cmd)
	f.BoolVar(&asJSON, "json", false, "print a line of JSON for each delivery")
	f.IntVar(&s.limit, "limit", 0, fmt.Sprintf("only the newest so `many`; 0 means all (default %d on a terminal)", screenful))
	f.BoolVar(&refused, "refused", false, "list the requests that were refused, the last of which listen keeps")
	f.StringVar(&salvage, "salvage", "", "do not list, but read all that can be read of a damaged inbox into this new `file`")
	cmd.AddCommand(t.showCommand(), t.diffCommand(), t.pruneCommand())
	return cmd
}

// screenful is how many deliveries are listed on a terminal, unless told otherwise.
const screenful = 50

// eventView is a stored delivery in JSON, as users' programs rely on it.
type eventView struct {
	ID           string          `json:"id"`                  // of the delivery; "" if the sender gave none
	IDBytes      []byte          `json:"id_base64,omitempty"` // if it is not UTF-8, of which ID has U+FFFD
	Key          string          `json:"key"`
	Event        payload.Event   `json:"event"`
	Version      payload.Version `json:"version"`
	ProjectID    string          `json:"project_id"`
	Subject      string          `json:"subject"`
	DataRowID    string          `json:"data_row_id"`
	Time         *time.Time      `json:"time"` // the payload's own; null if it has none
	Received     time.Time       `json:"received"`
	LastReceived time.Time       `json:"last_received"`
	Repeats      int             `json:"repeats"`
	Status       inbox.Status    `json:"status"`
	Bytes        int64           `json:"bytes"`
	Origin       string          `json:"origin,omitempty"`
}

func viewOf(r inbox.Record) eventView {
	v := eventView{
		ID: r.ID, Key: r.Key, Event: r.Event, Version: r.Version, ProjectID: r.ProjectID, Subject: r.Subject,
		DataRowID: r.DataRowID, Received: r.Received, LastReceived: r.LastReceived, Repeats: r.Repeats,
		Status: r.Status, Bytes: r.Size, Origin: r.Origin,
	}
	v.IDBytes = notUTF8(r.ID)
	if !r.Time.IsZero() {
		v.Time = &r.Time
	}
	return v
}

// listEvents prints each delivery when it is read.
func (t *tool) listEvents(reader *inbox.Reader, records iter.Seq2[inbox.Record, error], asJSON bool) error {
	line, flush := t.eventTable()
	if asJSON {
		line, flush = t.eventLines()
	}
	n := 0
	for r, err := range records {
		if err != nil {
			flush()
			return incomplete(reader, n, err)
		}
		n++
		if err := line(r); err != nil {
			return written(err)
		}
	}
	if n == 0 && !asJSON {
		fmt.Fprintln(t.err, "labelhook: no deliveries match")
	}
	return written(flush())
}

func (t *tool) eventLines() (line func(inbox.Record) error, flush func() error) {
	out := bufio.NewWriterSize(t.out, 64<<10)
	lines := jsonLinesTo(out)
	return func(r inbox.Record) error { return lines.Encode(viewOf(r)) }, out.Flush
}

func (t *tool) eventTable() (line func(inbox.Record) error, flush func() error) {
	columns := []column{{head: "RECEIVED"}, {head: "EVENT"}, {head: "VERSION", spare: 4}, {head: "PROJECT", spare: 2, id: true}, {head: "SUBJECT", spare: 1, id: true},
		{head: "STATUS"}, {head: "REPEATS", spare: 3}, {head: "BYTES", spare: 5}, {head: "ID", spare: 6, id: true}}
	cells := func(r inbox.Record) []string {
		return []string{r.Received.Local().Format(time.DateTime), orDash(string(r.Event)), orDash(string(r.Version)), orDash(r.ProjectID),
			orDash(r.Subject), orDash(string(r.Status)), strconv.Itoa(r.Repeats), strconv.FormatInt(r.Size, 10), orDash(r.Reference())}
	}
	if isTerminal(t.out) { // what somebody types is short; what programs read is as it was
		columns = append([]column{{head: "KEY"}}, columns...)
		plain := cells
		cells = func(r inbox.Record) []string { return append([]string{r.Key[:min(len(r.Key), shortKey)]}, plain(r)...) }
	}
	lines := t.table(columns...)
	return func(r inbox.Record) error { return lines.row(cells(r)...) }, lines.flush
}

// shortKey is how many digits of a key stand for it, see [inbox.Reader.Get].
const shortKey = 8

// incomplete says how much of a list was printed before an error ended it.
func incomplete(reader *inbox.Reader, n int, err error) error {
	total := "an unknown number"
	if all, known := reader.Total(context.Background()); known {
		total = strconv.Itoa(all)
	}
	return failure(fmt.Errorf("the list is incomplete: %d deliveries were listed, and the inbox has %s: %w", n, total, err), "")
}

// orDash is a table's cell: never empty, and harmless to a terminal.
func orDash(s string) string { return cmp.Or(printable.Text(s), "-") }

// printRows prints names and values into a table of two columns.
func printRows(table io.Writer, rows [][2]string) {
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\n", row[0], orDash(row[1]))
	}
}

func (t *tool) showCommand() *cobra.Command {
	var file string
	var raw, asJSON bool
	var picture drawing
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show one delivery: its headers, what it says, and its payload",
		Long: `Show one delivery: its headers, what it says, and its payload.

ID is a delivery id, a key, or the first eight digits or more of a key; or that of
a refused request, as events --refused lists them.

--svg draws the label: boxes, polygons, lines, points, spans of text, boxes on
pages and shapes on the map, in the payload's coordinates and colors. A video has
a scene for each frame, a document one for each page. Nothing is fetched: the
image is not in it, and a mask is a frame of dots.`,
		Example: `  labelhook events show 2f6c1a9e
  labelhook events show 2f6c1a9e --raw > payload.json
  labelhook events show 2f6c1a9e --json | jq .annotations.objects
  labelhook events show 2f6c1a9e --svg label.svg`,
		Args:              oneArg("delivery id or key"),
		ValidArgsFunction: completeIDs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			drawn := cmd.Flags().Changed("svg")
			switch {
			case raw && asJSON:
				return usage(errors.New("--raw and --json exclude each other"), "give one of them")
			case drawn && (raw || asJSON):
				return usage(errors.New("--svg excludes --raw and --json"), "give one of them")
			case !drawn && cmd.Flags().Changed("scene"):
				return usage(errors.New("--scene says which picture --svg writes, and --svg is not given"), "give both")
			case drawn && sameFile(picture.file, file):
				return usage(fmt.Errorf("--svg: %s is the inbox itself", picture.file), "name another file")
			case picture.scene < 1:
				return usage(fmt.Errorf("--scene: %d is below 1", picture.scene), "the first is 1")
			}
			s := selection{file: file}
			reader, err := s.open()
			if err != nil {
				return err
			}
			defer reader.Close()
			if number, refused := inbox.RefusalNumber(args[0]); refused && !drawn {
				r, err := oneRefusal(cmd.Context(), reader, number)
				if err != nil {
					return err
				}
				return t.showRefused(r, raw, asJSON)
			}
			record, err := oneRecord(cmd.Context(), reader, args[0])
			switch {
			case err != nil:
				return err
			case raw:
				_, err = t.out.Write(record.Body)
				return err
			case asJSON:
				return t.showJSON(record)
			case drawn:
				return t.draw(record, picture)
			}
			return t.show(record)
		},
	}
	f := cmd.Flags()
	f.StringVar(&file, "inbox", defaultInbox, "`file` that keeps the deliveries")
	f.BoolVar(&raw, "raw", false, "print the exact bytes of the payload and nothing else")
	f.BoolVar(&asJSON, "json", false, "print one JSON object, with headers, payload and annotations")
	f.StringVar(&picture.file, "svg", "", "draw the label into this `file`, as SVG; - is the standard output")
	f.IntVar(&picture.scene, "scene", 1, "which `picture` to draw, of a label with several: frames, pages")
	return cmd
}

func oneRecord(ctx context.Context, reader *inbox.Reader, id string) (inbox.Record, error) {
	records, err := reader.Get(ctx, id)
	switch {
	case errors.Is(err, inbox.ErrNotFound), errors.Is(err, inbox.ErrAmbiguous):
		return inbox.Record{}, failure(err, "labelhook events lists the deliveries")
	case err != nil:
		return inbox.Record{}, err
	case len(records) > 1:
		var keys string
		for _, r := range records {
			keys += " " + r.Key
		}
		return inbox.Record{}, failure(fmt.Errorf("%d deliveries have the id %q", len(records), id), "give one of their keys:"+keys)
	}
	return records[0], nil
}

func (t *tool) show(r inbox.Record) error {
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	printRows(table, [][2]string{
		{"id", r.ID}, {"key", r.Key}, {"event", string(r.Event)}, {"version", string(r.Version)}, {"project", r.ProjectID},
		{"subject", r.Subject}, {"data row", r.DataRowID}, {"time", moment(r.Time)}, {"received", moment(r.Received)},
		{"repeats", fmt.Sprint(r.Repeats)}, {"last received", moment(r.LastReceived)}, {"status", string(r.Status)},
		{"bytes", fmt.Sprint(r.Size)}, {core.EventHeader, r.EventName}, {"Content-Type", r.ContentType},
	})
	showAnnotations(table, decoded.Of(r.Delivery()).Content)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(t.out)
	payload := jsontext.Value(r.Body).Clone()
	indented := len(payload) <= maxIndented && !printable.Deeper(payload, printable.MaxDepth)
	if payload.Format(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true), layout(indented)) != nil {
		_, err := fmt.Fprintf(t.out, "The payload is not JSON; --raw prints its %d bytes.\n", r.Size)
		return err
	}
	_, err := fmt.Fprintf(t.out, "%s\n", printable.JSON(payload))
	return err
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Format(time.RFC3339Nano)
}

func (t *tool) showJSON(r inbox.Record) error {
	v := struct {
		Form string `json:"form"`
		eventView
		Headers     map[string]string `json:"headers"`
		HeaderBytes map[string][]byte `json:"headers_base64,omitempty"` // those that are not UTF-8
		decoded.Content
	}{Form: decoded.Form, eventView: viewOf(r), Headers: map[string]string{}, HeaderBytes: map[string][]byte{}, Content: decoded.Of(r.Delivery()).Content}
	v.SetPayload(r.Body)
	for name, value := range map[string]string{
		core.IDHeader: r.ID, core.EventHeader: r.EventName, "Content-Type": r.ContentType,
	} { // without the signature: what is shown gets pasted, and with it the delivery could be sent again
		if value != "" {
			v.Headers[name] = value
		}
		if raw := notUTF8(value); raw != nil {
			v.HeaderBytes[name] = raw
		}
	}
	return t.printDocument(v, layout(len(r.Body) <= maxIndented))
}
