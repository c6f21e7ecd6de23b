package inbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labelhook/labelhook/core"
	"github.com/labelhook/labelhook/core/payload"
	"github.com/labelhook/labelhook/internal/samples"
)

func TestListSelects(t *testing.T) {
	in := open(t)
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var keys []string
	for i := range 6 {
		d := numbered(i)
		if i == 3 {
			d = delivery("id-3", "LABEL_CREATED", string(samples.Documented()[0].Body()))
		}
		d.Received = start.Add(time.Duration(i) * time.Minute)
		store(t, in, d)
		keys = append(keys, d.Key())
	}
	for i, status := range map[int]Status{1: Failed, 4: Pending} {
		d := numbered(i)
		if err := in.SetStatus(t.Context(), d, status); err != nil {
			t.Fatal(err)
		}
	}
	label := list(t, in.Reader, Query{IDs: []string{"id-3"}})[0]
	for name, test := range map[string]struct {
		query Query
		want  string
	}{
		"everything":           {Query{}, "0 1 2 3 4 5"},
		"since, inclusive":     {Query{Since: start.Add(4 * time.Minute)}, "4 5"},
		"since the future":     {Query{Since: start.Add(time.Hour)}, ""},
		"event":                {Query{Event: payload.LabelCreated}, "3"},
		"project":              {Query{Project: "p0"}, "0 2 4"},
		"project of a label":   {Query{Project: label.ProjectID}, "3"},
		"subject":              {Query{Subject: label.Subject}, "3"},
		"text of an id":        {Query{Text: "D-4"}, "4"},
		"text of a project":    {Query{Text: "P1"}, "1 5"},
		"text of an event":     {Query{Text: "label."}, "3"},
		"text, no pattern":     {Query{Text: "%"}, ""},
		"before":               {Query{Before: label.Seq}, "0 1 2"},
		"newest before":        {Query{Before: label.Seq, Limit: 2}, "1 2"},
		"newest, oldest first": {Query{Limit: 2}, "4 5"},
		"newest of a project":  {Query{Project: "p0", Limit: 2}, "2 4"},
		"a limit beyond all":   {Query{Limit: 100}, "0 1 2 3 4 5"},
		"ids, whatever order":  {Query{IDs: []string{"id-5", "id-1", "none"}}, "1 5"},
		"id or key":            {Query{IDs: []string{keys[2], "id-4"}}, "2 4"},
		"one status":           {Query{Status: []Status{Pending}}, "4"},
		"two statuses":         {Query{Status: []Status{Failed, Pending}}, "1 4"},
		"the common status":    {Query{Status: []Status{Accepted}}, "0 2 3 5"},
		"newest of a status":   {Query{Status: []Status{Failed, Pending}, Limit: 1}, "4"},
		"every status":         {Query{Status: Statuses()}, "0 1 2 3 4 5"},
		"status and ids":       {Query{Status: []Status{Pending}, IDs: []string{"id-4", "id-5"}}, "4"},
		"newest of some ids":   {Query{IDs: []string{"id-5", "id-1", "id-2"}, Limit: 2}, "2 5"},
		"ids that are not":     {Query{IDs: []string{"none"}}, ""},
		"all conditions at once": {Query{Since: start.Add(time.Minute), Event: payload.WorkflowAction, Project: "p1",
			IDs: []string{"id-0", "id-1", "id-2", "id-5"}, Limit: 1}, "5"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range list(t, in.Reader, test.query) {
				got = append(got, strings.TrimPrefix(r.ID, "id-"))
			}
			if strings.Join(got, " ") != test.want {
				t.Errorf("got %v, want %s", got, test.want)
			}
			if n, err := in.Count(t.Context(), test.query); n != len(got) || err != nil {
				t.Errorf("counted %d, %v", n, err)
			}
		})
	}
}

func TestQueriesReadAnIndexOnly(t *testing.T) {
	in := open(t)
	for query, want := range map[string]string{
		"SELECT " + headColumns + " FROM deliveries INDEXED BY listing WHERE received >= 1 AND event = 'e' AND project_id = 'p' AND status IN ('accepted') AND seq > 1 ORDER BY seq LIMIT 5": "SEARCH deliveries USING COVERING INDEX listing",
		"SELECT seq FROM deliveries INDEXED BY listing WHERE seq > 7 AND (delivery_id = 'i' OR key >= 'a' AND key < 'ag')":                                                                   "SEARCH deliveries USING COVERING INDEX listing",
		"SELECT " + headColumns + " FROM deliveries INDEXED BY unsettled WHERE status IN ('failed') AND status <> 'accepted' AND seq > 1 ORDER BY seq LIMIT 5":                               "SEARCH deliveries USING INDEX unsettled",
		"SELECT seq FROM names WHERE name >= 'a' AND name < 'ag'":                           "SEARCH names USING PRIMARY KEY",
		strings.NewReplacer("?1", "'failed'", "?2", "1", "?3", "'k'").Replace(updateStatus): "SEARCH deliveries USING INDEX once (event_time=? AND key=?)",
	} {
		rows, err := in.db.Query("EXPLAIN QUERY PLAN " + query)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "; ")
		if !strings.Contains(text, want) || strings.Contains(text, "B-TREE") {
			t.Errorf("%s\nis planned as: %s", query, text)
		}
	}
}

func TestGet(t *testing.T) {
	in := open(t)
	one, two := numbered(1), numbered(2)
	store(t, in, one, two, delivery("shared", "", `{"a":1}`), delivery("shared", "", `{"a":2}`), delivery("", "", `{"a":3}`))
	// Of these two the keys begin with the same eight digits.
	twins := []*core.Delivery{delivery("twin-0", "", `{"twin":50705}`), delivery("twin-1", "", `{"twin":67083}`)}
	store(t, in, twins...)
	for name, test := range map[string]struct {
		id   string
		want []string // ids
		err  error
	}{
		"delivery id":          {"id-1", []string{"id-1"}, nil},
		"shared delivery id":   {"shared", []string{"shared", "shared"}, nil},
		"key":                  {two.Key(), []string{"id-2"}, nil},
		"beginning of a key":   {two.Key()[:8], []string{"id-2"}, nil},
		"capitals":             {strings.ToUpper(two.Key()[:12]), []string{"id-2"}, nil},
		"too short":            {two.Key()[:7], nil, ErrNotFound},
		"ambiguous":            {twins[0].Key()[:8], nil, ErrAmbiguous},
		"unique by last digit": {twins[1].Key()[:9], []string{"twin-1"}, nil},
		"unknown":              {"0000000000000000", nil, ErrNotFound},
		"empty":                {"", nil, ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			records, err := in.Get(t.Context(), test.id)
			if !errors.Is(err, test.err) || err != nil && strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			var got []string
			for _, r := range records {
				got = append(got, r.ID)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestReaderSeesWhatIsCommittedWhileTheWriterGoesOn(t *testing.T) {
	in := open(t)
	store(t, in, numbered(0), numbered(1))
	r, err := OpenReadOnly(in.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 2
	for record, err := range r.List(t.Context(), Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		store(t, in, numbered(n))
		n++
		if got := list(t, r, Query{Limit: 1})[0].ID; got != fmt.Sprint("id-", n-1) {
			t.Errorf("while %s is read the newest is %s, want id-%d", record.ID, got, n-1)
		}
	}
	if n != 4 {
		t.Errorf("the list grew while it was read: %d", n)
	}
}

func TestSlowListDoesNotHoldTheLog(t *testing.T) {
	in := open(t)
	for i := range 3 {
		store(t, in, numbered(i))
	}
	body := strings.Repeat("x", 1<<20)
	for _, err := range in.List(t.Context(), Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range 32 {
			store(t, in, delivery("", "", fmt.Sprint(time.Now(), i, body)))
		}
	}
	info, err := os.Stat(in.path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 16<<20 {
		t.Errorf("the log has grown to %d MiB under 96 MiB of deliveries", info.Size()>>20)
	}
}

func TestReadOnlyRefusesToWrite(t *testing.T) {
	in := open(t)
	r, err := OpenReadOnly(in.path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.db.Exec("DELETE FROM deliveries"); err == nil {
		t.Error("the reader's connection can write")
	}
}

// Rows with times that no JSON can hold are listed all the same, without them.
func TestTimesOfManyDigitsAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "labelhook.db")
	in := openAt(t, path)
	store(t, in, numbered(0), numbered(1), numbered(2))
	write := raw(t, path)
	for i, micros := range []int64{253402300800000000, -62135596800000001, math.MinInt64} {
		write(fmt.Sprintf("UPDATE deliveries SET event_time = %d WHERE seq = %d", micros, i+1))
	}
	records := list(t, in.Reader, Query{})
	if len(records) != 3 {
		t.Fatalf("%d records", len(records))
	}
	for _, r := range records {
		if !r.Time.IsZero() {
			t.Errorf("the time is %v", r.Time)
		}
	}
}

func TestAnnotationsAreCountedOnlyForLabels(t *testing.T) {
	for _, sample := range samples.Documented() {
		t.Run(sample.Name, func(t *testing.T) {
			in := open(t)
			store(t, in, delivery("", sample.Header, string(sample.Body())))
			n, known := list(t, in.Reader, Query{})[0].Annotations()
			if known != sample.Event.IsLabel() {
				t.Errorf("got %d, %v", n, known)
			}
		})
	}
}
