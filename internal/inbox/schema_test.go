package inbox

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/labelhook/labelhook/core"
)

// version1 makes an inbox as version 1 left it, with n deliveries, every second
// one of them failed.
func version1(t *testing.T, n int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "labelhook.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	exec := raw(t, path)
	exec("PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA application_id = 0x4c42484b; PRAGMA user_version = 1;" + strings.Replace(table, headersColumn+",", "", 1) +
		"CREATE INDEX filters ON deliveries (seq, received, delivery_id, key, event, project_id);")
	for i := range n {
		status := Accepted
		if i%2 == 1 {
			status = Failed
		}
		d := numbered(i)
		exec("INSERT INTO deliveries VALUES (NULL, '" + d.Key() + "', '" + d.ID + "', 'workflow.action', '', 'p', 's', 'r', " +
			"1795456081500000, 1, 1, 0, '" + string(status) + "', 1, '', 'sha1=', 'WORKFLOW_ACTION', '', CAST('" + string(d.Body) + "' AS BLOB))")
	}
	return path
}

func TestAnOlderInboxIsReadAsItIs(t *testing.T) {
	path := version1(t, 3)
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n := len(list(t, r, Query{})); n != 3 {
		t.Errorf("%d deliveries", n)
	}
	if got := list(t, r, Query{Status: []Status{Failed}, IDs: []string{"id-1", "id-2"}}); len(got) != 1 || got[0].ID != "id-1" {
		t.Errorf("got %v", got)
	}
	if got, err := r.Get(t.Context(), numbered(2).Key()[:8]); err != nil || len(got) != 1 {
		t.Errorf("by key: %v, %v", got, err)
	}
}

func TestAnOlderInboxIsBroughtUpToDate(t *testing.T) {
	path := version1(t, 3)
	in := openAt(t, path)
	if version := setting(t, in.writer, "user_version"); version != schemaVersion {
		t.Errorf("version %d", version)
	}
	d := core.Identify(http.Header{"X-Request-Id": {"7"}}, numbered(3).Body)
	d.ID = numbered(3).ID
	store(t, in, numbered(1), d)
	got := list(t, in.Reader, Query{})
	if len(got) != 4 || got[1].Repeats != 1 || got[1].Status != Accepted {
		t.Errorf("got %v", got)
	}
	if n := len(got[3].Headers); n != 1 || len(got[0].Headers) != 0 {
		t.Errorf("%d headers of the new delivery, of the old one %v", n, got[0].Headers)
	}
	for i := range 4 {
		if found, err := in.Get(t.Context(), numbered(i).Key()); err != nil || len(found) != 1 {
			t.Errorf("delivery %d: %v, %v", i, found, err)
		}
	}
}

// A step that fails leaves the older inbox as it was, for the older program.
func TestAnOlderInboxChangesInOneTransaction(t *testing.T) {
	path := version1(t, 3)
	raw(t, path)("CREATE VIEW named AS SELECT 1 AS upto")
	if in, err := Open(path); err == nil {
		in.Close()
		t.Fatal("it opened")
	}
	r, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var version, filters int
	if err := r.db.QueryRow("SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema WHERE name = 'filters')").Scan(&version, &filters); err != nil || version != 1 || filters != 1 {
		t.Errorf("version %d, %d old indexes, %v", version, filters, err)
	}
}
