package inbox

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"modernc.org/sqlite"

	"github.com/labelhook/labelhook/core"
)

func open(tb testing.TB) *Inbox {
	tb.Helper()
	return openAt(tb, filepath.Join(tb.TempDir(), "labelhook.db"))
}

func openAt(tb testing.TB, path string) *Inbox {
	tb.Helper()
	in, err := Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := in.Close(); err != nil {
			tb.Error(err)
		}
	})
	return in
}

func delivery(id, event, body string) *core.Delivery {
	h := http.Header{}
	h.Set(core.IDHeader, id)
	h.Set(core.EventHeader, event)
	h.Set(core.SignatureHeader, "sha1=of "+id)
	h.Set("Content-Type", "application/json")
	return core.Identify(h, []byte(body))
}

// numbered returns a delivery that no other n has.
func numbered(n int) *core.Delivery {
	return delivery(fmt.Sprintf("id-%d", n), "WORKFLOW_ACTION", fmt.Sprintf(
		`{"projectId":"p%d","action":"MOVE","dataRowIds":["row-%d"],"timestamp":"2026-11-23T17:48:01.5Z"}`, n%2, n))
}

func store(tb testing.TB, in *Inbox, deliveries ...*core.Delivery) {
	tb.Helper()
	for _, d := range deliveries {
		if err := in.Handle(context.Background(), d); err != nil {
			tb.Fatal(err)
		}
	}
}

func list(tb testing.TB, r *Reader, q Query) (records []Record) {
	tb.Helper()
	for record, err := range r.List(context.Background(), q) {
		if err != nil {
			tb.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

// testDriver has the SQL function filled_key.
var testDriver = func() *sqlite.Driver {
	var d sqlite.Driver
	err := d.RegisterDeterministicScalarFunction("filled_key", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		return filledKey(args[0].(int64)), nil
	})
	if err != nil {
		panic(err)
	}
	return &d
}()

// raw is a connection of its own to the file, past the package.
func raw(tb testing.TB, path string) (exec func(string)) {
	tb.Helper()
	name, err := dsn(path, shared)
	if err != nil {
		tb.Fatal(err)
	}
	conn, err := testDriver.Open(name)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { conn.Close() })
	return func(text string) {
		tb.Helper()
		if _, err := conn.(driver.ExecerContext).ExecContext(context.Background(), text, nil); err != nil {
			tb.Fatal(err)
		}
	}
}

// together hands all deliveries to the writer of a new inbox at the same time,
// so that they share a transaction, and returns their results.
func together(tb testing.TB, in *Inbox, deliveries ...*core.Delivery) []error {
	tb.Helper()
	results := make([]error, len(deliveries))
	var handling sync.WaitGroup
	for i, d := range deliveries {
		handling.Go(func() { results[i] = in.Handle(context.Background(), d) })
	}
	for len(in.queue) < len(deliveries) {
		runtime.Gosched()
	}
	in.start()
	handling.Wait()
	return results
}

// idle opens an inbox for together.
func idle(tb testing.TB) *Inbox {
	tb.Helper()
	in, err := openIdle(filepath.Join(tb.TempDir(), "labelhook.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := in.Close(); err != nil {
			tb.Error(err)
		}
	})
	return in
}

// setting reads a PRAGMA of the writer's own connection.
func setting(tb testing.TB, w *writer, pragma string) int64 {
	tb.Helper()
	rows, err := w.conn.(driver.QueryerContext).QueryContext(context.Background(), "PRAGMA "+pragma, nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer rows.Close()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		tb.Fatal(err)
	}
	return row[0].(int64)
}

// sum is a short name for content.
func sum(content []byte) string { return fmt.Sprintf("%x", sha256.Sum256(content))[:16] }
